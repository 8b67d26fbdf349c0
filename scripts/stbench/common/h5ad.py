"""Single elements of an h5ad file, for programs that need labels and not the expression.

Arrays, texts, numbers, categories and dicts of these are read by h5py alone: importing anndata
takes longer than most programs need for all their work.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.common.errors import InputError

if TYPE_CHECKING:
    import h5py


def read_elements(path: str | Path, *names: str) -> dict[str, Any]:
    """Read the cells' names and single elements, without loading the rest of the file.

    Args:
        path: an h5ad file.
        names: places like ``obsm/spatial``, ``obs/cluster`` or ``uns/dataset``.

    Returns:
        The elements that the file has, by place, as anndata reads them, and under ``cells`` the
        names of the cells.

    Raises:
        InputError: the file is missing or is not a readable h5ad file.
    """
    import h5py

    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with h5py.File(path) as file:
            found = {name: _element(file[name]) for name in names if name in file}
            found["cells"] = _index(file["obs"])
    except Exception as error:  # h5py and anndata raise many kinds for a broken file
        raise InputError(f"{path}: not a readable h5ad file ({error})") from error
    return found


def _index(table: h5py.Group) -> Any:
    """The names of the rows of a table, object array of str."""
    return _element(table[table.attrs["_index"]]).astype(object)


def _element(item: h5py.Group | h5py.Dataset) -> Any:
    """An element by its encoding in anndata's file format; what is rarer is left to anndata."""
    encoding = item.attrs.get("encoding-type")
    if encoding == "array":
        return item[()]
    if encoding == "numeric-scalar":
        return item[()].item()
    if encoding in ("string-array", "string"):
        return item.asstr()[()]
    if encoding == "dict":
        return {name: _element(value) for name, value in item.items()}
    if encoding == "categorical":
        import pandas as pd

        codes, categories = item["codes"][()], _element(item["categories"])
        return pd.Categorical.from_codes(codes, categories, bool(item.attrs["ordered"]))

    from anndata.io import read_elem

    return read_elem(item)


def cells_digest(cells: Iterable[str]) -> str:
    """sha256 of the cells' names in order: two files with the same digest hold the same cells."""
    return hashlib.sha256("\n".join(map(str, cells)).encode()).hexdigest()
