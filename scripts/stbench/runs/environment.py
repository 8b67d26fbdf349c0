"""What a run takes from its surroundings: its own Python, those of methods, commit, mirror."""

from __future__ import annotations

import os
import subprocess
import sys
from io import TextIOWrapper
from pathlib import Path

from stbench.supervisor.clean_environment import cleaned


def clean_environment() -> None:
    """Give every job that this process starts the same environment, and let it print any text."""
    kept = cleaned(os.environ)
    for name in set(os.environ) - set(kept):
        del os.environ[name]
    os.environ.update(kept)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


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
    os.environ.setdefault("STBENCH_COMMIT", commit_of(base))


def commit_of(base: Path) -> str:
    """The commit of the repository whose top folder is ``base``, ``-dirty`` where it was changed.

    ``unknown`` without such a repository: one further up holds other code.
    """
    try:
        top = _git(base, "rev-parse", "--show-toplevel")
        own = Path(top).resolve() == base.resolve()
        return _git(base, "describe", "--always", "--dirty", "--abbrev=12") if own else "unknown"
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(base: Path, *words: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    answer = subprocess.run(
        ["git", "-C", str(base), *words],
        capture_output=True,
        encoding="utf-8",
        check=True,
        env=environment,
    )
    return answer.stdout.strip()


def mirror() -> str:
    """The folder with raw files that jobs use; empty if there is none."""
    return os.environ.get("STBENCH_MIRROR", "")


def use_mirror(configured: str | None) -> None:
    """Let ``STBENCH_MIRROR`` be the folder with raw files: the configured one, if any."""
    os.environ["STBENCH_MIRROR"] = configured or os.environ.get("STBENCH_MIRROR", "")


def retraining_is_allowed() -> bool:
    """Whether the user allows finished fits to be trained again: ``FORCE=1``."""
    return os.environ.get("FORCE") == "1"
