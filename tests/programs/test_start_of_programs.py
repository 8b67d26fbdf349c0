"""A program says its usage without loading what only its work needs, and so does every workflow."""

import re
import subprocess
import sys

import pytest

from stbench.common.paths import PROJECT, SCRIPTS

HEAVY = ("anndata", "matplotlib", "pandas", "scanpy", "scipy", "sklearn", "torch")
PROGRAM = """
import runpy, sys
sys.argv = [{program!r}, "--help"]
sys.path.insert(0, {scripts!r})
try:
    runpy.run_path({program!r}, run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
print("loaded:", *sorted(sys.modules.keys() & set({heavy!r})))
"""


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.py")), ids=lambda path: path.name)
def test_help_loads_no_heavy_library(path):
    program = PROGRAM.format(program=str(path), scripts=str(SCRIPTS), heavy=HEAVY)
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("usage:")
    assert run.stdout.splitlines()[-1] == "loaded:"


def test_every_process_of_snakemake_loads_little():
    rules = "\n".join(path.read_text() for path in (PROJECT / "rules").rglob("*.smk"))
    modules = sorted(set(re.findall(r"^from (stbench\.[\w.]+) import", rules, re.M)))
    assert "stbench.runs.job_costs" in modules
    # The plugin for SLURM loads pandas anyway.
    heavy = [name for name in (*HEAVY, "h5py") if name != "pandas"]
    program = f"import sys, {', '.join(modules)}; print(sys.modules.keys() & set({heavy!r}))"
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, capture_output=True, text=True, cwd=SCRIPTS)
    assert run.stdout == "set()\n", run.stdout + run.stderr
