"""Labels matched to the true domains, and the run that represents a method."""

from __future__ import annotations

import numpy as np
import pandas as pd

from stbench.scoring.metrics import ari


def match_labels(truth: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Rename labels so that as many cells as possible carry the number of their true domain.

    An optimal one-to-one assignment (Hungarian algorithm) on the table of counts; labels without
    a matched domain get the next free numbers.

    Args:
        truth, labels: (n_cells,) integers from 0, -1 = not labeled.
    """
    from scipy.optimize import linear_sum_assignment

    n_true, n_labels = int(truth.max()) + 1, int(labels.max()) + 1
    both = (truth >= 0) & (labels >= 0)
    pairs = truth[both] * n_labels + labels[both]
    counts = np.bincount(pairs, minlength=n_true * n_labels).reshape(n_true, n_labels)
    domains, columns = linear_sum_assignment(-counts)
    names = np.full(n_labels + 1, -1)  # the last entry is -1, for cells without a label
    names[columns] = domains
    rest = np.flatnonzero(names[:-1] < 0)
    names[rest] = n_true + np.arange(len(rest))
    return names[labels]


def median_seed(final: pd.DataFrame) -> int:
    """The training seed with the median value, the lower of two; one row per seed."""
    scored = final.dropna(subset=["value"]).sort_values("value", kind="stable")
    return int(scored["seed"].iloc[(len(scored) - 1) // 2])


def median_run(runs: np.ndarray, truth: np.ndarray | None) -> np.ndarray:
    """The run of (n_runs, n_cells) labels with the median ARI, the lower of two; without truth the
    first run.
    """
    if truth is None:
        return runs[0].astype(int)
    labeled = truth >= 0
    scores = [ari(truth[labeled], labels[labeled]) for labels in runs]
    return runs[int(np.argsort(scores, kind="stable")[(len(scores) - 1) // 2])].astype(int)
