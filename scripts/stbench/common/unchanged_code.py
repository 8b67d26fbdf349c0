"""Whether the code of a job is still that of its run.

Keys are computed when a run starts. A job that began after an edit would store results of the new
code under the key of the old one, where later runs take them as finished.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from stbench.common.errors import InputError
from stbench.common.paths import SCRIPTS

VARIABLE = "STBENCH_CODE_TIME"
_METHODS = ("methods/{}.py", "methods/{}.R", "methods/{}/model.py", "deconvolution_methods/{}.py")


def note_code(folder: Path = SCRIPTS) -> None:
    """Set ``STBENCH_CODE_TIME`` to the latest change of the code, unless an earlier process did.

    It is the time of a file, not of the clock, which may differ from that of a file server.
    """
    latest = max((changed for _, changed in _sources(folder)), default=0)
    os.environ.setdefault(VARIABLE, str(latest))


def check_unchanged(programs: Iterable[str], method: str = "", folder: Path = SCRIPTS) -> None:
    """Check that no file of a job was changed after its run had started.

    Args:
        programs: the words of its command; those that are files below ``folder`` count.
        method: id of the method that it runs; empty for none.
        folder: of the code.

    Raises:
        InputError: one line that names a changed file.
    """
    start = int(os.environ.get(VARIABLE) or 0)
    changed = {path for path, time in _sources(folder) if time > start} if start else set()
    if not changed:
        return
    from stbench.common.code_hash import NEUTRAL
    from stbench.common.import_closure import import_closure

    own = [folder / name.format(method) for name in _METHODS] if method else []
    files = [Path(word) for word in programs if word.endswith((".py", ".R"))]
    files = [path for path in [*files, *own] if path.is_relative_to(folder) and path.is_file()]
    used = {used for path in files for used in import_closure(path, folder)}
    for path in sorted(changed & used):
        name = path.relative_to(folder).as_posix()
        if not name.startswith(NEUTRAL):
            raise InputError(
                f"scripts/{name} was changed after this run had started, so its results would "
                "count as those of the code before; start the run again (finished work is kept)"
            )


def _sources(folder: Path) -> Iterator[tuple[Path, int]]:
    """Python and R files with the time of their last change, in ns."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            if name.endswith((".py", ".R")):
                path = Path(parent, name)
                yield path, path.stat().st_mtime_ns
