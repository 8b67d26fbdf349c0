"""Input of published packages: raw values, without prepared results that they would reuse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from stbench.common.errors import InputError, NotApplicableError
from stbench.fitting.interface import UNLINKED


def raw_table(adata: Any) -> Any:
    """A new AnnData of the values as published, gene names and positions.

    Cells are numbered. ``highly_variable``, components and graphs are left out, because packages
    would reuse them.

    Args:
        adata: a preprocessed dataset, see ``stbench.data.preprocessing``.

    Returns:
        X CSR float32 (features: dense), ``obsm['spatial']`` (n, 2) float64; both are copies.
    """
    import pandas as pd
    from anndata import AnnData

    values = adata.layers["counts"]
    features = adata.uns["dataset"]["kind"] == "features"
    dense = values.toarray() if sp.issparse(values) else np.array(values)
    return AnnData(
        dense.astype(np.float32)
        if features
        else sp.csr_matrix(values, dtype=np.float32, copy=True),
        obs=pd.DataFrame(index=[str(cell) for cell in range(adata.n_obs)]),
        var=adata.var[[]].copy(),
        obsm={"spatial": np.array(adata.obsm["spatial"], dtype=np.float64)},
    )


def need_counts_to_choose(table: Any, n_genes: int, kind: str) -> None:
    """Raise NotApplicableError if genes have to be chosen by counts, but the values are not."""
    if kind == "intensities" and table.n_vars > n_genes:
        raise NotApplicableError(
            f"chooses {n_genes} of {table.n_vars} genes by their counts, this dataset holds {kind}"
        )


def need_cells(n_cells: int, least: int, why: str) -> None:
    """Raise NotApplicableError if there are fewer cells than the package requires."""
    if n_cells < least:
        raise NotApplicableError(f"{why}: needs {least} cells, this dataset has {n_cells}")


def need_links(ends: Any, n_cells: int) -> dict[str, int]:
    """The number of cells without a link in a graph, for ``Fit.info``; empty if all have one.

    Args:
        ends: cells of the links, in any shape.
        n_cells: number of cells.

    Raises:
        NotApplicableError: the graph has no link.
    """
    linked = len(np.unique(ends))
    if not linked:
        raise NotApplicableError(
            "its graph links no cell to another; check whether many cells share a place"
        )
    return {UNLINKED: n_cells - linked} if linked < n_cells else {}


def need_genes_that_vary(table: Any, least: int = 4) -> None:
    """Raise NotApplicableError if too few genes vary for seurat_v3, which may crash otherwise."""
    lowest, highest = (np.asarray(values).ravel() for values in _extremes(table.X))
    varying = int((highest > lowest).sum())
    if varying < least:
        raise NotApplicableError(
            f"chooses genes by their variance: {varying} of {table.n_vars} genes vary, "
            f"{least} are needed"
        )


def _extremes(values: Any) -> tuple[Any, Any]:
    """The minimum and maximum of every gene."""
    if sp.issparse(values):
        return values.min(axis=0).toarray(), values.max(axis=0).toarray()
    return values.min(axis=0), values.max(axis=0)


def need_room(n_cells: int, max_cells: int) -> None:
    """Raise NotApplicableError if the package's n x n matrices would be too large."""
    if n_cells > max_cells:
        raise NotApplicableError(
            f"needs a dense n x n matrix: {n_cells} cells, at most {max_cells}"
        )


def need_above_zero(method: str, params: Mapping[str, Any], names: Iterable[str]) -> None:
    """Raise InputError for the first of these parameters that is not above 0."""
    for name in names:
        if not params[name] > 0:
            raise InputError(f"{method}: {name} is {params[name]}: must be above 0")
