"""A hash of what a program computes: of its code without what cannot change a value.

Comments, docstrings, the texts of errors, blank lines and the layout of the code do not count, nor
do the modules in ``NEUTRAL``. So a correction of a text reruns nothing, and a changed constant
reruns what depends on it. Where the files are does not count either, only their names below
``scripts/``.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path

from stbench.common.import_closure import import_closure
from stbench.common.paths import SCRIPTS

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
            digest.update(f"{name}\n{_file_hash(names[name])}\n".encode())
    return digest.hexdigest()


@cache
def _file_hash(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    meaning = _python(text) if path.suffix == ".py" else _other(text)
    return hashlib.sha256(meaning.encode()).hexdigest()


def _python(text: str) -> str:
    """The syntax tree as text, without positions, docstrings and the texts of errors."""
    return ast.dump(_Bare().visit(ast.parse(text)))


def _other(text: str) -> str:
    """The lines of an R script that are neither blank nor a comment."""
    lines = [line.strip() for line in text.splitlines()]
    return "\n".join(line for line in lines if line and not line.startswith("#"))


class _Bare(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        """Drop docstrings: a string that is a statement of its own computes nothing."""
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return None
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.Raise:
        """Empty the texts of an error; what it is and when it is raised still counts."""
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                part.value = ""
        return node
