"""Communities of STAGUE's embedding by its original's recipe, for its command line."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import igraph

_MAX_RESOLUTION, _MAX_BISECTIONS = 5.0, 100


def scanpy_communities(embedding: np.ndarray, n_clusters: int, how: str) -> np.ndarray | None:
    """Louvain or Leiden communities of scanpy's graph, resolution searched.

    As in STAGUE's ``run_leiden`` and ``run_louvain`` (Nie et al., Advanced Science 2024):
    principal components of the embedding, scanpy's weighted 15-nearest-neighbor graph (on the
    components where the embedding has more than 50 columns), the resolution bisected in [0, 5].
    Leiden is leidenalg, as scanpy calls it. Louvain is igraph's, because the package louvain is no
    longer maintained; it optimizes the same modularity.

    Args:
        embedding: (n_cells, d).
        n_clusters: requested number of communities.
        how: ``louvain`` or ``leiden``.

    Returns:
        Labels (n_cells,) int64, from 0 by falling size; None if no resolution gives the
        requested number.
    """
    import scanpy as sc
    from anndata import AnnData

    from stbench.graphs.compiled import keep_compiled

    keep_compiled()
    adata = AnnData(embedding)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sc.tl.pca(adata)
        sc.pp.neighbors(adata)
        graph = _weighted(adata.obsp["connectivities"])
        low, high = 0.0, _MAX_RESOLUTION
        for _ in range(_MAX_BISECTIONS):
            resolution = (low + high) / 2
            labels = _detect(adata, graph, how, resolution)
            n_communities = len(np.unique(labels))
            if n_communities == n_clusters:
                return labels
            low, high = (low, resolution) if n_communities > n_clusters else (resolution, high)
    return None


def _detect(adata: Any, graph: igraph.Graph, how: str, resolution: float) -> np.ndarray:
    import random

    import igraph
    import scanpy as sc

    if how == "leiden":
        sc.tl.leiden(adata, resolution=resolution, flavor="leidenalg")
        return adata.obs["leiden"].astype(int).to_numpy()
    igraph.set_random_number_generator(random.Random(0))  # noqa: S311
    partition = graph.community_multilevel(weights="weight", resolution=resolution)
    return np.asarray(partition.membership)


def _weighted(connectivities: Any) -> igraph.Graph:
    import igraph
    import scipy.sparse as sp

    upper = sp.triu(connectivities, k=1).tocoo()
    edges = np.column_stack([upper.row, upper.col])
    return igraph.Graph(connectivities.shape[0], edges, edge_attrs={"weight": upper.data})
