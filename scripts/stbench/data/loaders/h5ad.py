"""An h5ad file: STAGUE's layout, and files of the user.

Only X, positions, names and the requested columns are read: other parts of the file cost no memory
and need not be readable.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stbench.common.errors import InputError
from stbench.common.h5ad import column_names, open_h5ad, read_column, read_element, row_names
from stbench.data.gene_symbols import SYMBOL_COLUMNS
from stbench.data.hdf5_safety import check_hdf5
from stbench.data.loaders.build import assemble

if TYPE_CHECKING:
    import h5py
    from anndata import AnnData


def load(raw: Path, label: Sequence[str], celltype: Sequence[str] = ()) -> AnnData:
    """Read the only h5ad file of a folder.

    Args:
        raw: the folder.
        label: columns of obs for the true domains; the first existing one is used.
        celltype: columns of obs for the cell types, likewise; none of them needs to exist.
    """
    files = sorted(raw.glob("*.h5ad"))
    if len(files) != 1:
        raise InputError(f"{raw}: one h5ad file is needed, it has {len(files)}")
    return load_file(files[0], label, celltype, need_types=False)


def load_file(
    path: Path,
    label: Sequence[str] = (),
    celltype: Sequence[str] = (),
    need_types: bool = True,
) -> AnnData:
    """Read an h5ad file.

    Coordinates are ``obsm['spatial']``, else the columns x and y, else st_x and st_y of obs.

    Args:
        path: the file.
        label: columns of obs for the true domains; the first existing one is used. Empty: none.
        celltype: columns of obs for the cell types, likewise.
        need_types: whether it is an error if no column of ``celltype`` exists.

    Raises:
        InputError: not an h5ad file, or without X, coordinates or a requested column.
        OSError: an error of the machine, or another program has the file open.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; provide the h5ad file in it")
    check_hdf5(path)
    with open_h5ad(path) as file:
        obs, var = file["obs"], file["var"]
        adata = assemble(
            _expression(file, path),
            row_names(obs),
            row_names(var),
            _coordinates(file, path),
            _column(obs, label, "label", path),
            _column(obs, celltype, "celltype", path, need_types),
        )
        for name in SYMBOL_COLUMNS:
            if name in column_names(var):
                adata.var[name] = read_column(var, name)
    return adata


def _expression(file: h5py.File, path: Path) -> Any:
    """X, cells x genes, dense or sparse."""
    item = file.get("X")
    if item is None or item.attrs.get("encoding-type") == "null":
        raise InputError(f"{path}: X: missing; put the counts there (they may be in layers or raw)")
    x = read_element(item)
    dimensions = getattr(x, "ndim", 0)
    if dimensions != 2:
        raise InputError(
            f"{path}: X: has {dimensions} dimensions; a matrix cells x genes is needed"
        )
    return x.astype(np.float32) if x.dtype == np.float16 else x


def _column(
    obs: h5py.Group | h5py.Dataset,
    names: Sequence[str],
    field: str,
    path: Path,
    needed: bool = True,
) -> Any:
    columns = column_names(obs)
    for name in names:
        if name in columns:
            return read_column(obs, name)
    if names and needed:
        available = ", ".join(columns) or "none"
        wanted = " or ".join(map(repr, names))
        raise InputError(f"{path}: {field}: no column {wanted} in obs; available: {available}")
    return None


def _coordinates(file: h5py.File, path: Path) -> np.ndarray:
    obsm = file.get("obsm")
    if obsm is not None and "spatial" in _names(obsm):
        return np.asarray(read_column(obsm, "spatial"))
    obs = file["obs"]
    columns = column_names(obs)
    for axes in (("x", "y"), ("st_x", "st_y")):
        if set(axes) <= set(columns):
            return np.column_stack([np.asarray(read_column(obs, axis)) for axis in axes])
    raise InputError(
        f"{path}: coordinates: neither obsm['spatial'] nor columns x, y (or st_x, st_y) of obs; "
        "add one of them"
    )


def _names(group: h5py.Group | h5py.Dataset) -> Sequence[str]:
    """The names in a group; in files of anndata 0.6 it is one compound array."""
    return list(group) if not hasattr(group, "dtype") else group.dtype.names or ()
