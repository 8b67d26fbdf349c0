"""The maps of a tissue by one method, from its file of labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from stbench.clustering.label_file import NO_EPOCH, LabelsReader, check_clusterer, open_labels
from stbench.common.constants import Clusterer
from stbench.scoring.agreement import agreement_matrix

NO_SEED = -1


def _no_maps() -> np.ndarray:
    return np.empty((0, 0), np.int16)


@dataclass(frozen=True)
class MethodMaps:
    """Labels of one method, integers from 0.

    Attributes:
        method: its id.
        seed: the first training seed with labels, which is shown; ``NO_SEED`` if there is none.
        shown: (n_cells,) the last epoch of that seed, by the clusterer that ranks; empty if none.
        of_seeds: (n_seeds, n_cells) the same of every training seed with labels.
        of_starts: (n_starts, n_cells) single starts of k-means on the last epoch of that seed.
        further: (n_cells,) by name, of methods that train: the epoch that the data ``selected``,
            and the ``consensus`` of all training seeds.
        status, reason: why there are no labels; ``ok`` and empty if there are.
    """

    method: str
    seed: int = NO_SEED
    shown: np.ndarray = field(default_factory=lambda: np.empty(0, np.int16))
    of_seeds: np.ndarray = field(default_factory=_no_maps)
    of_starts: np.ndarray = field(default_factory=_no_maps)
    further: dict[str, np.ndarray] = field(default_factory=dict)
    status: str = "ok"
    reason: str = ""

    @property
    def repeats(self) -> list[np.ndarray]:
        """Maps (n_cells,) that differ by a seed or a start, none of them twice: single starts of
        k-means of the first seed, or its map if it has none, and the map of every further seed."""
        first = self.of_starts if len(self.of_starts) else self.of_seeds[:1]
        return [*first, *self.of_seeds[1:]]


def read_maps(path: Path, n_domains: int, rank_by: Clusterer, *, trains: bool) -> MethodMaps:
    """Read the maps of a method.

    Args:
        path: its file of labels on a dataset that is available.
        n_domains: one of the numbers of domains of the dataset.
        rank_by: the clusterer.
        trains: whether the method trains in epochs.

    Raises:
        InputError: it is not a file of labels, or has none by the clusterer.
    """
    with open_labels(path) as reader:
        axes = reader.axes
        check_clusterer(path, axes, rank_by)
        place = axes.clusterers.index(rank_by)
        by_seed = {}
        for seed, last in zip(axes.training_seeds, axes.last_epochs, strict=True):
            if last != NO_EPOCH and len(rows := reader.rows(n_domains, seed, rank_by, last)):
                by_seed[seed] = typical(rows)
        if not by_seed:
            status, reason = axes.status[0], axes.reason[0]
            if status == "ok":
                status, reason = axes.clusterer_status[0][place], axes.clusterer_reason[0][place]
            if status == "ok":  # of another number of domains
                status = "not_applicable"
                first = axes.training_seeds[0]
                reason = reader.note(n_domains, first, rank_by, axes.last_epochs[0])
            return MethodMaps(axes.method, status=status, reason=reason)
        seed = next(iter(by_seed))
        last = axes.last_epochs[axes.training_seeds.index(seed)]
        starts = _no_maps()
        if "kmeans" in axes.clusterers:
            starts = reader.rows(n_domains, seed, "kmeans", last)
        return MethodMaps(
            method=axes.method,
            seed=seed,
            shown=by_seed[seed],
            of_seeds=np.stack(list(by_seed.values())),
            of_starts=starts,
            further=_further(reader, n_domains, seed) if trains else {},
        )


def _further(reader: LabelsReader, n_domains: int, seed: int) -> dict[str, np.ndarray]:
    maps = {}
    epoch = reader.selected(n_domains, seed)
    if epoch != NO_EPOCH and "kmeans" in reader.axes.clusterers:
        maps["selected"] = typical(reader.rows(n_domains, seed, "kmeans", epoch))
    result = reader.consensus(n_domains)
    if result.labels is not None:
        maps["consensus"] = result.labels
    return maps


def typical(rows: np.ndarray) -> np.ndarray:
    """Of labels (n_rows, n_cells), n_rows > 0, the row that agrees best with the others (mean ARI).

    The first of equals.
    """
    return rows[int(agreement_matrix(list(rows)).sum(axis=1).argmax())]
