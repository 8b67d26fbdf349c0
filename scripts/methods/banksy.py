"""BANKSY: expression of a cell and of its neighborhood (Singhal et al., Nature Genetics 2024), by
the package pybanksy.

Each gene has three features: its z-score, the mean over nearby cells with weights that decrease
with distance, and the magnitude of the gradient (an azimuthal Gabor filter) over twice as many
cells. The features are weighted by lambda and reduced to principal components, which the benchmark
clusters like every other embedding. In version 1.3.5 the gradient is that of uncentered expression:
the package passes ``variance_balance`` in the position of ``center``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from stbench.common.errors import NotApplicableError
from stbench.fitting.interface import Fit, Recorder
from stbench.fitting.requirements import require


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """BANKSY's components of log-normalized expression, (n, at most ``n_components``).

    The genes are the variable genes of the preprocessed dataset; constant genes are left out.
    ``lambda`` is the weight of the neighborhood (0.8 finds domains, 0.2 cell types), ``k_geom``
    the number of neighbors, ``max_m`` the highest order of the filter. The number of domains is
    not used.

    Raises:
        NotApplicableError: pybanksy is missing, or there are too few cells.
    """
    require("banksy", package="pybanksy")
    order, k_geom = int(params["max_m"]), int(params["k_geom"])
    if adata.n_obs <= k_geom * (order + 1):
        raise NotApplicableError(
            f"needs more than {k_geom * (order + 1)} cells, this dataset has {adata.n_obs}"
        )
    from anndata import AnnData
    from banksy.embed_banksy import generate_banksy_matrix
    from banksy.initialize_banksy import initialize_banksy
    from sklearn.decomposition import PCA

    chosen = adata.X[:, adata.var["highly_variable"].to_numpy()]
    values = np.asarray(chosen.toarray() if sp.issparse(chosen) else chosen, dtype=np.float64)
    table = AnnData(values[:, values.std(axis=0) > 0])
    table.obsm["spatial"] = np.asarray(adata.obsm["spatial"])
    no_plots = dict.fromkeys(
        ("plt_edge_hist", "plt_nbr_weights", "plt_agf_angles", "plt_theta"), False
    )
    graphs = initialize_banksy(
        table,
        ("x", "y", "spatial"),
        num_neighbours=k_geom,
        nbr_weight_decay=str(params["decay"]),
        max_m=order,
        **no_plots,
    )
    weight = float(params["lambda"])
    _, matrix = generate_banksy_matrix(table, graphs, [weight], max_m=order, verbose=False)
    n_components = min(int(params["n_components"]), matrix.n_obs - 1, matrix.n_vars - 1)
    # Only the start of the solver is random, and it is fixed.
    embedding = PCA(n_components, random_state=0).fit_transform(matrix.X)
    return Fit(embedding=embedding, info={"genes": table.n_vars})
