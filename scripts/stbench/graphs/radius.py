"""Pairs of cells within a radius, and the radius for a requested number of neighbors."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

_PRECISION = 0.01


def radius_pairs(coords: np.ndarray, radius: float) -> np.ndarray:
    """All pairs of cells with 0 < distance <= radius; cells at the same position are not linked.

    Args:
        coords: (n, d) finite coordinates.
        radius: in the unit of the coordinates.

    Returns:
        (m, 2) int64, each pair once with the smaller cell first, sorted.
    """
    coords = np.asarray(coords, dtype=np.float64)
    pairs = cKDTree(coords).query_pairs(radius * (1 + 1e-9), output_type="ndarray")
    distances = np.sqrt(((coords[pairs[:, 0]] - coords[pairs[:, 1]]) ** 2).sum(axis=1))
    pairs = pairs[(distances > 0) & (distances <= radius)]
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].astype(np.int64)


def radius_for(coords: np.ndarray, n_neighbors: float) -> float:
    """The radius at which a cell has ``n_neighbors`` neighbors on average, by bisection.

    Its precision is 1 percent; of the two ends of the interval, the one whose mean is nearer: on a
    lattice of spots with positions rounded to pixels, this includes whole rings. The radius always
    links some cells: where many cells share positions, the mean may jump from 0 to far above the
    requested one. Cells at the same position do not count. If there are too few cells, all of them
    are within the radius.

    Args:
        coords: (n, d) finite coordinates.
        n_neighbors: requested mean, above 0.

    Returns:
        A radius in the unit of the coordinates; 0 if all cells are at the same position.
    """
    coords = np.asarray(coords, dtype=np.float64)
    tree, n = cKDTree(coords), len(coords)
    coincident = int(tree.count_neighbors(tree, 0.0))

    def mean(radius: float) -> float:
        return (int(tree.count_neighbors(tree, radius)) - coincident) / n

    low, high = 0.0, float(np.linalg.norm(np.ptp(coords, axis=0)))
    if mean(high) <= n_neighbors:
        return high
    while high - low > _PRECISION * high:
        middle = (low + high) / 2
        low, high = (middle, high) if mean(middle) <= n_neighbors else (low, middle)
    nearer = low if n_neighbors - mean(low) <= mean(high) - n_neighbors else high
    return nearer if mean(nearer) > 0 else high
