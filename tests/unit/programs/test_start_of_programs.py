"""A program says its usage without loading what only its work needs."""

import subprocess
import sys

import pytest

from stbench.common.paths import SCRIPTS

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
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("usage:")
    assert told.stdout.splitlines()[-1] == "loaded:"
