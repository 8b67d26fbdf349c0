"""Check the requirements of the benchmark on this machine, and show how to fix problems.

Prints a table; the exit code is 1 only if a requirement of every run is missing. Uses only the
standard library, so that it runs before any installation.
"""

from __future__ import annotations

import argparse
import getpass
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stbench.common.paths import CONFIG, ENVIRONMENTS, PROJECT
from stbench.common.text import columns
from stbench.config.layout import Layout
from stbench.runs.environment import environment_folder
from stbench.runs.preflight import PlaceError, check_places

PROFILE = PROJECT / "profiles/slurm/profile.yaml"
NEEDED_GB = 2  # free disk for the default run
PAPER_GB = 50  # free disk for config/paper.yaml
MEMORY_GB = 4
PATIENCE = 30  # seconds to wait for a program


@dataclass(frozen=True)
class Finding:
    """One line of the table; ``fix`` is empty if nothing is to be done."""

    name: str
    ok: bool
    result: str
    fix: str = ""
    required: bool = False

    @property
    def state(self) -> str:
        if self.ok:
            return "ok"
        return "MISSING" if self.required else "missing"


def ask(*command: str) -> str | None:
    """The output of a program; None if it does not exist or fails."""
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, encoding="utf-8"
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(
        *("python", sys.version_info >= (3, 11), f"{version} ({sys.executable})"),
        fix="install Python 3.11 or newer: make setup PYTHON=python3.11",
        required=True,
    )


def packages() -> Iterator[Finding]:
    lacking = [name for name in ("snakemake", "scanpy") if not importlib.util.find_spec(name)]
    result = f"without {', '.join(lacking)}" if lacking else "installed"
    yield Finding("packages", not lacking, result, fix="make setup", required=True)


def disk() -> Iterator[Finding]:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    fix = f"free disk space: {NEEDED_GB} GB for the default run, {PAPER_GB} GB for the paper's"
    yield Finding("disk", free >= NEEDED_GB, f"{free:.0f} GB free here", fix, required=True)


def memory() -> Iterator[Finding]:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    fix = f"{MEMORY_GB} GB are needed; on a cluster only if Snakemake itself runs the jobs"
    yield Finding("memory", total >= MEMORY_GB, f"{total:.0f} GB", fix)


def write_access() -> Iterator[Finding]:
    try:
        check_places(Layout().root)
    except PlaceError as error:
        yield Finding("write access", False, error.problem, error.remedy, required=True)
        return
    yield Finding("write access", True, "results, cache and scratch")


def torch() -> Iterator[Finding]:
    program = (
        "import torch as t; print(t.__version__);"
        "print(*[t.cuda.get_device_name(i) for i in range(t.cuda.device_count())], sep=', ')"
    )
    answer = ask(sys.executable, "-c", program)
    if answer is None:
        yield Finding("torch", False, "cannot be imported", "make setup", required=True)
        return
    version, _, devices = answer.partition("\n")
    yield Finding("torch", True, version)
    fix = "not for the default run; else install a driver, and torch without TORCH=cpu"
    yield Finding("CUDA", bool(devices), devices or "torch finds no device", fix)


def r() -> Iterator[Finding]:
    version = ask("Rscript", "-e", "cat(R.version.string)")
    install = "only for mclust and methods in R: install R (Debian: r-base-core)"
    yield Finding("R", version is not None, version or "no Rscript", install)
    if version is not None:
        exists = ask("Rscript", "-e", "cat(requireNamespace('mclust', quietly = TRUE))") == "TRUE"
        fix = "install.packages('mclust') in R (Debian: r-cran-mclust), then make setup"
        yield Finding("R mclust", exists, "installed" if exists else "not installed", fix)


def conda() -> Iterator[Finding]:
    version = ask("conda", "--version")
    yield Finding(
        *("conda", version is not None, version or "not found"), "only for snakemake --sdm conda"
    )


