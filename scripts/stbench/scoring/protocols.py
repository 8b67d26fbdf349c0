"""The epoch of each protocol: pure functions on scores and epochs.

* ``oracle`` (the protocol of the STAGUE paper): the epoch with the best mean ARI over the
  k-means seeds, the first one on ties. This choice uses the true labels.
* ``oracle_reclustered``: the same epoch, clustered by starts of k-means that did not choose it.
* ``final``: the last epoch.
* ``selected``: the epoch that the data select (``stbench.clustering.selection``).
* ``consensus``: the consensus of all training seeds (``stbench.clustering.consensus``).
* ``untrained``: the network before the first training step, a reference for the effect of training.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stbench.common.constants import (
    EPOCHS_UNSEEN,
    NO_TRAINING,
    NO_TRUTH,
    NOT_KMEANS,
    Clusterer,
    Protocol,
)


def oracle(ari: np.ndarray) -> int | None:
    """Row of the best epoch.

    Args:
        ari: (n_epochs, n_kmeans_seeds), or the mean over these as one column; epochs from 1 on in
            order; NaN if not clustered.

    Returns:
        The first row with the largest mean; rows with a NaN are excluded. None if no row is
        complete.
    """
    means = np.asarray(ari, dtype=np.float64).mean(axis=1)
    if np.isnan(means).all():
        return None
    return int(np.nanargmax(means))


def mean_and_sd(values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """Mean, and standard deviation with ddof 1 (NaN for a single value)."""
    values = np.asarray(values, dtype=np.float64)
    return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else float("nan")


def undefined(
    protocol: Protocol,
    clusterer: Clusterer,
    *,
    trainable: bool,
    has_truth: bool,
    has_untrained: bool,
    epochs_reason: str,
) -> str:
    """Why a protocol is not defined for a method and a clusterer; empty if it is defined.

    Args:
        protocol: one that has a score for each training seed.
        clusterer: id.
        trainable: whether the method trains in epochs at all.
        has_truth: whether true labels are known.
        has_untrained: whether the embedding before the first step was recorded.
        epochs_reason: why the labels of epochs are missing; empty if they are not.
    """
    if protocol == "final":
        return ""
    if not trainable:
        return NO_TRAINING
    if protocol == "untrained":
        return "" if has_untrained else EPOCHS_UNSEEN
    if epochs_reason == EPOCHS_UNSEEN:
        return EPOCHS_UNSEEN
    if clusterer != "kmeans":
        return NOT_KMEANS
    if epochs_reason:
        return epochs_reason
    return "" if has_truth or protocol == "selected" else NO_TRUTH
