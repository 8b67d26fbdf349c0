"""Check what the benchmark needs on this machine, and say how to fix what is missing.

Prints a table; the exit code is 1 only where something is missing that every run needs. Uses the
standard library alone, so that it runs before anything is installed.
"""

from __future__ import annotations

import argparse
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
from stbench.runs.preflight import PlaceError, check_places

PROFILE = PROJECT / "profiles/slurm/profile.yaml"
NEEDED_GB = 2  # free disk for the default run
PAPER_GB = 50  # free disk for the paper's whole matrix
MEMORY_GB = 4
PATIENCE = 30  # seconds for a program that is asked


@dataclass(frozen=True)
class Finding:
    """One line of the table; ``fix`` is empty where there is nothing to do."""

    what: str
    ok: bool
    found: str
    fix: str = ""
    required: bool = False

    @property
    def state(self) -> str:
        if self.ok:
            return "ok"
        return "MISSING" if self.required else "missing"


def ask(*command: str) -> str | None:
    """What a program prints; None where it is not there or fails."""
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
    found = f"without {', '.join(lacking)}" if lacking else "installed"
    yield Finding("packages", not lacking, found, fix="make setup", required=True)


def disk() -> Iterator[Finding]:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    fix = f"free some: the default run takes {NEEDED_GB} GB, the paper's {PAPER_GB}"
    yield Finding("disk", free >= NEEDED_GB, f"{free:.0f} GB free here", fix, required=True)


def memory() -> Iterator[Finding]:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    fix = f"{MEMORY_GB} GB are needed; on a cluster only where Snakemake runs the jobs itself"
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
    fix = "none needed for the default run; else a driver, and torch without TORCH=cpu"
    yield Finding("CUDA", bool(devices), devices or "torch sees no device", fix)


def r() -> Iterator[Finding]:
    version = ask("Rscript", "-e", "cat(R.version.string)")
    install = "only for mclust and methods in R: install R (Debian: r-base-core)"
    yield Finding("R", version is not None, version or "no Rscript", install)
    if version is not None:
        there = ask("Rscript", "-e", "cat(requireNamespace('mclust', quietly = TRUE))") == "TRUE"
        fix = "install.packages('mclust') in R (Debian: r-cran-mclust), then make setup"
        yield Finding("R mclust", there, "installed" if there else "not installed", fix)


def conda() -> Iterator[Finding]:
    version = ask("conda", "--version")
    yield Finding(
        *("conda", version is not None, version or "not found"), "only for snakemake --sdm conda"
    )


def slurm() -> Iterator[Finding]:
    version = ask("sbatch", "--version")
    if version is None:
        found = "no cluster behind sbatch" if shutil.which("sbatch") else "no sbatch"
        yield Finding("SLURM", False, found, "only for PROFILE=slurm: a login node has it")
        return
    yield Finding("SLURM", True, version)
    answer = ask("sinfo", "--noheader", "--format=%R %G")
    partitions = sorted({line.split()[0] for line in (answer or "").splitlines() if line.strip()})
    chosen = chosen_partition(PROFILE.read_text(encoding="utf-8"))
    found = f"{', '.join(partitions) or 'sinfo does not answer'}; the profile takes {chosen}"
    fix = "write one of these partitions, and your account, into profiles/slurm/profile.yaml"
    yield Finding("partitions", chosen in partitions, found, fix)


def chosen_partition(profile: str) -> str:
    match = re.search(r"^\s*slurm_partition:\s*(\S+)", profile, re.MULTILINE)
    return match[1].strip("'\"") if match else "none"


def data() -> Iterator[Finding]:
    mirror = os.environ.get("STBENCH_MIRROR")
    if mirror:
        there = Path(mirror).is_dir()
        found = f"STBENCH_MIRROR={mirror}" + ("" if there else ": no such folder")
        yield Finding("mirror", there, found, "name a folder that exists, or unset it")
    registry = (CONFIG / "datasets.yaml").read_text(encoding="utf-8")
    hosts = sorted(set(re.findall(r"https://([\w.-]+)/", registry)))
    silent = [host for host in hosts if not reachable(host)]
    found = f"no answer from {', '.join(silent)}" if silent else ", ".join(hosts)
    fix = "fetch on a machine that reaches them (make bundle), unpack here, set STBENCH_MIRROR"
    yield Finding("network", not silent, found, fix)


def reachable(host: str) -> bool:
    try:
        with socket.create_connection((host, 443), timeout=5):
            return True
    except OSError:
        return bool(os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY"))


def environments() -> Iterator[Finding]:
    """Methods' own environments; those with a complete pip list can be made by make."""
    for file in sorted(ENVIRONMENTS.glob("*.yaml")):
        if file.stem == "default":
            continue
        ready = (PROJECT / f".venv-{file.stem}/.ready").exists()
        by_make = "==" in file.read_text(encoding="utf-8")
        fix = f"make setup-{file.stem}" if by_make else "run with ARGS='--sdm conda'"
        found = f".venv-{file.stem}" if ready else "not made"
        yield Finding(f"env {file.stem}", ready, found, f"only for its method: {fix}")


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    *(python, packages, disk, memory, write_access, torch, r, conda, slurm, data, environments),
)


def table(findings: list[Finding]) -> str:
    rows = [("", "state", "found", "to fix")]
    rows += [(f.what, f.state, f.found, "" if f.ok else f.fix) for f in findings]
    return columns(rows, left=range(4))


def main() -> None:
    findings = [finding for check in CHECKS for finding in check()]
    print(table(findings))
    lacking = [finding.what for finding in findings if finding.required and not finding.ok]
    if lacking:
        sys.exit(f"error: every run needs {', '.join(lacking)}; see the last column")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
