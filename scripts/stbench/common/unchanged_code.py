"""Whether the code of a job is still that of its run.

Keys are computed when a run starts. A job that began after an edit would store results of the new
code under the key of the old one, where later runs take them as finished. So a run notes the code
at its start, and every job compares what it is about to run.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from stbench.common.errors import InputError
from stbench.common.paths import SCRIPTS

VARIABLE = "STBENCH_CODE"  # the file of the note
# Of a method or tool, which programs import by its id.
_BY_ID = (
    "methods/{}.py",
    "methods/{}.R",
    "methods/{}/model.py",
    "deconvolution_methods/{}.py",
    "communication_methods/{}.py",
)
# Programs that do so, and their option with the id.
_OPTION = {
    "fit.py": "--method",
    "fit_deconvolution.py": "--method",
    "interactions.py": "--program",
    "communication.py": "--tool",
}
_LONGEST_RUN = 30 * 24 * 3600  # seconds; until then a note may be needed


def note_code(to: Path, folder: Path = SCRIPTS) -> None:
    """Write the state of all code to a file below ``to``, and set ``STBENCH_CODE`` to its path.

    Jobs of a run inherit the variable. Where the folder cannot be written, nothing is checked.
    """
    if os.environ.get(VARIABLE):
        return
    from stbench.common.source_code import save_sources

    files = {name: [*stat, _digest(folder, name)] for name, stat in _sources(folder)}
    save_sources()
    text = json.dumps(files)
    path = to.absolute() / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
    with suppress(OSError):
        to.mkdir(parents=True, exist_ok=True)
        if not path.is_file():
            temporary = path.with_name(f".{path.name}.{os.getpid()}")
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
        path.touch()
        for note in to.glob("*.json"):
            if note.stat().st_mtime < time.time() - _LONGEST_RUN:
                note.unlink()
        os.environ[VARIABLE] = str(path)


def check_unchanged(words: Iterable[str], folder: Path = SCRIPTS) -> None:
    """Check that no file that a job uses computes something else than at the start of its run.

    Args:
        words: its command: programs below ``folder``, and the id of the method or tool they run.
        folder: of the code.

    Raises:
        InputError: one line that names a changed file.
    """
    noted = _noted()
    if noted is None:
        return
    changed = {name for name, stat in _sources(folder) if noted.get(name, [])[:2] != list(stat)}
    if not changed:
        return
    from stbench.common.source_code import forget_sources

    forget_sources()
    for name in sorted(_used(list(words), folder) & changed):
        if noted.get(name, [])[2:] != [_digest(folder, name)]:
            raise InputError(
                f"scripts/{name} was changed after this run had started, so its results would "
                "count as those of the code before; start the run again (finished work is kept)"
            )


def _noted() -> Mapping[str, list[Any]] | None:
    """By file its time, size and digest at the start; None if they are not known."""
    path = os.environ.get(VARIABLE)
    if not path:
        return None
    try:
        return dict(json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError):  # a node that does not see the folder
        return None


def _used(words: list[str], folder: Path) -> set[str]:
    """The files of a command that can change its results."""
    from stbench.common.code_hash import NEUTRAL
    from stbench.common.import_closure import import_closure

    files = [Path(word).resolve() for word in words if word.endswith(".py")]
    options = {_OPTION.get(path.name) for path in files} - {None}
    ids = [after for word, after in pairwise(words) if word in options]
    files += [folder / name.format(one) for one in ids for name in _BY_ID]
    if any(path.suffix == ".R" and path.is_file() for path in files):
        files.append(folder / "fit.R")  # runs it
    inside = [path for path in files if path.is_relative_to(folder) and path.is_file()]
    used = {path.relative_to(folder) for one in inside for path in import_closure(one, folder)}
    return {path.as_posix() for path in used if not path.as_posix().startswith(NEUTRAL)}


def _digest(folder: Path, name: str) -> str:
    """What the file computes: comments, texts and listed edits do not count."""
    from stbench.common.equivalent_code import COUNTS_AS
    from stbench.common.source_code import read_source

    try:
        own = read_source(folder / name).digest
    except (OSError, SyntaxError, ValueError):
        return ""
    return COUNTS_AS.get((name, own), own)


def _sources(folder: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    """Python and R files with the time of their last change, in ns, and their size."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            if name.endswith((".py", ".R")) and not name.startswith("."):  # of an editor
                path = Path(parent, name)
                with suppress(FileNotFoundError):
                    found = path.stat()
                    yield path.relative_to(folder).as_posix(), (found.st_mtime_ns, found.st_size)
