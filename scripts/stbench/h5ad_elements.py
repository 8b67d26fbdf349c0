"""Single elements of an h5ad file, for programs that need labels and not the expression."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stbench.errors import InputError


def read_elements(path: str | Path, *names: str) -> dict[str, Any]:
    """Read the cells' names and single elements, without loading the rest of the file.

    Args:
        path: an h5ad file.
        names: places like ``obsm/spatial``, ``obs/cluster`` or ``uns/dataset``.

    Returns:
        The elements that the file has, by place, and under ``cells`` the names of the cells.

    Raises:
        InputError: the file is missing or is not a readable h5ad file.
    """
    import h5py
    from anndata.io import read_elem

    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with h5py.File(path) as file:
            found = {name: read_elem(file[name]) for name in names if name in file}
            found["cells"] = read_elem(file["obs"]).index.to_numpy()
    except Exception as error:  # h5py and anndata raise many kinds for a broken file
        raise InputError(f"{path}: not a readable h5ad file ({error})") from error
    return found


def cells_digest(cells: Iterable[str]) -> str:
    """sha256 of the cells' names in order: two files with the same digest hold the same cells."""
    return hashlib.sha256("\n".join(map(str, cells)).encode()).hexdigest()
