"""An h5ad file in STAGUE's layout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.common.errors import InputError
from stbench.data.gene_symbols import SYMBOL_COLUMNS
from stbench.data.loaders.build import assemble
from stbench.platforms import anndata_h5ad
from stbench.platforms.positions import no_column

if TYPE_CHECKING:
    import pandas as pd
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
    return load_file(files[0], label, celltype)


def load_file(path: Path, label: Sequence[str] = (), celltype: Sequence[str] = ()) -> AnnData:
    """Read an h5ad file.

    Args:
        path: the file.
        label: columns of obs for the true domains; the first existing one is used. Empty: none.
        celltype: columns of obs for the cell types, likewise; none of them needs to exist.

    Raises:
        InputError: not an h5ad file, or without X, coordinates or a label.
        OSError: an error of the machine, or another program has the file open.
    """
    file = anndata_h5ad.read(path, {})
    obs, var = file.obs, file.var
    if label and not set(label) & set(obs):
        raise no_column(" or ".join(label), "label", list(obs), str(path))
    adata = assemble(
        file.X,
        obs.index,
        var.index,
        file.obsm["spatial"],
        _first(obs, label),
        _first(obs, celltype),
    )
    for name in SYMBOL_COLUMNS:
        if name in var:
            adata.var[name] = var[name].to_numpy()
    return adata


def _first(obs: pd.DataFrame, names: Sequence[str]) -> Any:
    """The first existing column, or None."""
    return next((obs[name] for name in names if name in obs), None)
