"""The mean silhouette of labels among points, on a bounded number of cells."""

from __future__ import annotations

import numpy as np

MOST_CELLS = 5000  # time grows with their square


def silhouette(points: np.ndarray, labels: np.ndarray) -> float:
    """Mean silhouette width; NaN for a single label. At most 5000 cells, the same for all labels.

    Args:
        points: (n_cells, d).
        labels: (n_cells,).
    """
    from sklearn.metrics import silhouette_score

    if len(points) > MOST_CELLS:
        cells = np.sort(np.random.default_rng(0).permutation(len(points))[:MOST_CELLS])
        points, labels = points[cells], labels[cells]
    if not 1 < len(np.unique(labels)) < len(labels):
        return np.nan
    return float(silhouette_score(points, labels))
