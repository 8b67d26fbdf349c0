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
    """The Python of an environment that ``make setup-<environment>`` made, else ``python``.

    It is written with ``$STBENCH_HOME`` (``note_home``), so that it stays the same when the project
    moves; a shell has to expand it.
    """
    folder = f".venv-{environment}"
    return f"$STBENCH_HOME/{folder}/bin/python" if (base / folder / ".ready").exists() else "python"


def note_home(base: Path) -> None:
    """Put the folder of the project into ``STBENCH_HOME``."""
    os.environ["STBENCH_HOME"] = str(base)


def note_commit(base: Path) -> None:
    """Put the commit of the code into ``STBENCH_COMMIT``; ``unknown`` outside a git checkout."""
    git = ["git", "-C", str(base), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        commit = subprocess.run(
            git, capture_output=True, text=True, check=True, encoding="utf-8"
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        commit = "unknown"
    os.environ.setdefault("STBENCH_COMMIT", commit)


def use_mirror(configured: str | None) -> None:
    """Let ``STBENCH_MIRROR`` be the folder with raw files: the configured one, if any."""
    os.environ["STBENCH_MIRROR"] = configured or os.environ.get("STBENCH_MIRROR", "")
