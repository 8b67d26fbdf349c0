"""Principal components of z-scored expression, SEDR's input (Xu et al., Genome Medicine 2024)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from stbench.common.errors import InputError, NotApplicableError

_PCA_SEED = 42


def scaled_components(adata: Any, params: Mapping[str, Any]) -> np.ndarray:
    """Genes filtered, totals scaled (no log), variable genes, z-scores, principal components.

    Variable genes are chosen by seurat_v3 on the counts; totals are those of all genes that pass
    the filter. Intensities are treated the same way, but without filter and choice of genes;
    features are components already and are used unchanged.

    Args:
        adata: a preprocessed dataset, see ``stbench.data.preprocessing``.
        params: ``min_cells`` and ``min_counts`` of a gene, ``target_sum`` of a cell, ``n_genes``
            to choose (0: all genes are used), ``n_components``.

    Returns:
        (n, at most min(n_components, n - 1, genes - 1)) float32; features: (n, genes).

    Raises:
        InputError: the filter leaves fewer than two genes.
        NotApplicableError: genes must be chosen, which needs counts.
    """
    values, kind = adata.layers["counts"], adata.uns["dataset"]["kind"]
    if kind == "features":
        dense = values.toarray() if sp.issparse(values) else values
        return np.ascontiguousarray(dense, dtype=np.float32)

    import scanpy as sc
    from anndata import AnnData
    from sklearn.decomposition import PCA

    counts = sp.csr_matrix(values, dtype=np.float32)
    if kind == "counts":
        counts = counts[:, _kept(counts, int(params["min_cells"]), float(params["min_counts"]))]
    table = AnnData(counts)
    chosen: slice | np.ndarray = slice(None)
    n_genes = int(params["n_genes"])
    if 0 < n_genes < table.n_vars:
        if kind != "counts":
            raise NotApplicableError(
                f"chooses {n_genes} of {table.n_vars} genes by their counts, "
                f"this dataset holds {kind}"
            )
        marks = sc.pp.highly_variable_genes(
            table, flavor="seurat_v3", n_top_genes=n_genes, inplace=False
        )
        chosen = marks["highly_variable"].to_numpy()
    sc.pp.normalize_total(table, target_sum=float(params["target_sum"]))
    table = AnnData(table.X[:, chosen].toarray())
    sc.pp.scale(table)
    n_components = min(int(params["n_components"]), table.n_obs - 1, table.n_vars - 1)
    components = PCA(n_components, random_state=_PCA_SEED).fit_transform(table.X)
    return np.ascontiguousarray(components, dtype=np.float32)


def _kept(counts: sp.csr_matrix, min_cells: int, min_counts: float) -> np.ndarray:
    seen = np.asarray((counts > 0).sum(axis=0)).ravel()
    totals = np.asarray(counts.sum(axis=0)).ravel()
    kept = (seen >= min_cells) & (totals >= min_counts)
    if kept.sum() < 2:
        raise InputError(
            f"{kept.sum()} genes are detected in {min_cells} cells and {min_counts:g} times "
            "or more; lower min_cells or min_counts"
        )
    return kept
