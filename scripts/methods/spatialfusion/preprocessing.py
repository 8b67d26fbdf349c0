"""Input of GraphST and of methods derived from it (Long et al., Nature Communications 2023)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from stbench.common.errors import InputError, NotApplicableError


def scaled_expression(adata: Any, params: Mapping[str, Any]) -> np.ndarray:
    """Variable genes; totals scaled, logged, divided by their standard deviation and clipped.

    Genes are chosen by seurat_v3 on the counts, before the totals of all genes are scaled; a
    panel of at most ``n_genes`` is used whole. Values are not centered. Intensities are treated the
    same way, but without choice of genes; features are used unchanged.

    Args:
        adata: a preprocessed dataset, see ``stbench.data.preprocessing``.
        params: ``n_genes`` to choose, ``target_sum`` of a cell and ``max_value`` to clip at.

    Returns:
        (n, genes) dense float32.

    Raises:
        InputError: seurat_v3 fails on these counts.
        NotApplicableError: genes must be chosen, which needs counts.
    """
    values, kind = adata.layers["counts"], adata.uns["dataset"]["kind"]
    if kind == "features":
        return np.ascontiguousarray(_dense(values), dtype=np.float32)
    return scaled_genes(values, kind, params)[0]


def scaled_genes(
    values: Any, kind: str, params: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """``scaled_expression`` of counts or intensities (n, all genes).

    Returns:
        (n, chosen genes) dense float32, and the mask of the chosen genes (all genes,).
    """
    import scanpy as sc
    from anndata import AnnData

    table = AnnData(sp.csr_matrix(values, dtype=np.float32))
    chosen = np.ones(table.n_vars, dtype=bool)
    n_genes = int(params["n_genes"])
    if table.n_vars > n_genes:
        if kind != "counts":
            raise NotApplicableError(
                f"chooses {n_genes} of {table.n_vars} genes by their counts, "
                f"this dataset holds {kind}"
            )
        try:
            marks = sc.pp.highly_variable_genes(
                table, flavor="seurat_v3", n_top_genes=n_genes, inplace=False
            )
        except ValueError as error:  # its local regression has too few different means
            raise InputError(
                f"seurat_v3 cannot choose {n_genes} of {table.n_vars} genes here ({error}); "
                "raise n_genes to use all of them"
            ) from error
        chosen = marks["highly_variable"].to_numpy()
    sc.pp.normalize_total(table, target_sum=float(params["target_sum"]))
    sc.pp.log1p(table)
    sc.pp.scale(table, zero_center=False, max_value=float(params["max_value"]))
    return np.ascontiguousarray(_dense(table.X[:, chosen]), dtype=np.float32), chosen


def _dense(values: Any) -> np.ndarray:
    return values.toarray() if sp.issparse(values) else np.asarray(values)
