"""Cells that lie within a radius of each other, and the radius for a wanted number of them."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

_PRECISION = 0.01


def radius_pairs(coords: np.ndarray, radius: float) -> np.ndarray:
    """All pairs of cells with 0 < distance <= radius; cells at the same place are not linked.

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
    """The radius at which a cell has ``n_neighbors`` others around it on average, by bisection.

    It is found to 1 percent, of the two ends the one whose mean is nearer: on a lattice of spots,
    whose positions are rounded to pixels, whole rings are taken. A radius that links no cells is
    not an answer: where many cells share places, the mean may jump from 0 to far more than wanted.
    Cells at the same place do not count. Where even all cells together are too few, all are in
    reach.

    Args:
        coords: (n, d) finite coordinates.
        n_neighbors: wanted mean, above 0.

    Returns:
        A radius in the unit of the coordinates; 0 where all cells lie at one place.
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
