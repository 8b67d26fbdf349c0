"""Criteria that compare the maps of methods on one tissue without true labels. Higher is better."""

from __future__ import annotations

import numpy as np


def method_weights(similarity: np.ndarray) -> np.ndarray:
    """Weights (n,) with sum 1: 1 / the sum of the ARI with all methods, itself included.

    Two copies of one method have together the weight of one method, so that near-copies do not
    vote twice. An ARI below 0 counts as 0.

    Args:
        similarity: (n, n) of ``agreement_matrix``.
    """
    weights = 1 / np.clip(similarity, 0, None).sum(axis=1)
    return weights / weights.sum()


def agreement_with_others(similarity: np.ndarray) -> np.ndarray:
    """Weighted mean ARI (n,) of each method with the other methods; NaN for a single method.

    The weights are those of ``method_weights``.
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
