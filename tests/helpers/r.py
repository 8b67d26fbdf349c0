"""Whether R is there."""

import shutil
import subprocess

import pytest


def has_r(*packages):
    """Whether there is an R with these packages."""
    program = "q(status = any(!nzchar(sapply(commandArgs(TRUE), \\(p) system.file(package = p)))))"
    command = ["Rscript", "-e", program, *packages]
    return bool(shutil.which("Rscript")) and subprocess.run(command).returncode == 0


needs_r = pytest.mark.skipif(
    not has_r("rhdf5", "jsonlite", "Matrix"), reason="R with rhdf5 and jsonlite not found"
)
