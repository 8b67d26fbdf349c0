"""Ward's clustering of principal components that merges only spatial neighbors."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from stbench.common.errors import InputError, NotApplicableError
from stbench.fitting.interface import Fit, Recorder
from stbench.graphs.neighbors import knn_pairs


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Contiguous domains: scikit-learn's Ward on the graph of the ``n_neighbors`` nearest cells.

    The components are those of the preprocessed dataset. Every domain is connected, unless the
    graph itself has several components: scikit-learn joins these at their most similar cells.

    Raises:
        InputError: ``n_neighbors`` is below 1.
        NotApplicableError: fewer cells than domains.
    """
    from sklearn.cluster import AgglomerativeClustering

    n_neighbors, n = int(params["n_neighbors"]), adata.n_obs
    if n_neighbors < 1:
        raise InputError(f"ward: n_neighbors is {n_neighbors}: must be above 0")
    if n < n_domains:
        raise NotApplicableError(f"{n} cells are fewer than {n_domains} domains")
    pairs = knn_pairs(adata.obsm["spatial"], n_neighbors)
    linked = sp.csr_matrix((np.ones(len(pairs)), pairs.T), shape=(n, n))
    model = AgglomerativeClustering(n_domains, connectivity=linked + linked.T, linkage="ward")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="the number of connected components")
        labels = model.fit_predict(np.asarray(adata.obsm["X_pca"], dtype=np.float64))
    return Fit(labels=labels)
