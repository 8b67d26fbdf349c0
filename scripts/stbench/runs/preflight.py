"""Checks before a run: are the folders that it writes to writable?"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from stbench.common.errors import InputError

_BLOCK = b"\0" * 65536


class PlaceError(InputError):
    """A folder is not writable; ``problem`` is which one and why, ``remedy`` what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem, self.remedy = problem, remedy


def check_places(results: Path) -> None:
    """Try to write to the results folder, the cache folder and the scratch folder.

    Raises:
        PlaceError: one of them is not writable; the message is one line.
    """
    _try(results, f"{results}: the results", "run in another folder (--directory), or fix it")
    check_cache_and_scratch()


def check_cache_and_scratch() -> None:
    """Try to write to the folders that do not depend on the run.

    Raises:
        PlaceError: one of them is not writable; the message is one line.
    """
    cache = _cache_folder()
    _try(cache, f"{cache}: the cache", "set XDG_CACHE_HOME to a writable folder")
    given = os.environ.get("TMPDIR")
    if given and not Path(given).is_dir():
        problem = f"TMPDIR: {given}: the scratch folder is missing"
        raise PlaceError(problem, "create it or unset it")
    scratch = Path(given or tempfile.gettempdir())
    _try(scratch, f"{scratch}: scratch files", "set TMPDIR to a writable folder")


def _cache_folder() -> Path:
    given = os.environ.get("XDG_CACHE_HOME")
    if given:
        return Path(given)
    try:
        return Path.home() / ".cache"
    except RuntimeError:
        raise InputError(
            "HOME: not set, and the user has no entry in /etc/passwd; set HOME to a writable folder"
        ) from None


def _try(folder: Path, what: str, remedy: str) -> None:
    """Write an unnamed file to ``folder``, or to the nearest existing parent folder."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(_BLOCK)
            file.flush()
    except OSError as error:
        raise PlaceError(f"{what} cannot be written ({error.strerror})", remedy) from None
