"""What a run takes from its surroundings: its own Python, those of methods, commit, mirror."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def use_this_python() -> None:
    """Let ``python`` be the one that runs us; an activated conda environment still comes first."""
    here = Path(sys.executable).parent
    os.environ["PATH"] = f"{here}{os.pathsep}{os.environ['PATH']}"


def python_of(environment: str, base: Path) -> str:
    """The Python of an environment that ``make setup-<environment>`` made, else ``python``."""
    folder = base / f".venv-{environment}"
    return str(folder / "bin/python") if (folder / ".ready").exists() else "python"


def note_commit(base: Path) -> None:
    """Put the commit of the code into ``STBENCH_COMMIT``; ``unknown`` outside a git checkout."""
    git = ["git", "-C", str(base), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        commit = "unknown"
    os.environ.setdefault("STBENCH_COMMIT", commit)


def mirror(configured: str | None) -> str:
    """The folder with raw files: the configured one, else ``STBENCH_MIRROR``; empty for none."""
    return configured or os.environ.get("STBENCH_MIRROR", "")
