"""How far labelings of the same cells agree. The names of labels do not matter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stbench.scoring.metrics import ari


def agreement_matrix(labelings: Sequence[np.ndarray]) -> np.ndarray:
    """ARI (n, n) of every pair of labelings (n_cells,); cells with -1 on a side do not count."""
    matrix = np.eye(len(labelings))
    for i, one in enumerate(labelings):
        for j, other in enumerate(labelings[:i]):
            both = (one >= 0) & (other >= 0)
            matrix[i, j] = matrix[j, i] = ari(one[both], other[both])
    return matrix


def mean_agreement(labelings: Sequence[np.ndarray]) -> float:
    """Mean ARI over the pairs of labelings (n_cells,); NaN for fewer than two."""
    n = len(labelings)
    if n < 2:
        return np.nan
    return float((agreement_matrix(labelings).sum() - n) / (n * (n - 1)))
