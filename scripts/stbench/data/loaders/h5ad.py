"""An h5ad file: STAGUE's own layout, and any file of the user's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stbench.common.errors import InputError
from stbench.common.io import read_h5ad
from stbench.data.gene_symbols import SYMBOL_COLUMNS
from stbench.data.hdf5_safety import check_hdf5
from stbench.data.loaders.build import assemble

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData


def load(raw: Path, label: Sequence[str], celltype: Sequence[str] = ()) -> AnnData:
    """Read the only h5ad file of a folder.

    Args:
        raw: the folder.
        label: columns of obs that may hold the true domains; the first that is there is taken.
        celltype: columns of obs that may hold the cell types, or none of them.
    """
    files = sorted(raw.glob("*.h5ad"))
    if len(files) != 1:
        raise InputError(f"{raw}: one h5ad file is needed, there are {len(files)}")
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
        label: columns of obs with the true domains, the first that is there; empty for none.
        celltype: columns of obs with the cell types, likewise.
        need_types: whether it is an error that none of ``celltype`` is there.

    Raises:
        InputError: not an h5ad file, or without X, coordinates or a column asked for.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give the h5ad file in it")
    check_hdf5(path)
    adata = read_h5ad(path)
    if adata.X is None:
        raise InputError(f"{path}: X: missing; put the counts there (they may be in layers or raw)")
    domains = _column(adata.obs, label, "label", path)
    types = _column(adata.obs, celltype, "celltype", path, need_types)
    spatial = _coordinates(adata, path)
    made = assemble(adata.X, adata.obs_names, adata.var_names, spatial, domains, types)
    made.var = adata.var[[column for column in SYMBOL_COLUMNS if column in adata.var]].copy()
    return made


def _column(
    obs: pd.DataFrame, names: Sequence[str], field: str, path: Path, needed: bool = True
) -> pd.Series | None:
    for name in names:
        if name in obs:
            return obs[name]
    if names and needed:
        known = ", ".join(map(str, obs.columns)) or "none"
        wanted = " or ".join(map(repr, names))
        raise InputError(f"{path}: {field}: no column {wanted} in obs; there are: {known}")
    return None


def _coordinates(adata: AnnData, path: Path) -> np.ndarray:
    if "spatial" in adata.obsm:
        return np.asarray(adata.obsm["spatial"])
    for x, y in (("x", "y"), ("st_x", "st_y")):
        if x in adata.obs and y in adata.obs:
            return adata.obs[[x, y]].to_numpy()
    raise InputError(
        f"{path}: coordinates: neither obsm['spatial'] nor columns x, y (or st_x, st_y) of obs; "
        "add one of them"
    )
