import json
import os
import re
import subprocess
import sys
from functools import cache

BASE = Path(workflow.basedir)
sys.path.insert(0, str(BASE / "scripts"))

from stbench.configuration import load_benchmark, typed
from stbench.errors import InputError
from stbench.imports import import_closure

# Rules call `python`: the one that runs Snakemake, unless a conda environment puts its own in front.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

config.update({key: typed(config[key]) for key in workflow.config_settings.config or {}})
try:
    BENCHMARK = load_benchmark(config, BASE / "config")
except InputError as error:
    sys.exit(f"error: {error}")


wildcard_constraints:
    dataset=r"[A-Za-z0-9][A-Za-z0-9._-]*",
    method=r"[a-z][a-z0-9_]*",
    seed=r"\d+",


@cache
def code(*programs):
    """The programs, then every file below scripts/ that they import: an edit reruns what it touches."""
    files = [import_closure(BASE / program, BASE / "scripts") for program in programs]
    closure = {str(path): None for path in [f[0] for f in files] + sum(files, [])}
    return list(closure)


def one_of(ids):
    """A wildcard constraint that matches these ids and nothing else."""
    return "|".join(map(re.escape, ids)) or "(?!)"


def dataset_ids(origin):
    """The chosen datasets that come from `files`, a `path` of the user's or `simulate`."""
    return [name for name, entry in BENCHMARK.datasets.items() if entry["origin"] == origin]


def commit():
    """The commit that the code is at, for the record; `unknown` outside a git checkout."""
    git = ["git", "-C", str(BASE), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


os.environ["STBENCH_COMMIT"] = os.environ.get("STBENCH_COMMIT") or commit()


def all_cells(pattern):
    """The pattern for every chosen dataset and method."""
    return expand(pattern, dataset=list(BENCHMARK.datasets), method=config["methods"])


def print_summary():
    """What the run found, at the end of its output."""
    summary = Path("results/summary.txt")
    if summary.exists():
        print(f"\n{summary.read_text()}", flush=True)


def print_failure():
    """What to do after a run that failed."""
    print("\nerror: jobs failed (see above); what is finished is kept: mend the cause and run again")