def slurm() -> Iterator[Finding]:
    version = ask("sbatch", "--version")
    if version is None:
        result = "no cluster behind sbatch" if shutil.which("sbatch") else "no sbatch"
        yield Finding("SLURM", False, result, "only for PROFILE=slurm: use a login node")
        return
    yield Finding("SLURM", True, version)
    answer = ask("sinfo", "--noheader", "--format=%R %G")
    partitions = sorted({line.split()[0] for line in (answer or "").splitlines() if line.strip()})
    profile = PROFILE.read_text(encoding="utf-8")
    chosen = setting("slurm_partition", profile)
    by_file = setting("slurm-partition-config", profile)
    result = f"{', '.join(partitions) or 'sinfo does not answer'}; the profile uses "
    fix = "write slurm_partition: with one of these into profiles/slurm/profile.yaml"
    yield Finding(
        *(
            "partitions",
            bool(by_file) or chosen in partitions,
            result + (by_file or chosen or "none"),
        ),
        fix,
    )
    yield account(setting("slurm_account", profile))


def account(chosen: str) -> Finding:
    """Whether SLURM accepts the account of the profile; without one it takes the user's default."""
    user = ("list", "user", getpass.getuser(), "format=account")
    answer = ask("sacctmgr", "--noheader", "--parsable2", "--associations", *user)
    accounts = sorted(set((answer or "").split()))
    if not accounts:
        result = f"no list of accounts here; the profile uses {chosen or 'none'}"
        fix = (
            "remove slurm_account: from profiles/slurm/profile.yaml if the cluster has no accounts"
        )
        return Finding("account", not chosen, result, fix)
    result = f"{', '.join(accounts)}; the profile uses {chosen or 'none: your default account'}"
    known = chosen.lower() in {name.lower() for name in accounts}
    fix = "write slurm_account: with one of these into profiles/slurm/profile.yaml, or remove it"
    return Finding("account", not chosen or known, result, fix)


def setting(name: str, profile: str) -> str:
    """A value of the profile, which is read as text: PyYAML may not be installed yet."""
    match = re.search(rf"^\s*{name}:\s*(\S+)", profile, re.MULTILINE)
    return match[1].strip("'\"") if match else ""


def data() -> Iterator[Finding]:
    mirror = os.environ.get("STBENCH_MIRROR")
    if mirror:
        exists = Path(mirror).is_dir()
        result = f"STBENCH_MIRROR={mirror}" + ("" if exists else ": no such folder")
        yield Finding("mirror", exists, result, "set it to an existing folder, or unset it")
    registry = (CONFIG / "datasets.yaml").read_text(encoding="utf-8")
    hosts = sorted(set(re.findall(r"https://([\w.-]+)/", registry)))
    silent = [host for host in hosts if not reachable(host)]
    result = f"no answer from {', '.join(silent)}" if silent else ", ".join(hosts)
    fix = "run make bundle on a machine with network access, unpack here, set STBENCH_MIRROR"
    yield Finding("network", not silent, result, fix)


def reachable(host: str) -> bool:
    try:
        with socket.create_connection((host, 443), timeout=5):
            return True
    except OSError:
        return bool(os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY"))


def environments() -> Iterator[Finding]:
    """The environments of methods; make can create those with a complete list of pip packages."""
    for file in sorted(ENVIRONMENTS.glob("*.yaml")):
        if file.stem == "default":
            continue
        folder = environment_folder(file.stem, PROJECT)
        ready = folder is not None
        by_make = "==" in file.read_text(encoding="utf-8")
        fix = f"make setup-{file.stem}" if by_make else "run with ARGS='--sdm conda'"
        result = folder.name if folder else "not created"
        yield Finding(f"env {file.stem}", ready, result, f"only for its method: {fix}")


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    *(python, packages, disk, memory, write_access, torch, r, conda, slurm, data, environments),
)


def table(findings: list[Finding]) -> str:
    rows = [("", "state", "found", "to fix")]
    rows += [(f.name, f.state, f.result, "" if f.ok else f.fix) for f in findings]
    return columns(rows, left=range(4))


def main() -> None:
    findings = [finding for check in CHECKS for finding in check()]
    print(table(findings))
    lacking = [finding.name for finding in findings if finding.required and not finding.ok]
    if lacking:
        sys.exit(f"error: every run needs {', '.join(lacking)}; see the last column")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
