"""A hash of what a program computes: of its code without what cannot change a value.

Comments, docstrings, the texts of errors, blank lines and the layout of the code do not count, nor
do the modules in ``NEUTRAL``. So a correction of a text reruns nothing, and a changed constant
reruns what depends on it. Where the files are does not count either, only their names below
``scripts/``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from pathlib import Path

from stbench.common.import_closure import import_closure
from stbench.common.paths import SCRIPTS
from stbench.common.source_code import read_source, save_sources

# They read, write, name, check or report values and never change one. A module may be listed here
# only if no result could differ by an edit of it that passes the tests.
NEUTRAL = (
    "stbench/common/checksums.py",
    "stbench/common/code_hash.py",
    "stbench/common/errors.py",
    "stbench/common/file_hashes.py",
    "stbench/common/import_closure.py",
    "stbench/common/io.py",
    "stbench/common/paths.py",
    "stbench/common/source_code.py",
    "stbench/common/text.py",
    "stbench/fitting/program.py",
    "stbench/supervisor/",
)


def code_hash(
    programs: Iterable[Path], root: Path = SCRIPTS, leave_out: Collection[str] = ()
) -> str:
    """SHA-256, as hexadecimal, of the code of programs and of all that they import below ``root``.

    Args:
        programs: Python and R files. A module that is loaded by its name alone is one of them.
        root: the folder from which imports are resolved.
        leave_out: further files, or folders with a final ``/``, that do not count.
    """
    files = {file for program in programs for file in import_closure(program, root)}
    names = {file.relative_to(root).as_posix(): file for file in files}
    digest = hashlib.sha256()
    for name in sorted(names):
        if not name.startswith((*NEUTRAL, *leave_out)):
            digest.update(f"{name}\n{read_source(names[name]).digest}\n".encode())
    save_sources()
    return digest.hexdigest()
