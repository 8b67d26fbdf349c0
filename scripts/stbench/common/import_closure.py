"""Files that a program imports: it has to run again if one of them changes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from stbench.common.source_code import Import, read_source


def import_closure(program: Path, root: Path) -> list[Path]:
    """The program and all files below ``root`` that it imports, directly or indirectly, sorted.

    Imports inside functions are included, modules outside ``root`` are not. The program is first.
    An R program is returned alone. Each file is read once per process.
    """
    if program.suffix != ".py":
        return [program]
    files: dict[Path, None] = {program: None}
    waiting = [program]
    while waiting:
        for path in _imports(waiting.pop(), root):
            if path not in files:
                files[path] = None
                waiting.append(path)
    return [program, *sorted(path for path in files if path != program)]


def _imports(path: Path, root: Path) -> list[Path]:
    files: list[Path] = []
    for found in read_source(path).imports:
        module = _absolute(found, path, root)
        for name in [module, *(f"{module}.{name}" for name in found.names)]:
            files += _files(name, root)
    return files


def _absolute(found: Import, path: Path, root: Path) -> str:
    if not found.level:
        return found.module
    package = path.relative_to(root).parent.parts[: None if found.level == 1 else 1 - found.level]
    return ".".join([*package, *([found.module] if found.module else [])])


@cache
def _files(module: str, root: Path) -> list[Path]:
    """The file of a module, and the ``__init__.py`` of its parent packages."""
    parts = module.split(".")
    packages = [root.joinpath(*parts[:i], "__init__.py") for i in range(1, len(parts) + 1)]
    return [
        path for path in [*packages, root.joinpath(*parts).with_suffix(".py")] if path.is_file()
    ]
