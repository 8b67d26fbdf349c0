"""The labels of one method that choices compare, from its file of labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stbench.choosing.agreement import agreement_matrix
from stbench.clustering.label_file import NO_EPOCH, open_labels
from stbench.common.constants import ORACLE_CLUSTERER, Clusterer


@dataclass(frozen=True)
class MethodLabels:
    """Labels of the last epoch of a method into one number of domains.

    Attributes:
        method: its id.
        of_seeds: (n_seeds, n_cells) by the clusterer that ranks, one for each training seed.
        repeats: (n_labelings, n_cells) by single starts of k-means, of all training seeds; those
            of ``of_seeds`` if there are no such starts.
    """

    method: str
    of_seeds: np.ndarray
    repeats: np.ndarray

    @property
    def map(self) -> np.ndarray:
        """The labels (n_cells,) of the training seed that agrees best with the others."""
        return self.of_seeds[int(agreement_matrix(list(self.of_seeds)).sum(axis=1).argmax())]


def read_labels(path: Path, n_domains: int, rank_by: Clusterer) -> MethodLabels | None:
    """Read the labels of a method; None if no training seed has any.

    Args:
        path: its file of labels.
        n_domains: one of the numbers of domains of the dataset.
        rank_by: the clusterer.
    """
    with open_labels(path) as reader:
        axes = reader.axes
        seeds = [
            (seed, last)
            for seed, last in zip(axes.training_seeds, axes.last_epochs, strict=True)
            if last != NO_EPOCH
        ]
        rows = [reader.rows(n_domains, seed, rank_by, last)[:1] for seed, last in seeds]
        of_seeds = np.concatenate(rows) if rows else np.empty((0, axes.n_cells))
        if not len(of_seeds):
            return None
        repeats = of_seeds
        if ORACLE_CLUSTERER in axes.clusterers:
            starts = [reader.rows(n_domains, seed, ORACLE_CLUSTERER, last) for seed, last in seeds]
            repeats = np.concatenate(starts)
        return MethodLabels(axes.method, of_seeds, repeats)
