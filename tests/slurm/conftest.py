"""A real SLURM on this machine: one node, two GPUs that are none, one partition."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from stbench.supervisor.processes import die_with_parent
from workflow.conftest import Workflow

# Where job steps look for it: they do not see SLURM_CONF.
CONFIGURATION = Path("/etc/slurm")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel")

MARK = "# made by tests/slurm\n"
SLURM_CONF = """\
{mark}ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
SlurmctldPidFile={state}/slurmctld.pid
SlurmdPidFile={state}/slurmd.pid
SlurmctldLogFile={state}/slurmctld.log
SlurmdLogFile={state}/slurmd.log
StateSaveLocation={state}/controller
SlurmdSpoolDir={state}/node
SwitchType=switch/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
SlurmdParameters=config_overrides
JobRequeue=0
KillWait=5
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
MinJobAge=3600
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=64000 Gres=gpu:2 State=UNKNOWN
PartitionName=gpu Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""
GRES_CONF = """\
{mark}NodeName={host} Name=gpu File=/dev/null
NodeName={host} Name=gpu File=/dev/zero
"""


QUICK_CHECKS = ("--slurm-init-seconds-before-status-checks", "2")
QUICK_CHECKS += ("--seconds-between-status-checks", "2", "--latency-wait", "10")


class Slurm:
    """What the tests ask the controller."""

    def jobs(self, folder: Path) -> list[dict[str, str]]:
        """Jobs submitted from a folder, also those that have ended, as scontrol describes them."""
        table = _output("scontrol", "--oneliner", "show", "job")
        rows = [line for line in table.splitlines() if line.startswith("JobId=")]
        jobs = [dict(word.split("=", 1) for word in row.split() if "=" in word) for row in rows]
        return [job for job in jobs if job["WorkDir"] == str(folder)]

    def job_script(self, job_id: str) -> str:
        return _output("scontrol", "write", "batch_script", job_id, "-")

    def run(
        self, flow: Workflow, config: tuple[str, ...], targets: tuple[str, ...], meanwhile: Callable
    ) -> None:
        """Run the workflow with its jobs submitted; it must succeed.

        Args:
            meanwhile: called every two seconds.
        """
        command = [word for word in flow.command() if word not in ("--cores", "2")]
        command += ["--profile", str(flow.source / "profiles/slurm"), *QUICK_CHECKS]
        command += ["--config", *config, "--", *targets]
        log = flow.folder.with_suffix(".log")
        with log.open("w") as output:
            process = subprocess.Popen(
                command, cwd=flow.folder, env=flow.environment, stdout=output, stderr=output
            )
            deadline = time.monotonic() + 900
            while process.poll() is None and time.monotonic() < deadline:
                meanwhile()
                time.sleep(2)
            process.terminate()
            process.wait(60)
        assert process.returncode == 0, log.read_text()


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def _why_not() -> str:
    """Why there can be no SLURM here; empty if there can."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        return f"{', '.join(missing)} not installed (Debian: apt install slurm-wlm munge)"
    if os.geteuid() != 0:
        return "starting SLURM's daemons needs root"
    for configured in (CONFIGURATION / "slurm.conf", CONFIGURATION / "gres.conf"):
        if configured.exists() and not configured.read_text().startswith(MARK):
            return f"{configured} exists: this machine has a SLURM of its own"
    return ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def _daemon(*command: str, log: Path, user: str | None = None) -> Iterator[None]:
    """Run a program that stays in the foreground; it ends with this context, or with us."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            start_new_session=True,
            user=user,
            group=user,
            preexec_fn=die_with_parent,
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _munge(state: Path) -> Iterator[None]:
    """The authentication service, unless it runs already."""
    if subprocess.run(["munge", "-n"], capture_output=True).returncode == 0:
        yield
        return
    Path("/run/munge").mkdir(exist_ok=True)
    shutil.chown("/run/munge", "munge", "munge")
    with _daemon("munged", "--foreground", log=state / "munged.log", user="munge"):
        yield


def _wait(condition, state: Path, patience: float = 60) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            logs = [f"{path}:\n{path.read_text()[-2000:]}" for path in state.glob("*.log")]
            pytest.fail("SLURM did not come up\n" + "\n".join(logs))
        time.sleep(0.2)


@contextmanager
def _configuration(state: Path) -> Iterator[None]:
    values = {
        "mark": MARK,
        "host": socket.gethostname().split(".")[0],
        "state": state,
        "controller_port": _free_port(),
        "node_port": _free_port(),
    }
    files = {"slurm.conf": SLURM_CONF, "gres.conf": GRES_CONF}
    made = not CONFIGURATION.is_dir()
    CONFIGURATION.mkdir(exist_ok=True)
    try:
        for name, content in files.items():
            (CONFIGURATION / name).write_text(content.format(**values))
        yield
    finally:
        for name in files:
            (CONFIGURATION / name).unlink(missing_ok=True)
        if made:
            CONFIGURATION.rmdir()


def _answers(*command: str) -> bool:
    return subprocess.run(command, capture_output=True).returncode == 0


def _idle() -> bool:
    with suppress(subprocess.CalledProcessError):
        return "idle" in _output("sinfo", "--noheader", "--format=%T")
    return False


@contextmanager
def _alone() -> Iterator[None]:
    """One SLURM at a time on this machine, also if two test runs take place."""
    with Path(tempfile.gettempdir(), "stbench-test-slurm.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="module")
def slurm(tmp_path_factory) -> Iterator[Slurm]:
    state = tmp_path_factory.mktemp("slurm")
    (state / "controller").mkdir()
    (state / "node").mkdir()
    with ExitStack() as stack:
        stack.enter_context(_alone())
        if reason := _why_not():
            pytest.skip(f"no SLURM: {reason}")
        stack.enter_context(_configuration(state))
        stack.enter_context(_munge(state))
        _wait(lambda: _answers("munge", "-n"), state)
        stack.enter_context(_daemon("slurmctld", "-D", "-i", log=state / "slurmctld.out"))
        _wait(lambda: _answers("scontrol", "ping"), state)
        stack.enter_context(_daemon("slurmd", "-D", log=state / "slurmd.out"))
        _wait(_idle, state)
        yield Slurm()
        subprocess.run(["scancel", "--user=root"], capture_output=True)
        _wait(lambda: not _output("squeue", "--noheader"), state)
