"""GraphPCA: principal components with a penalty on differences between near cells (Yang et al.,
Genome Biology 2024), by the package st-graphpca, unmodified.

Genes are the variable ones of the preprocessed dataset, without rare ones, as Pearson residuals of
their counts, scaled. The authors cluster the components by k-means and give each cell the label
of most of its neighbors; here the benchmark clusters them like every other embedding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from stbench.common.errors import InputError
from stbench.fitting.interface import Fit, Recorder
from stbench.fitting.raw_input import need_above_zero, need_cells, raw_table
from stbench.fitting.requirements import require


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """The penalized components, (n, at most ``n_components``).

    ``lambda`` is the weight of the penalty. Up to ``exact_cells`` cells the solution is exact, with
    dense n x n matrices; above that it is the package's iterative one. Intensities are treated
    like counts, features are only scaled. The number of domains is not used.

    Raises:
        InputError: a parameter is invalid.
        NotApplicableError: the package is missing, or there are too few cells.
    """
    require("GraphPCA", package="st-graphpca")
    need_above_zero("graphpca", params, ("n_components", "n_neighbors", "lambda"))
    n_neighbors = int(params["n_neighbors"])
    need_cells(adata.n_obs, n_neighbors + 1, f"takes {n_neighbors} neighbors")
    from GraphPCA import Run_GPCA

    table = scaled_residuals(adata, int(params["min_cells"]))
    exact = adata.n_obs <= int(params["exact_cells"])
    embedding, _ = Run_GPCA(
        table,
        location=table.obsm["spatial"],
        n_components=min(int(params["n_components"]), min(table.shape)),
        n_neighbors=n_neighbors,
        _lambda=float(params["lambda"]),
        mode="exact" if exact else "iterative",  # from a fixed start
    )
    return Fit(embedding=np.asarray(embedding), info={"genes": table.n_vars, "exact": exact})


def scaled_residuals(adata: Any, min_cells: int) -> Any:
    """Scaled Pearson residuals of variable genes that are detected in ``min_cells`` cells or more.

    Raises:
        InputError: fewer than two genes are left.
    """
    import scanpy as sc

    table = raw_table(adata)
    if adata.uns["dataset"]["kind"] != "features":
        detected = np.asarray((table.X > 0).sum(axis=0)).ravel() >= min_cells
        table = table[:, detected & adata.var["highly_variable"].to_numpy()].copy()
        if table.n_vars < 2:
            raise InputError(
                f"graphpca: {table.n_vars} variable genes are detected in {min_cells} cells or "
                "more; lower min_cells"
            )
        table.X = table.X.toarray()
        sc.experimental.pp.normalize_pearson_residuals(table, check_values=False)
        table.X = np.nan_to_num(table.X)  # cells without counts in these genes
    sc.pp.scale(table)
    return table
