"""Whether the folders that a run writes to can be written: asked before anything is computed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from stbench.common.errors import InputError

_BLOCK = b"\0" * 65536


class PlaceError(InputError):
    """A folder cannot be written: ``problem`` says which one and why, ``remedy`` what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem, self.remedy = problem, remedy


def check_places(results: Path) -> None:
    """Try the results folder, the cache folder and the scratch folder.

    Raises:
        PlaceError: one of them cannot be written; the line names it and what to do.
    """
    _try(results, f"{results}: the results", "run in another folder (--directory), or mend it")
    cache = _cache_folder()
    _try(cache, f"{cache}: the cache", "set XDG_CACHE_HOME to a folder that can be written")
    given = os.environ.get("TMPDIR")
    if given and not Path(given).is_dir():
        problem = f"TMPDIR: {given}: the scratch folder is missing"
        raise PlaceError(problem, "create it or unset it")
    scratch = Path(given or tempfile.gettempdir())
    _try(scratch, f"{scratch}: scratch files", "set TMPDIR to a folder that can be written")


def _cache_folder() -> Path:
    given = os.environ.get("XDG_CACHE_HOME")
    if given:
        return Path(given)
    try:
        return Path.home() / ".cache"
    except RuntimeError:
        raise InputError(
            "HOME: not set, and the user has no entry in /etc/passwd; set HOME to a folder that "
            "can be written"
        ) from None


def _try(folder: Path, what: str, cure: str) -> None:
    """Write a block without a name into ``folder``, or where it would be created."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(_BLOCK)
            file.flush()
    except OSError as error:
        raise PlaceError(f"{what} cannot be written ({error.strerror})", cure) from None
