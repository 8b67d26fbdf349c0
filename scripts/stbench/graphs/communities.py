"""Communities of a nearest-neighbor graph, with the resolution bisected to a requested number."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import igraph

_NEIGHBORS = 15
_MAX_RESOLUTION, _MAX_BISECTIONS, _FINEST = 5.0, 100, 1e-9


def communities(
    points: np.ndarray, n_domains: int, how: str, seed: int
) -> tuple[np.ndarray, float]:
    """Louvain or Leiden communities of the 15-nearest-neighbor graph (union, unweighted).

    The resolution of modularity is bisected until it gives the requested number of communities.

    Args:
        points: (n_cells, d).
        n_domains: requested number of communities.
        how: ``louvain`` or ``leiden``.
        seed: seed of the optimizer, the same for every resolution.

    Returns:
        Labels (n_cells,) int64 with the number of communities closest to the requested one (the
        first on ties), and their resolution.
    """
    graph = neighbor_graph(points)
    return bisected(lambda resolution: _detect(graph, how, resolution, seed), n_domains)


def bisected(labels_at: Callable[[float], np.ndarray], n_domains: int) -> tuple[np.ndarray, float]:
    """Bisect a resolution in [0, 5], at most 100 times, until it gives the requested number.

    Args:
        labels_at: from a resolution to labels (n_cells,), integers from 0 without gaps.
        n_domains: requested number of communities.

    Returns:
        Labels with the number of communities closest to the requested one (the first on ties), and
        their resolution.
    """
    low, high = 0.0, _MAX_RESOLUTION
    best, best_resolution = labels_at(0.0), 0.0
    for _ in range(_MAX_BISECTIONS):
        if best.max() + 1 == n_domains or high - low < _FINEST:
            break
        resolution = (low + high) / 2
        labels = labels_at(resolution)
        n_communities = labels.max() + 1
        if abs(n_communities - n_domains) < abs(best.max() + 1 - n_domains):
            best, best_resolution = labels, resolution
        low, high = (resolution, high) if n_communities < n_domains else (low, resolution)
    return best, best_resolution


def neighbor_graph(points: np.ndarray) -> igraph.Graph:
    """Undirected graph that joins each cell with its 15 nearest others in the embedding."""
    import igraph
    from sklearn.neighbors import NearestNeighbors

    n_cells = len(points)
    k = min(_NEIGHBORS, n_cells - 1)
    if k == 0:
        return igraph.Graph(n_cells)
    nearest = NearestNeighbors(n_neighbors=k).fit(points).kneighbors(return_distance=False)
    edges = np.column_stack([np.repeat(np.arange(n_cells), k), nearest.ravel()])
    return igraph.Graph(n_cells, np.unique(np.sort(edges, axis=1), axis=0))


def _detect(graph: igraph.Graph, how: str, resolution: float, seed: int) -> np.ndarray:
    import igraph

    igraph.set_random_number_generator(random.Random(seed))  # noqa: S311
    if how == "louvain":
        partition = graph.community_multilevel(resolution=resolution)
    else:
        partition = graph.community_leiden(
            objective_function="modularity", resolution=resolution, n_iterations=-1
        )
    return np.asarray(partition.membership)
