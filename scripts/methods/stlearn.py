"""stLearn without an image: expression averaged over near spots, components, k-means (Pham et al.,
Nature Communications 2023), by the package stlearn.

The package takes six of the spots within three units, of equal weight, by an unstable sort, so the
result depends on the order of the cells and most of the six are not adjacent.

stLearn's smoothing can weight neighbors by location, expression and tissue morphology. This uses
location alone (``weights: physical_distance``), as the package's own tutorial does for human
cortex; no image is used. The package computes all weights, regardless of the requested ones: a
constant replaces the morphology, which these weights do not use. It holds several dense
spots x spots matrices.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from stbench.common.errors import NotApplicableError
from stbench.fitting.interface import Fit, Recorder
from stbench.fitting.requirements import require
from stbench.graphs.lattice import lattice_of


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Components of smoothed log-normalized expression, (n, at most ``n_components``), and k-means.

    Genes detected in fewer than ``min_cells`` spots are left out. The lattice of the spots is
    derived from their coordinates, because the package needs it to find adjacent spots.

    Raises:
        NotApplicableError: the package is missing, the spots form no hexagonal lattice, or the
            dataset has no expression.
    """
    require("stlearn", "stlearn")
    if adata.uns["dataset"]["kind"] == "features":
        raise NotApplicableError("needs expression, this dataset holds features")
    lattice = lattice_of(adata)
    if lattice is None or lattice.kind != "hexagonal":
        raise NotApplicableError("needs the hexagonal lattice of 10x Visium")
    import stlearn as st
    from anndata import AnnData

    values = sp.csr_matrix(adata.X, dtype=np.float32)
    seen = np.asarray((values > 0).sum(axis=0)).ravel() >= int(params["min_cells"])
    table = AnnData(values[:, seen])
    table.obs["array_row"], table.obs["array_col"] = lattice.row, lattice.col
    # Neighbors in a row are two columns apart; the package derives the pitch.
    table.obs["imagerow"] = lattice.row * np.sqrt(3.0)
    table.obs["imagecol"] = lattice.col.astype(np.float64)
    n_components = min(int(params["n_components"]), table.n_obs - 1, table.n_vars - 1)
    st.em.run_pca(table, n_comps=n_components, random_state=seed)
    table.obsm["X_morphology"] = np.ones((table.n_obs, 1))
    st.spatial.SME.SME_normalize(table, use_data="raw", weights=str(params["weights"]))
    smoothed = AnnData(table.obsm["raw_SME_normalized"].astype(np.float32))
    st.pp.scale(smoothed)
    st.em.run_pca(smoothed, n_comps=n_components, random_state=seed)
    st.tl.clustering.kmeans(
        smoothed, n_clusters=n_domains, use_data="X_pca", key_added="domain", random_state=seed
    )
    return Fit(
        embedding=smoothed.obsm["X_pca"],
        labels=smoothed.obs["domain"].astype(int).to_numpy(),
        info={"genes": int(seen.sum()), "weights": str(params["weights"])},
    )
