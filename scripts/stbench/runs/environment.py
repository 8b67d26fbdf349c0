"""The environment of a run: its Python, those of methods, commit and mirror."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path

from stbench.common.errors import InputError
from stbench.supervisor.clean_environment import cleaned


def clean_environment() -> None:
    """Give all jobs of this process the same environment; replace characters it cannot print."""
    kept = cleaned(os.environ)
    for name in set(os.environ) - set(kept):
        del os.environ[name]
    os.environ.update(kept)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def use_this_python() -> None:
    """Put this Python first on the PATH; an activated conda environment still precedes it."""
    here = Path(sys.executable).parent
    os.environ["PATH"] = f"{here}{os.pathsep}{os.environ['PATH']}"


def python_of(environment: str, base: Path) -> str:
    """The Python of an environment of ``make setup-<environment>``, else ``python``.

    A path below the project contains ``$STBENCH_HOME`` (``note_home``), so that it does not change
    when the project is moved; a shell has to expand it.
    """
    folder = environment_folder(environment, base)
    if folder is None:
        return "python"
    own = folder.parent == base
    return f"{'$STBENCH_HOME/' + folder.name if own else folder}/bin/python"


def environment_folder(environment: str, base: Path) -> Path | None:
    """The folder of an environment of ``make setup-<environment>``; None without one.

    It is beside the environment of the project, which is ``.venv`` unless make was given VENV.
    """
    folders = (base / f".venv-{environment}", Path(f"{sys.prefix}-{environment}"))
    return next((folder for folder in folders if (folder / ".ready").exists()), None)


def note_home(base: Path) -> None:
    """Set ``STBENCH_HOME`` to the folder of the project."""
    os.environ["STBENCH_HOME"] = str(base)


_CODE = ("--", ".", ":(exclude)docs", ":(exclude)resources/verdict")  # all that makes results


def note_commit(base: Path) -> None:
    """Set ``STBENCH_COMMIT`` to the commit of the code; ``unknown`` outside a git checkout."""
    os.environ.setdefault("STBENCH_COMMIT", commit_of(base))


def commit_of(base: Path) -> str:
    """The commit of the repository whose top folder is ``base``, with ``-dirty`` if it has changes.

    Changes of pages and shipped results do not count. ``unknown`` without such a repository: one
    in a parent folder contains other code.
    """
    try:
        top = _git(base, "rev-parse", "--show-toplevel")
        if Path(top).resolve() != base.resolve():
            return "unknown"
        commit = _git(base, "describe", "--always", "--abbrev=12")
        return f"{commit}-dirty" if _git(base, "diff", "--name-only", "HEAD", *_CODE) else commit
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(base: Path, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    process = subprocess.run(
        ["git", "-C", str(base), *arguments],
        capture_output=True,
        encoding="utf-8",
        check=True,
        env=environment,
    )
    return process.stdout.strip()


def mirror() -> str:
    """The folder of raw files that jobs use; empty if there is none."""
    return os.environ.get("STBENCH_MIRROR", "")


def use_mirror(configured: str | None, *, check: bool = True) -> None:
    """Set ``STBENCH_MIRROR`` to the configured folder of raw files, if any.

    Args:
        configured: ``mirror`` of the configuration; it precedes the variable.
        check: whether the folder must exist; a node of a cluster need not see it.

    Raises:
        InputError: it does not exist.
    """
    named = configured or os.environ.get("STBENCH_MIRROR", "")
    folder = str(_own_home(named)) if named else ""
    if check and folder and not Path(folder).is_dir():
        where = "config: mirror" if configured else "STBENCH_MIRROR"
        raise InputError(f"{where}: {named}: no such folder")
    os.environ["STBENCH_MIRROR"] = folder


def _own_home(named: str) -> Path:
    """The path with the home folder for ``~``; unchanged for a user who does not exist."""
    with suppress(RuntimeError):
        return Path(named).expanduser()
    return Path(named)


def retraining_is_allowed() -> bool:
    """Whether the user allows finished fits to be trained again (``FORCE=1``)."""
    return os.environ.get("FORCE") == "1"
