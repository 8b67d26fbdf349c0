"""k-means labels of all recorded epochs of one fit, and the file that stores them.

The embedding of a clustered epoch is no longer needed: ``epoch_labels.h5`` in the folder of the fit
replaces the much larger ``trajectory.h5``. It holds the labels before any refinement, so that
configurations that refine differently share it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stbench.clustering.algorithms import kmeans_labels, majority
from stbench.common.constants import HELD_OUT_SEEDS, KMEANS_SEEDS
from stbench.common.errors import InputError, is_machine_fault
from stbench.common.io import atomic_hdf5
from stbench.common.parallel import Map
from stbench.fitting.trajectory import read_embedding, read_epochs

_VERSION = 1  # increase it when the labels of `kmeans` change
_SEEDS = (*KMEANS_SEEDS, *HELD_OUT_SEEDS)


@dataclass(frozen=True)
class EpochLabels:
    """Labels of all recorded epochs.

    Attributes:
        epochs: (n_epochs,) int32, ascending; 0 is the untrained network.
        labels: by number of domains: [epoch, k-means seed, cell] int16, -1 = not clustered. The
            seeds are ``KMEANS_SEEDS``, then ``HELD_OUT_SEEDS``.
    """

    epochs: np.ndarray
    labels: dict[int, np.ndarray]

    def choosing(self, n_domains: int) -> np.ndarray:
        """Labels [epoch, k-means seed, cell] of ``KMEANS_SEEDS``."""
        return self.labels[n_domains][:, : len(KMEANS_SEEDS)]

    def held_out(self, n_domains: int) -> np.ndarray:
        """Labels [epoch, k-means seed, cell] of ``HELD_OUT_SEEDS``."""
        return self.labels[n_domains][:, len(KMEANS_SEEDS) :]


def settings_of(n_domains: Sequence[int]) -> str:
    """What the labels depend on beside the embeddings, as text to compare."""
    settings = {
        "version": _VERSION,
        "n_domains": list(n_domains),
        "kmeans_seeds": list(_SEEDS),
    }
    return json.dumps(settings)


def cluster_epochs(trajectory: Path, n_domains: Sequence[int], mapper: Map) -> EpochLabels:
    """Cluster every recorded epoch by k-means with each seed.

    Args:
        trajectory: file of the recorded embeddings.
        n_domains: numbers of domains to cluster into.
        mapper: ``map`` of ``stbench.common.parallel.worker_map``; labels do not depend on it.

    Raises:
        InputError: the trajectory is not readable.
    """
    try:
        epochs = read_epochs(trajectory)
        n_epochs = len(epochs)
        clustered = list(
            mapper(_cluster_epoch, [trajectory] * n_epochs, range(n_epochs), [n_domains] * n_epochs)
        )
    except (OSError, KeyError) as error:
        if is_machine_fault(error):
            raise
        raise InputError(
            f"{trajectory}: not a readable trajectory ({error}); remove its folder to train again"
        ) from error
    by_number = {k: np.stack([one[i] for one in clustered]) for i, k in enumerate(n_domains)}
    return EpochLabels(epochs, by_number)


def refine_rows(labelings: np.ndarray, neighbors: np.ndarray, nearest_wins: bool = False) -> None:
    """Refine in place each row of (n_labelings, n_cells) that is clustered."""
    for row in labelings:
        if row[0] >= 0:
            row[:] = majority(row, neighbors, nearest_wins)


def kmeans_rows(
    embedding: np.ndarray, n_domains: int, seeds: Sequence[int] = KMEANS_SEEDS
) -> tuple[np.ndarray, str]:
    """k-means labels (seeds, n_cells) int16, -1 if there are none, and a note."""
    results = kmeans_labels(embedding, n_domains, seeds)
    empty = np.full(len(embedding), -1, np.int16)
    rows = np.stack([empty if result.labels is None else result.labels for result in results])
    return rows, next((result.reason for result in results if result.reason), "")


def _cluster_epoch(trajectory: Path, index: int, n_domains: Sequence[int]) -> list[np.ndarray]:
    embedding = read_embedding(trajectory, index)
    return [kmeans_rows(embedding, k, _SEEDS)[0] for k in n_domains]


def write_epoch_labels(path: Path, result: EpochLabels, settings: str) -> None:
    """Write the labels, atomically."""
    with atomic_hdf5(path) as file:
        file.attrs["settings"] = settings
        file["epoch"] = result.epochs
        for k, labels in result.labels.items():
            file.create_dataset(
                f"labels/{k}", data=labels, chunks=(1, *labels.shape[1:]), compression="gzip"
            )


def read_epoch_labels(path: Path, settings: str) -> EpochLabels | None:
    """Labels of an earlier run; None if there are none or settings differ."""
    import h5py

    if not path.is_file():
        return None
    try:
        with h5py.File(path) as file:
            if file.attrs["settings"] != settings:
                return None
            labels = {int(k): dataset[:] for k, dataset in file["labels"].items()}
            return EpochLabels(file["epoch"][:], labels)
    except (OSError, KeyError) as error:
        if is_machine_fault(error):
            raise
        raise InputError(f"{path}: not readable ({error}); remove it") from error
