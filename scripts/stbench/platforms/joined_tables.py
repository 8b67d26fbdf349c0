"""Counts and a table of cells in two files, joined by the name of the cell."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from stbench.common.errors import InputError


def join(
    counts: tuple[Any, Iterable[str], list[str]],
    obs: pd.DataFrame,
    axes: tuple[str, str],
    file: Path,
) -> Any:
    """An AnnData of the cells that both have; a remark counts those of one alone.

    Args:
        counts: (n, g) counts, names of the cells, names of the genes.
        obs: table of the cells, by name.
        axes: columns of the table with the positions.
        file: of the table, for messages.

    Raises:
        InputError: names that repeat, or no cell in common.
    """
    from anndata import AnnData

    x, cells, genes = counts
    names = pd.Index([str(cell) for cell in cells], dtype=object)
    obs.index = pd.Index([str(cell) for cell in obs.index], dtype=object)
    if not names.is_unique or not obs.index.is_unique:
        raise InputError(f"{file}: cells are not unique; provide one section")
    rows = names.get_indexer(obs.index)
    both = rows >= 0
    if not both.any():
        raise InputError(
            f"{file}: none of its {len(obs)} cells has counts ({obs.index[:1].tolist()}, "
            f"{names[:1].tolist()}); the files do not belong together"
        )
    obs = obs[both].copy()
    spatial = obs[list(axes)].to_numpy(dtype=float)
    var = pd.DataFrame(index=pd.Index(genes, dtype=object))
    adata = AnnData(x[rows[both]], obs=obs, var=var, obsm={"spatial": spatial})
    alone = {"counts": int((~both).sum()), "a place": len(names) - int(both.sum())}
    adata.uns["remarks"] = [f"{n} cells without {what} left out" for what, n in alone.items() if n]
    return adata
