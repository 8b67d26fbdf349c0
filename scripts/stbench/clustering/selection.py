"""The epoch that the data select: by the separation of its domains, never by true labels.

The rule is fixed and has no settings.
"""

from __future__ import annotations

import numpy as np

from stbench.common.constants import UNTRAINED_EPOCH
from stbench.graphs.smoothing import smoothed

FIRST_EPOCH = 10
WINDOW = 5  # recorded epochs
N_NEIGHBORS = 15  # as of the control smoothed_pca


def smoothed_components(components: np.ndarray, coords: np.ndarray) -> np.ndarray:
    """The points (n_cells, d) in which domains are to be separate: those of ``smoothed_pca``.

    Args:
        components: (n_cells, d) principal components of the data.
        coords: (n_cells, 2) positions.
    """
    return smoothed(components.astype(np.float64), coords, N_NEIGHBORS)


def select_epoch(epochs: np.ndarray, labels: np.ndarray, points: np.ndarray) -> int | None:
    """The epoch from ``FIRST_EPOCH`` on whose labels have the largest Calinski-Harabasz index.

    The index of an epoch is the mean over its k-means starts. It is averaged over ``WINDOW``
    recorded epochs, two on each side; fewer at the ends of the training.

    Args:
        epochs: (n_epochs,) recorded epochs, ascending; 0 = untrained.
        labels: [epoch, k-means start, cell] from 0; -1 = not clustered.
        points: of ``smoothed_components``.

    Returns:
        The epoch, the first of equals; None without a clustered epoch from ``FIRST_EPOCH`` on.
    """
    usable = (epochs > UNTRAINED_EPOCH) & (labels[:, :, 0] >= 0).all(axis=1)
    epochs, labels = epochs[usable], labels[usable]
    if not len(epochs) or epochs[-1] < FIRST_EPOCH:
        return None
    centered = points.astype(np.float64) - points.mean(axis=0, dtype=np.float64)
    index = np.array([np.mean([_separation(centered, row) for row in rows]) for rows in labels])
    smooth = running_mean(index, WINDOW)
    return int(epochs[np.argmax(np.where(epochs >= FIRST_EPOCH, smooth, -np.inf))])


def _separation(points: np.ndarray, labels: np.ndarray) -> float:
    """The Calinski-Harabasz index of labels in centered points; 0 for a single label.

    As ``calinski_harabasz_score`` of sklearn, which takes several times as long.
    """
    counts = np.bincount(labels)
    sums = (labels == np.arange(len(counts))[:, None]).astype(points.dtype) @ points
    present = counts > 0
    n_domains = int(present.sum())
    between = ((sums[present] ** 2).sum(axis=1) / counts[present]).sum()
    within = (points**2).sum() - between
    if n_domains < 2 or within <= 0:
        return 0.0
    return float(between / within * (len(labels) - n_domains) / (n_domains - 1))


def running_mean(values: np.ndarray, window: int) -> np.ndarray:
    """Means over an odd number of values around each; fewer at the ends."""
    sums, counts = (np.convolve(x, np.ones(window)) for x in (values, np.ones(len(values))))
    inside = slice(window // 2, window // 2 + len(values))
    return sums[inside] / counts[inside]
