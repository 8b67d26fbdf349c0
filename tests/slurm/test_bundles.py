"""Bundles of short jobs on a real SLURM: a member that fails or is killed fails alone."""

import json
import subprocess
import time
from dataclasses import dataclass

import pytest

from workflow.conftest import TISSUE, Workflow, copy_of_the_project, environment
from workflow.test_faults import add_method

MEMBERS = {
    "greedy": "return [bytearray(10**8) for _ in range(1000)]",
    # More than the 1000 MB of a first attempt, less than the 2000 MB of a second one.
    "hungry": "eaten = b'x' * (1200 << 20); return Fit(embedding=adata.obsm['X_pca'])",
    "dies": "import os; os.kill(os.getpid(), 9)",
    # Waits in the first attempt, until the test cancels the whole job.
    "waits": "import time; from pathlib import Path; seen = Path({mark!r})\n"
    "    first = not seen.exists(); seen.touch(); time.sleep(600 * first)\n"
    "    return Fit(embedding=adata.obsm['X_pca'])",
}
CHOSEN = (
    f"datasets=[{TISSUE}]",
    "methods=[random, pca, greedy, hungry, dies, waits]",
    "seeds=[0, 1]",
    "clusterers=[kmeans]",
    "rank_by=kmeans",
)
QUICK_CHECKS = ("--slurm-init-seconds-before-status-checks", "2")
QUICK_CHECKS += ("--seconds-between-status-checks", "2", "--latency-wait", "10")


@dataclass
class Run:
    flow: Workflow
    output: str
    jobs: list[dict[str, str]]

    def status(self, method, seed=0):
        path = self.flow.found(f"fits/tissue/{method}/*/seed{seed}/status.json")
        return json.loads(path.read_text())


@pytest.fixture(scope="module")
def run(slurm, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    source, mark = folder / "source", folder / "seen"
    copy_of_the_project(source)
    flow = Workflow(source, folder / "cluster", environment())
    flow.folder.mkdir()
    for name, body in MEMBERS.items():
        add_method(flow, name, body.format(mark=str(mark)) if name == "waits" else body)
    command = [word for word in flow.command(*CHOSEN) if word not in ("--cores", "2")]
    command[command.index("--config") : command.index("--config")] = [
        *("--profile", str(source / "profiles/slurm"), *QUICK_CHECKS)
    ]
    earlier = {job["JobId"] for job in slurm.jobs()}
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--", "results/default/tables"],
            **{"cwd": flow.folder, "env": flow.environment, "stdout": output, "stderr": output},
        )
        deadline, cancelled = time.monotonic() + 900, False
        while process.poll() is None and time.monotonic() < deadline:
            if mark.exists() and not cancelled:
                (number,) = {job["JobId"] for job in slurm.jobs()} - earlier
                cancelled = subprocess.run(["scancel", number]).returncode == 0
            time.sleep(1)
        process.terminate()
        process.wait(60)
    assert process.returncode == 0, log.read_text()
    jobs = [job for job in slurm.jobs() if job["JobId"] not in earlier]
    return Run(flow, log.read_text(), jobs)


def test_few_jobs_are_submitted_and_a_cancelled_one_is_repeated(run):
    bundles = [job["Comment"].removeprefix("rule_").split("_")[0] for job in run.jobs]
    assert bundles == ["data-1", "data-1", "scores-1"]
    assert [job["JobState"] for job in run.jobs] == ["CANCELLED", "COMPLETED", "COMPLETED"]


def test_a_bundle_asks_for_one_core_and_the_memory_of_its_largest_job(run):
    assert {job["CPUs/Task"] for job in run.jobs} == {"1"}
    assert [job["MinMemoryNode"] for job in run.jobs] == ["8000M", "16000M", "4000M"]


def test_a_member_that_fails_fails_alone(run):
    assert run.status("greedy")["status"] == "oom"
    assert "2000 MB" in run.status("greedy")["reason"]
    assert run.status("dies")["status"] == "killed"
    for method in ("random", "pca", "hungry", "waits"):
        assert [run.status(method, seed)["status"] for seed in (0, 1)] == ["ok", "ok"], method
    final = run.flow.results().query("protocol == 'final' and metric == 'ARI'")
    assert final.groupby("method").status.first().to_dict() == {
        **dict.fromkeys(("random", "pca", "hungry", "waits"), "ok"),
        **{"greedy": "oom", "dies": "killed"},
    }
