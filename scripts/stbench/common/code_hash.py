"""Hash of the code of a program, without the parts that cannot change a value.

Comments, docstrings, error messages, blank lines, the layout of the code and the modules in
``NEUTRAL`` are excluded. So an edited text causes no rerun, and an edited constant reruns what
depends on it, unless ``stbench.common.equivalent_code`` lists the edit. File names are relative to
``scripts/``, so the location of the project is excluded as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from pathlib import Path

from stbench.common.equivalent_code import COUNTS_AS
from stbench.common.import_closure import import_closure
from stbench.common.paths import SCRIPTS
from stbench.common.source_code import read_source, save_sources

# Modules that read, write, name, check or report values but never change them. A module may be
# listed here only if no edit of it that passes the tests can change a result.
NEUTRAL = (
    "stbench/common/checksums.py",
    "stbench/common/code_hash.py",
    "stbench/common/equivalent_code.py",
    "stbench/common/errors.py",
    "stbench/common/file_hashes.py",
    "stbench/common/import_closure.py",
    "stbench/common/io.py",
    "stbench/common/paths.py",
    "stbench/common/shutdown.py",
    "stbench/common/source_code.py",
    "stbench/common/text.py",
    "stbench/fitting/program.py",
    "stbench/supervisor/",
)


def code_hash(
    programs: Iterable[Path], root: Path = SCRIPTS, leave_out: Collection[str] = ()
) -> str:
    """SHA-256, as hexadecimal, of the code of programs and of all their imports below ``root``.

    Args:
        programs: Python and R files, including modules that are imported dynamically.
        root: the folder from which imports are resolved.
        leave_out: further files to exclude, or folders with a final ``/``.
    """
    files = {file for program in programs for file in import_closure(program, root)}
    names = {file.relative_to(root).as_posix(): file for file in files}
    digest = hashlib.sha256()
    for name in sorted(names):
        if not name.startswith((*NEUTRAL, *leave_out)):
            own = read_source(names[name]).digest
            digest.update(f"{name}\n{COUNTS_AS.get((name, own), own)}\n".encode())
    save_sources()
    return digest.hexdigest()
