"""Neighbors in space from a k-d tree: nearest cells, kNN graph, STAGUE's candidate pairs.

There are no n x n arrays: time is about n log n, memory about n times the number of neighbors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from stbench.common.errors import InputError

_ROWS_AT_ONCE = 4096
_SPARSE_CAP = 1000


def knn(coords: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest other cells of every cell, nearest first.

    A cell is never its own neighbor, also where several cells are at the same position. Ties are
    broken by the smaller cell number, so the result does not depend on the tree.

    Args:
        coords: (n, d) finite coordinates.
        k: number of neighbors; at most n - 1 are returned.

    Returns:
        distances (n, k) float64 and indices (n, k) int64.
    """
    coords = np.ascontiguousarray(coords, dtype=np.float64)
    n = len(coords)
    k = max(min(k, n - 1), 0)
    distances = np.zeros((n, k))
    indices = np.zeros((n, k), dtype=np.int64)
    if k == 0:
        return distances, indices
    tree = cKDTree(coords)
    open_rows = np.arange(n)
    asked = min(k + 8, n)
    while len(open_rows):
        unresolved = []
        for start in range(0, len(open_rows), _ROWS_AT_ONCE):
            rows = open_rows[start : start + _ROWS_AT_ONCE]
            distance, index = tree.query(coords[rows], asked)
            # A tie at the last queried neighbor may include more cells.
            tied = (distance[:, k] >= distance[:, -1]) if asked < n else np.zeros(len(rows), bool)
            unresolved.append(rows[tied])
            distance[index == rows[:, None]] = np.inf  # the cell itself comes last
            order = np.lexsort((index, distance))[:, :k]
            distances[rows] = np.take_along_axis(distance, order, 1)
            indices[rows] = np.take_along_axis(index, order, 1)
        open_rows = np.concatenate(unresolved)
        asked = min(2 * asked, n)
    return distances, indices


def knn_pairs(coords: np.ndarray, k: int) -> np.ndarray:
    """The symmetrized kNN graph (union) as undirected pairs.

    Returns:
        (m, 2) int64, each pair once with the smaller cell first, sorted.
    """
    _, neighbors = knn(coords, k)
    cells = np.repeat(np.arange(len(neighbors)), neighbors.shape[1])
    pairs = np.sort(np.column_stack([cells, neighbors.ravel()]), axis=1)
    return np.unique(pairs, axis=0)


@dataclass(frozen=True)
class CandidatePairs:
    """Pairs of cells that STAGUE's graph learner scores.

    Attributes:
        pairs: (m, 2) int64, each pair once with the smaller cell first, sorted.
        distances: (m,) float32, in the unit of the coordinates.
        cut: the largest distance of a candidate.
    """

    pairs: np.ndarray
    distances: np.ndarray
    cut: float


def candidate_pairs(coords: np.ndarray, k: int, sparse: bool = False) -> CandidatePairs:
    """Pairs closer than the median distance to the k-th nearest other cell (STAGUE).

    Coordinates are rounded to float32; distances are computed in float64 and rounded to float32
    before they are compared with the cut: the pairs that define the cut are exactly on it.

    Args:
        coords: (n, d) finite coordinates.
        k: rank of the neighbor whose distance defines the cut; n - 1 if there are fewer cells.
        sparse: False: the lower median, and cells at the same position are not candidates of each
            other. True (the original's sparse learner): the true median, cells at the same
            position are candidates, and each cell proposes at most its 1000 nearest (a pair that
            only one of its cells proposes is kept, with the same score).

    Raises:
        InputError: fewer than two cells, or most cells have k others at the same position.
    """
    rounded = np.asarray(coords, dtype=np.float32).astype(np.float64)
    n = len(rounded)
    if n < 2:
        raise InputError(f"{n} cells: at least 2 are needed for a cell graph")
    kth = knn(rounded, k)[0][:, -1].astype(np.float32)
    cut = np.float32(np.median(kth)) if sparse else np.partition(kth, (n - 1) // 2)[(n - 1) // 2]
    if not cut > 0:
        raise InputError(
            f"coordinates: most cells have {min(k, n - 1)} others at the same position; "
            "check the coordinates or raise k"
        )
    pairs = cKDTree(rounded).query_pairs(float(cut) * (1 + 1e-6), output_type="ndarray")
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].astype(np.int64)
    distances = np.linalg.norm(rounded[pairs[:, 0]] - rounded[pairs[:, 1]], axis=1)
    distances = distances.astype(np.float32)
    within = (distances <= cut) if sparse else (distances <= cut) & (distances > 0)
    if sparse:
        within &= _proposed(pairs, distances, n)
    return CandidatePairs(pairs[within], distances[within], float(cut))


def _proposed(pairs: np.ndarray, distances: np.ndarray, n: int) -> np.ndarray:
    """Pairs in which at least one cell has the other among its 1000 nearest."""
    cell = np.concatenate([pairs[:, 0], pairs[:, 1]])
    other = np.concatenate([pairs[:, 1], pairs[:, 0]])
    order = np.lexsort((other, np.concatenate([distances, distances]), cell))
    first = np.searchsorted(cell[order], np.arange(n))
    rank = np.empty(len(cell), dtype=np.int64)
    rank[order] = np.arange(len(cell)) - first[cell[order]]
    return np.logical_or(*(rank < _SPARSE_CAP).reshape(2, -1))
