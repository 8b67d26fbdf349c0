"""Nearest cells by the correlation of their features, in blocks of rows."""

from __future__ import annotations

import numpy as np

_VALUES_AT_ONCE = 2**23
_DECIMALS = 12


def nearest_by_correlation(features: np.ndarray, k: int) -> np.ndarray:
    """The k other cells whose features correlate most with a cell's, most correlated first.

    Time grows with the square of the number of cells, memory linearly. Correlations are computed in
    float64 and rounded to 12 decimals: copies of a cell are equally near, regardless of the order
    of summation, and the smaller cell number comes first. A cell whose features are all equal has
    correlation 0 with all others.

    Args:
        features: (n, d) finite values.
        k: number of neighbors; at most n - 1 are returned.

    Returns:
        (n, min(k, n - 1)) int64.
    """
    rows = features.astype(np.float64)
    rows -= rows.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    np.divide(rows, norms, out=rows, where=norms > 0)
    n = len(rows)
    k = max(min(k, n - 1), 0)
    nearest = np.empty((n, k), dtype=np.int64)
    if k == 0:
        return nearest
    step = max(1, _VALUES_AT_ONCE // n)
    for start in range(0, n, step):
        distance = 1 - np.round(rows[start : start + step] @ rows.T, _DECIMALS)
        here = np.arange(len(distance))
        distance[here, start + here] = np.inf  # never its own neighbor
        limit = np.partition(distance, k - 1, axis=1)[:, k - 1 : k]
        row, column = np.nonzero(distance <= limit)  # more than k where the last place is tied
        order = np.lexsort((column, distance[row, column], row))
        first = np.searchsorted(row[order], here)
        nearest[start : start + step] = column[order][first[:, None] + np.arange(k)]
    return nearest
