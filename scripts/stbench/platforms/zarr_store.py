"""Opening of zarr stores, with errors of one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stbench.common.errors import InputError, is_machine_fault, one_line

_MARKS = ("zarr.json", ".zgroup", ".zattrs", ".zmetadata")


def is_group(path: Path) -> bool:
    """Whether a folder is a group of a zarr store, of version 2 or 3."""
    return path.is_dir() and any((path / mark).is_file() for mark in _MARKS)


@contextmanager
def open_group(path: Path) -> Iterator[Any]:
    """Open a group to read elements of it.

    Raises:
        InputError: an element is not readable.
        OSError: a fault of the machine.
    """
    import zarr

    try:
        yield zarr.open_group(path, mode="r")
    except (InputError, MemoryError):
        raise
    except Exception as error:  # zarr and anndata raise many types for a broken store
        if is_machine_fault(error):
            raise
        raise InputError(f"{path}: not a readable zarr store ({one_line(error)[:200]})") from error
