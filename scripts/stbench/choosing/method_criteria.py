"""Criteria that compare the maps of methods on one tissue without true labels. Higher is better."""

from __future__ import annotations

import numpy as np

from stbench.maps.consensus import method_weights


def agreement_with_others(similarity: np.ndarray) -> np.ndarray:
    """Weighted mean ARI (n,) of each method with the other methods; NaN for a single method.

    The weights are those of ``stbench.maps.consensus.method_weights``.
    """
    weights = np.tile(method_weights(similarity), (len(similarity), 1))
    np.fill_diagonal(weights, 0)
    with np.errstate(invalid="ignore"):
        return (weights * similarity).sum(axis=1) / weights.sum(axis=1)


def continuity(labels: np.ndarray, neighbors: np.ndarray) -> float:
    """Share of the neighbors of a cell that have its label, from 0 to 1.

    A smooth map can be wrong: the control ``coordinates``, which sees no expression, is smoothest.

    Args:
        labels: (n_cells,).
        neighbors: (n_cells, k) nearest other cells.
    """
    return float((labels[neighbors] == labels[:, None]).mean())
