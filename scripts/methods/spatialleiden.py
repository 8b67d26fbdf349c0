"""SpatialLeiden: communities of two graphs at once, of similar and of near cells (Müller-Bötticher
et al., Genome Biology 2025), by the package spatialleiden, unmodified.

The graph of similar cells is scanpy's, of the components of the preprocessed dataset. Near cells
are those on a lattice around a spot, else the nearest ones, the nearer the stronger linked, as in
the package's guide. The package searches for the resolutions that give the requested number of
domains.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from stbench.fitting.interface import Fit, Recorder
from stbench.fitting.raw_input import need_above_zero, need_cells
from stbench.fitting.requirements import require
from stbench.graphs.compiled import keep_compiled
from stbench.graphs.lattice import adjacent, lattice_of
from stbench.graphs.neighbors import knn


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """The labels of the package's search; their number may differ if it does not find it.

    ``n_similar`` and ``n_near`` are numbers of neighbors, ``layer_ratio`` is the weight of the
    graph of near cells relative to that of similar ones.

    Raises:
        InputError: a parameter is not above 0.
        NotApplicableError: the package is missing, or there are fewer cells than domains.
    """
    require("spatialleiden")
    need_above_zero("spatialleiden", params, ("n_similar", "n_near", "layer_ratio"))
    need_cells(adata.n_obs, max(n_domains, 3), f"makes {n_domains} clusters")
    import scanpy as sc
    from anndata import AnnData
    from spatialleiden import search_resolution

    table = AnnData(
        np.zeros((adata.n_obs, 0), np.float32), obsm={"X_pca": np.asarray(adata.obsm["X_pca"])}
    )
    n_similar = min(int(params["n_similar"]), adata.n_obs - 1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Correct resolution not found")
        keep_compiled()
        sc.pp.neighbors(table, n_similar, use_rep="X_pca", random_state=seed)
        resolutions = search_resolution(
            table,
            n_domains,
            latent_kwargs={"random_state": seed},
            spatial_kwargs={
                "spatial_neighbors": near_cells(adata, int(params["n_near"])),
                "layer_ratio": float(params["layer_ratio"]),
                "random_state": seed,
            },
        )
    labels = table.obs["spatialleiden"].cat.codes.to_numpy()
    similar, near = map(float, resolutions)
    found = len(np.unique(labels))
    return Fit(
        labels=labels,
        info={"domains": found, "resolution_similar": similar, "resolution_near": near},
    )


def near_cells(adata: Any, n_near: int) -> sp.csr_matrix:
    """Weights of links to near cells, one row per cell.

    On a lattice all weights are 1. Elsewhere they decrease with distance, to 0 at the largest.
    """
    lattice, n = lattice_of(adata), adata.n_obs
    if lattice is not None:
        pairs = adjacent(lattice)
        links = sp.csr_matrix((np.ones(len(pairs)), pairs.T), shape=(n, n))
        return links + links.T
    distances, indices = knn(adata.obsm["spatial"], n_near)
    rows = np.arange(0, indices.size + 1, indices.shape[1])
    graph = sp.csr_matrix((distances.ravel(), indices.ravel(), rows), (n, n))
    if distances.max() > 0:
        graph.data = 1 - graph.data / distances.max()  # the package's distance2connectivity
    return graph
