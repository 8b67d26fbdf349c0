"""Atomic writing: a file is either complete under its name or not there at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.errors import InputError

if TYPE_CHECKING:
    from anndata import AnnData


def _temporary_name(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{path.name}.{os.getpid()}.tmp{path.suffix}")


@contextmanager
def atomic_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success rename it, on an exception remove it."""
    path = Path(path)
    temporary = _temporary_name(path)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_directory(path: str | Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``path``; on success it replaces ``path`` as a whole."""
    path = Path(path)
    temporary = _temporary_name(path)
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
        if path.exists():
            shutil.rmtree(path)
        temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_json(path: str | Path, value: Any) -> None:
    """Write JSON atomically, keys in the given order, with a final newline."""
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2) + "\n")


def write_h5ad(path: str | Path, adata: AnnData) -> None:
    """Write AnnData atomically, compressed."""
    with atomic_file(path) as temporary:
        adata.write_h5ad(temporary, compression="gzip")


def read_h5ad(path: str | Path) -> AnnData:
    """Read an h5ad file.

    Raises:
        InputError: the file is missing or is not a readable h5ad file.
    """
    import anndata

    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        return anndata.read_h5ad(path)
    except Exception as error:  # h5py and anndata raise many kinds for a broken file
        raise InputError(f"{path}: not a readable h5ad file ({error})") from error
