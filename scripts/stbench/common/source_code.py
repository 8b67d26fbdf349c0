"""What is read of a source file: a hash of what it computes, and the names that it imports.

Parsing every file takes seconds, and every start of the workflow needs it. So what was read is kept
by the content of the file in the user's cache folder; without one it is read again.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from stbench.common.io import write_json

_VERSION = "1"  # increase it when a Source changes for the same content
_MOST = 5000  # contents that are kept; beyond, only those of this process are


class Import(NamedTuple):
    """``import module`` (no names), or ``from module import names``; ``level``: leading dots."""

    module: str
    names: list[str]
    level: int


class Source(NamedTuple):
    """A file as code: ``digest`` of its syntax, and what it imports (nothing in R)."""

    digest: str
    imports: list[Import]


class _Memory:
    """Sources by the hash of their content, in a JSON file."""

    def __init__(self) -> None:
        self.used: dict[str, Source] = {}
        self.changed = False
        self.kept: dict[str, Source] = {}
        with suppress(OSError, ValueError, TypeError, AttributeError, RuntimeError):
            kept = json.loads(_file().read_text(encoding="utf-8"))
            self.kept = {
                key: Source(digest, [Import(*one) for one in imports])
                for key, (digest, imports) in kept.items()
            }

    def source(self, content: bytes, is_python: bool) -> Source:
        key = hashlib.sha256(f"{_VERSION}{is_python}\n".encode() + content).hexdigest()
        if key not in self.kept:
            self.kept[key] = _python(content) if is_python else _other(content)
            self.changed = True
        self.used[key] = self.kept[key]
        return self.used[key]

    def save(self) -> None:
        """Write what is new; nothing where the cache folder cannot be written."""
        if self.changed:
            kept = self.kept if len(self.kept) <= _MOST else self.used
            with suppress(OSError, RuntimeError):
                _file().parent.mkdir(parents=True, exist_ok=True)
                write_json(_file(), kept)
            self.changed = False


def read_source(path: Path) -> Source:
    """The source of a Python or R file; each is read once per process."""
    return _read(path)


def save_sources() -> None:
    """Keep what was read for the next process."""
    _memory().save()


def forget_sources() -> None:
    """Read files again that were changed since this process read them."""
    _read.cache_clear()


@cache
def _read(path: Path) -> Source:
    return _memory().source(path.read_bytes(), path.suffix == ".py")


@cache
def _memory() -> _Memory:
    return _Memory()


def _file() -> Path:
    cache_folder = os.environ.get("XDG_CACHE_HOME")
    return Path(cache_folder or Path.home() / ".cache") / "stbench/source_code.json"


def _python(content: bytes) -> Source:
    """The syntax tree without positions, docstrings and error messages."""
    tree = ast.parse(content)
    imports = [found for node in ast.walk(tree) for found in _imports(node)]
    return Source(_digest("".join(_words(_Bare().visit(tree)))), imports)


def _other(content: bytes) -> Source:
    """The lines of an R script, without blank lines and comments."""
    lines = [line.strip() for line in content.decode().splitlines()]
    return Source(_digest("\n".join(line for line in lines if line and line[0] != "#")), [])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _imports(node: ast.AST) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, [], 0)
    elif isinstance(node, ast.ImportFrom):
        yield Import(node.module or "", [alias.name for alias in node.names], node.level)


def _words(node: object) -> Iterator[str]:
    """A tree as text. Empty fields are left out, which versions of Python add and remove."""
    if isinstance(node, ast.AST):
        yield f"{type(node).__name__}("
        for name in node._fields:
            value = getattr(node, name, None)
            if value is not None and value != []:
                yield f"{name}="
                yield from _words(value)
        yield ")"
    elif isinstance(node, list):
        for item in node:
            yield from _words(item)
            yield ","
    else:
        yield repr(node)


class _Bare(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        """Drop docstrings: a string as a statement computes nothing."""
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return None
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.Raise:
        """Empty the messages of an error; its type and its condition are kept."""
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                part.value = ""
        return node
