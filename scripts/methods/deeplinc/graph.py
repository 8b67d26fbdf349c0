"""DeepLinc's cell graph: nearest cells in space, without the longest links (Li and Yang, Genome
Biology 2022); its adjacency matrix and symmetric normalization."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.spatial import cKDTree

from stbench.graphs.neighbors import knn

_SLACK = 1 + 1e-9  # tolerance for the rounding of the tree's distances


def tied_neighbors(coords: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For every cell, all others that are as near as its k-th nearest other, ties included.

    Args:
        coords: (n, d) finite coordinates, at least two cells.
        k: number of neighbors; n - 1 where there are fewer cells.

    Returns:
        cell and neighbor (m,) int64, sorted, and their distance (m,) float64.
    """
    coords = np.ascontiguousarray(coords, dtype=np.float64)
    n, k = len(coords), min(k, len(coords) - 1)
    reach = knn(coords, k)[0][:, -1] * _SLACK
    found = cKDTree(coords).query_ball_point(coords, reach, return_sorted=True)
    cells = np.repeat(np.arange(n), [len(others) for others in found])
    others = np.concatenate(found).astype(np.int64)
    cells, others = cells[cells != others], others[cells != others]
    # Ties are compared by distances that are all computed the same way.
    distances = np.sqrt(((coords[cells] - coords[others]) ** 2).sum(axis=1))
    by_distance = distances[np.lexsort((distances, cells))]
    kth = by_distance[np.searchsorted(cells, np.arange(n)) + k - 1]
    kept = distances <= kth[cells]
    return cells[kept], others[kept], distances[kept]


def short_links(coords: np.ndarray, k: int, cutoff: float) -> tuple[np.ndarray, float]:
    """Pairs in which one cell is a neighbor of the other, strictly shorter than the cutoff.

    On a perfect lattice all distances are equal, so none is shorter than any of their quantiles and
    the graph is empty.

    Args:
        coords: (n, d) finite coordinates, at least two cells.
        k: see ``tied_neighbors``.
        cutoff: below 1: the quantile (linear) of the distances of all cells to their neighbors, in
            which mutual neighbors count twice; from 1 on: a distance.

    Returns:
        (m, 2) int64, each pair once with the smaller cell first, sorted; the cutoff as a distance.
    """
    cells, others, distances = tied_neighbors(coords, k)
    distance = float(np.quantile(distances, cutoff)) if cutoff < 1 else float(cutoff)
    short = distances < distance
    pairs = np.sort(np.column_stack([cells[short], others[short]]), axis=1)
    return np.unique(pairs, axis=0), distance


def adjacency(pairs: np.ndarray, n: int, loops: bool = False) -> sp.csr_matrix:
    """(n, n) CSR with a one for both directions of each of the (m, 2) distinct pairs.

    Args:
        loops: whether every cell is also linked to itself.
    """
    cells = np.arange(n if loops else 0)
    rows = np.concatenate([pairs[:, 0], pairs[:, 1], cells])
    columns = np.concatenate([pairs[:, 1], pairs[:, 0], cells])
    return sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(n, n))


def normalized(graph: sp.csr_matrix) -> sp.csr_matrix:
    """D^-1/2 A D^-1/2 with the weighted degree D; cells without links keep none."""
    degree = np.asarray(graph.sum(axis=1), dtype=np.float64).ravel()
    scale = 1 / np.sqrt(np.where(degree > 0, degree, np.inf))
    return sp.csr_matrix(sp.diags_array(scale) @ graph @ sp.diags_array(scale))
