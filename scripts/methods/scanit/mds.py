"""Metric multidimensional scaling by SMACOF (de Leeuw 1977), in blocks of rows.

The caller gives all settings, so a result does not change with a library's defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

Distances = Callable[[int, int], np.ndarray]
"""``distances(start, stop)``: (stop - start, n) target distances of these rows to all n."""

_BLOCK_VALUES = 2**22
_KEPT_VALUES = 2**26


class Scaling(NamedTuple):
    """Points (n, p), half the sum of (distance - target)^2 over ordered pairs, updates."""

    points: np.ndarray
    stress: float
    updates: int


def mean_distances(embeddings: Sequence[np.ndarray]) -> Distances:
    """Euclidean distances averaged over embeddings (n, d) of the same cells.

    The most recent blocks are cached up to half a gigabyte (all of them for 8000 cells), others are
    computed again, so memory is linear in the number of cells.
    """
    values = [np.asarray(embedding, dtype=np.float64) for embedding in embeddings]

    @lru_cache(maxsize=max(1, _KEPT_VALUES // _BLOCK_VALUES))
    def rows(start: int, stop: int) -> np.ndarray:
        return np.mean([_distances(points, start, stop) for points in values], axis=0)

    return rows


def uniform_start(n: int, dimensions: int, seed: int) -> np.ndarray:
    """(n, dimensions) uniform on [0, 1): the start of scikit-learn 1.9 on one core."""
    return np.random.RandomState(seed).uniform(size=(n, dimensions))


def smacof(targets: Distances, start: np.ndarray, max_updates: int, eps: float) -> Scaling:
    """Move points to minimize the difference between their distances and the target distances.

    An update replaces Y by B Y / n, with B_ij = -target_ij / distance_ij off the diagonal and rows
    that sum to zero. The first update whose decrease of stress, divided by half the sum of squared
    distances over ordered pairs, is below ``eps`` is the last one.

    Args:
        targets: symmetric, zero for a point and itself.
        start: (n, p).
    """
    points, before = np.asarray(start, dtype=np.float64), np.inf
    for update in range(max_updates + 1):
        moved, stress, squares = _update(targets, points)
        if update == max_updates or before - stress < eps * squares:
            break
        points, before = moved, stress
    return Scaling(points, stress, update)


def _update(targets: Distances, points: np.ndarray) -> tuple[np.ndarray, float, float]:
    """The points after one update; stress and half the sum of squared distances before it."""
    n = len(points)
    moved = np.empty_like(points)
    stress = squares = 0.0
    rows = max(1, _BLOCK_VALUES // n)
    for start in range(0, n, rows):
        stop = min(start + rows, n)
        target, distance = targets(start, stop), _distances(points, start, stop)
        stress += np.square(distance - target).sum() / 2
        squares += np.square(distance).sum() / 2
        ratio = np.divide(target, distance, out=np.zeros_like(distance), where=distance > 0)
        total = ratio.sum(axis=1, keepdims=True)
        moved[start:stop] = (total * points[start:stop] - ratio @ points) / n
    return moved, float(stress), float(squares)


def _distances(points: np.ndarray, start: int, stop: int) -> np.ndarray:
    """(stop - start, n) distances of some points to all, exactly zero to themselves."""
    norm = np.square(points).sum(axis=1)
    squared = norm[start:stop, None] + norm - 2 * (points[start:stop] @ points.T)
    np.maximum(squared, 0, out=squared)
    squared[np.arange(stop - start), np.arange(start, stop)] = 0
    return np.sqrt(squared, out=squared)
