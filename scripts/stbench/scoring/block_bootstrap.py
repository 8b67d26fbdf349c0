"""The noise of cells: a spatial block bootstrap of the ARI, in closed form.

A section is one draw of a tissue, and errors of neighboring cells are alike, so blocks of
neighboring cells are drawn with replacement, not cells. To first order, the ARI of a draw is that
of the section plus the contributions of the drawn blocks, so the variance over all draws is a sum
of squares and needs no random numbers. All methods are cut into the same blocks: contributions to a
difference of scores are differences of contributions.
"""

from __future__ import annotations

import numpy as np

_FEWEST = 6  # blocks; a variance of fewer is itself too uncertain


def ari_contributions(true: np.ndarray, predicted: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """The contribution of each block of cells to the mean ARI of several clusterings.

    It is the change of the ARI if the block is left out (jackknife), scaled so that the sum of its
    squares is the variance of a bootstrap of blocks.

    Args:
        true: (n,) codes of true domains, at least 0.
        predicted: (n_clusterings, n) labels.
        blocks: (n,) the block of each cell, of ``stbench.scoring.blocks.spatial_blocks``.

    Returns:
        (n_blocks,) float32, mean 0.
    """
    n_blocks = int(blocks.max()) + 1
    if n_blocks < 2:
        return np.zeros(n_blocks, np.float32)
    without = np.mean([_without_each(true, labels, blocks) for labels in predicted], axis=0)
    scaled = (without.mean() - without) * (n_blocks - 1) / n_blocks
    return scaled.astype(np.float32)


def block_noise(contributions: np.ndarray) -> tuple[float, float]:
    """The variance of a score over draws of blocks, and its degrees of freedom.

    If the errors of neighboring blocks are alike too, larger blocks give a larger variance. So
    neighboring blocks are also joined by 2, 4 and 8, and the largest of the variances counts.

    Args:
        contributions: (n_blocks,) of ``ari_contributions``, or sums or differences of these.
    """
    variance, freedom = 0.0, 1.0
    for size in (1, 2, 4, 8):
        sums = np.add.reduceat(contributions, np.arange(0, len(contributions), size))
        n = len(sums)
        if n < 2 or (size > 1 and n < _FEWEST):
            break
        found = float(((sums - sums.mean()) ** 2).sum()) * n / (n - 1)
        if found > variance:
            variance, freedom = found, n - 1
    return variance, freedom


def _without_each(true: np.ndarray, predicted: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """The ARI of the cells outside each block: (n_blocks,)."""
    names, codes = np.unique(predicted, return_inverse=True)
    shape = (int(blocks.max()) + 1, int(true.max()) + 1, len(names))
    places = np.ravel_multi_index((blocks, true, codes), shape)
    tables = np.bincount(places, minlength=int(np.prod(shape))).reshape(shape)
    rest = (tables.sum(axis=0) - tables).astype(np.float64)
    together = _pairs(rest).sum(axis=(1, 2))
    in_true = _pairs(rest.sum(axis=2)).sum(axis=1)
    in_predicted = _pairs(rest.sum(axis=1)).sum(axis=1)
    chance = in_true * in_predicted / _pairs(rest.sum(axis=(1, 2)))
    most = (in_true + in_predicted) / 2
    same = most == chance  # both have a single domain
    return np.where(same, 1.0, (together - chance) / np.where(same, 1.0, most - chance))


def _pairs(counts: np.ndarray) -> np.ndarray:
    return counts * (counts - 1) / 2
