"""The file of labels: one per dataset and method, written without any truth.

``labels/<number of domains>`` is int16 [training_seed, clusterer, epoch, kmeans_seed, cell], -1
if nothing was clustered; ``notes/<number of domains>`` are strings [training_seed, clusterer,
epoch]: a note on these labels, or why there are none. Clusterers with a single start use only the
first k-means seed. ``losses/<training seed>`` is float32 [epoch - 1], the training losses of
methods that report them.

``held_out/<number of domains>`` is int16 [training_seed, epoch, start, cell]: labels of the epochs
by further starts of k-means. ``selected/<number of domains>`` is int32 [training_seed], the epoch
that the data select, -1 for none. ``consensus/<number of domains>`` is int16 [cell], the consensus
of all training seeds, -1 if there is none; its attributes ``status`` and ``reason`` say why, or of
how many labelings it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stbench.clustering.algorithms import ClusterResult
from stbench.common.constants import HELD_OUT_SEEDS, KMEANS_SEEDS, Clusterer
from stbench.common.errors import InputError, is_machine_fault
from stbench.common.h5ad import cells_digest
from stbench.common.io import atomic_hdf5

if TYPE_CHECKING:
    import h5py

NO_EPOCH = -1
_AXES = ("training_seed", "clusterer", "epoch", "kmeans_seed", "cell")


@dataclass(frozen=True)
class LabelAxes:
    """The axes of a file of labels, and the statuses of training seeds and clusterers.

    Attributes:
        dataset, method: ids.
        cells_digest: ``stbench.common.h5ad.cells_digest`` of the cells.
        n_cells: number of cells; 0 if the dataset is not available.
        n_domains: numbers of domains; empty if the dataset is not available.
        training_seeds: ascending.
        clusterers: ids in the requested order.
        epochs: ascending union of recorded epochs, 0 = untrained; [1] if none was recorded.
        observed: whether any training seed's epochs were observed.
        last_epochs: per training seed, the epoch of its result; -1 if the fit failed.
        status, reason: of the fit, per training seed.
        epochs_reason: per training seed, why its epochs are missing; empty if they are not.
        clusterer_status, clusterer_reason: per training seed, per clusterer: ``ok``,
            ``not_applicable`` if there is nothing to cluster, or the status of the fit.
    """

    dataset: str
    method: str
    cells_digest: str
    n_cells: int
    n_domains: list[int]
    training_seeds: list[int]
    clusterers: list[Clusterer]
    epochs: list[int]
    observed: bool
    last_epochs: list[int]
    status: list[str]
    reason: list[str]
    epochs_reason: list[str]
    clusterer_status: list[list[str]]
    clusterer_reason: list[list[str]]
    kmeans_seeds: list[int] = field(default_factory=lambda: list(KMEANS_SEEDS))

    def place(self, seed: int, clusterer: Clusterer, epoch: int) -> tuple[int, int, int]:
        """Indices on the first three axes."""
        return (
            self.training_seeds.index(seed),
            self.clusterers.index(clusterer),
            self.epochs.index(epoch),
        )


class LabelsWriter:
    """Writes labels into an open file; see ``labels_writer``."""

    def __init__(self, file: h5py.File, axes: LabelAxes) -> None:
        self._file, self._axes = file, axes

    def put(
        self,
        n_domains: int,
        seed: int,
        clusterer: Clusterer,
        epoch: int,
        *,
        rows: np.ndarray,
        note: str = "",
    ) -> None:
        """Write the labels (clustering seeds, n_cells) of one embedding by one clusterer."""
        place = self._axes.place(seed, clusterer, epoch)
        self._file[f"labels/{n_domains}"][(*place, slice(len(rows)))] = rows
        if note:
            self._file[f"notes/{n_domains}"][place] = note

    def put_held_out(self, n_domains: int, seed: int, epoch: int, rows: np.ndarray) -> None:
        """Write the labels (held-out seeds, n_cells) of an epoch."""
        place = (self._axes.training_seeds.index(seed), self._axes.epochs.index(epoch))
        self._file[f"held_out/{n_domains}"][place] = rows

    def put_selected(self, n_domains: int, seed: int, epoch: int) -> None:
        """Write the epoch that the data select."""
        self._file[f"selected/{n_domains}"][self._axes.training_seeds.index(seed)] = epoch

    def put_consensus(self, n_domains: int, result: ClusterResult) -> None:
        """Write the consensus of all training seeds, or why there is none."""
        dataset = self._file[f"consensus/{n_domains}"]
        if result.labels is not None:
            dataset[:] = result.labels
        dataset.attrs.update(status=result.status, reason=result.reason)

    def put_losses(self, seed: int, losses: np.ndarray) -> None:
        """Write the training losses (n_epochs,) of a training seed, epochs from 1 on."""
        self._file[f"losses/{seed}"] = np.asarray(losses, np.float32)


@contextmanager
def labels_writer(path: str | Path, axes: LabelAxes) -> Iterator[LabelsWriter]:
    """Create a file of labels; it gets its name only if the block succeeds."""
    import h5py

    text = h5py.string_dtype()
    with atomic_hdf5(path) as file:
        for name in ("dataset", "method", "cells_digest", "n_cells"):
            file.attrs[name] = getattr(axes, name)
        file["training_seed"] = np.array(axes.training_seeds, np.int64)
        file["epoch"] = np.array(axes.epochs, np.int32)
        file["epoch"].attrs["observed"] = axes.observed
        file["kmeans_seed"] = np.array(axes.kmeans_seeds, np.int64)
        file["last_epoch"] = np.array(axes.last_epochs, np.int32)
        file.create_dataset("clusterer", data=axes.clusterers, dtype=text)
        for name in ("status", "reason", "epochs_reason", "clusterer_status", "clusterer_reason"):
            file.create_dataset(name, data=getattr(axes, name), dtype=text)

        places = (len(axes.training_seeds), len(axes.clusterers), len(axes.epochs))
        runs = (len(axes.kmeans_seeds), axes.n_cells)
        file.create_group("labels")
        for k in axes.n_domains:
            labels = file.create_dataset(
                f"labels/{k}",
                shape=(*places, *runs),
                chunks=(1, 1, 1, *runs),
                dtype="int16",
                fillvalue=-1,
                compression="gzip",
            )
            for dimension, axis in zip(labels.dims, _AXES, strict=True):
                dimension.label = axis
            file.create_dataset(f"notes/{k}", shape=places, dtype=text)
            held_out = (len(HELD_OUT_SEEDS), axes.n_cells)
            file.create_dataset(
                f"held_out/{k}",
                shape=(len(axes.training_seeds), len(axes.epochs), *held_out),
                chunks=(1, 1, *held_out),
                dtype="int16",
                fillvalue=-1,
                compression="gzip",
            )
            file.create_dataset(
                f"selected/{k}", shape=len(axes.training_seeds), dtype="int32", fillvalue=NO_EPOCH
            )
            file.create_dataset(f"consensus/{k}", shape=axes.n_cells, dtype="int16", fillvalue=-1)
        yield LabelsWriter(file, axes)


class LabelsReader:
    """An open file of labels; see ``open_labels``."""

    def __init__(self, file: h5py.File, axes: LabelAxes) -> None:
        self._file, self.axes = file, axes

    def rows(self, n_domains: int, seed: int, clusterer: Clusterer, epoch: int) -> np.ndarray:
        """Labels (clustering seeds, n_cells) int16; (0, n_cells) if there are none."""
        place = self.axes.place(seed, clusterer, epoch)
        return _clustered(self._file[f"labels/{n_domains}"][place])

    def held_out(self, n_domains: int, seed: int, epoch: int) -> np.ndarray:
        """Labels (held-out seeds, n_cells) int16 of an epoch; (0, n_cells) if there are none."""
        place = (self.axes.training_seeds.index(seed), self.axes.epochs.index(epoch))
        return _clustered(self._file[f"held_out/{n_domains}"][place])

    def selected(self, n_domains: int, seed: int) -> int:
        """The epoch that the data select; ``NO_EPOCH`` if there is none."""
        return int(self._file[f"selected/{n_domains}"][self.axes.training_seeds.index(seed)])

    def consensus(self, n_domains: int) -> ClusterResult:
        """The consensus of all training seeds."""
        dataset = self._file[f"consensus/{n_domains}"]
        labels = dataset[:]
        status, reason = (str(dataset.attrs[name]) for name in ("status", "reason"))
        return ClusterResult(labels if status == "ok" else None, status, reason)

    def note(self, n_domains: int, seed: int, clusterer: Clusterer, epoch: int) -> str:
        """The note on these labels; usually empty."""
        place = self.axes.place(seed, clusterer, epoch)
        return self._file[f"notes/{n_domains}"].asstr()[place]

    def losses(self, seed: int) -> np.ndarray:
        """Training losses (n_epochs,) from epoch 1 on; empty if the method does not report them."""
        name = f"losses/{seed}"
        return self._file[name][:] if name in self._file else np.empty(0, np.float32)


def _clustered(rows: np.ndarray) -> np.ndarray:
    return rows[rows[:, 0] >= 0]


@contextmanager
def open_labels(path: str | Path) -> Iterator[LabelsReader]:
    """Open a file of labels for reading; its axes are ``.axes``.

    Raises:
        InputError: the file is missing or not a file of labels.
    """
    import h5py

    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file; create it with scripts/cluster.py")
    try:
        file = h5py.File(path)
        axes = _read_axes(file)
    except (OSError, KeyError) as error:
        if is_machine_fault(error):
            raise
        raise InputError(f"{path}: not a readable file of labels ({error})") from error
    with file:
        yield LabelsReader(file, axes)


def check_labels(
    path: Path, axes: LabelAxes, dataset: str, method: str, cells: Sequence[str]
) -> None:
    """Check that a file of labels is of a dataset, a method and these cells, in this order.

    Raises:
        InputError: it is of others.
    """
    if (axes.dataset, axes.method) != (dataset, method):
        raise InputError(
            f"{path}: labels of {axes.method} on {axes.dataset}, not of {method} on {dataset}"
        )
    if axes.cells_digest != cells_digest(cells):
        raise InputError(
            f"{path}: its {axes.n_cells} cells are not the {len(cells)} cells of {dataset}; "
            "run scripts/cluster.py again"
        )


def check_clusterer(path: Path, axes: LabelAxes, clusterer: str) -> None:
    """Check that a file of labels has labels by a clusterer.

    Raises:
        InputError: it has none.
    """
    if clusterer not in axes.clusterers:
        raise InputError(
            f"{path}: no labels by {clusterer}; use one of {', '.join(axes.clusterers)}"
        )


def _read_axes(file: h5py.File) -> LabelAxes:
    def text(name: str) -> list:
        return file[name].asstr()[...].tolist()

    return LabelAxes(
        dataset=str(file.attrs["dataset"]),
        method=str(file.attrs["method"]),
        cells_digest=str(file.attrs["cells_digest"]),
        n_cells=int(file.attrs["n_cells"]),
        n_domains=sorted(int(name) for name in file["labels"]),
        training_seeds=file["training_seed"][:].tolist(),
        clusterers=text("clusterer"),
        epochs=file["epoch"][:].tolist(),
        observed=bool(file["epoch"].attrs["observed"]),
        last_epochs=file["last_epoch"][:].tolist(),
        status=text("status"),
        reason=text("reason"),
        epochs_reason=text("epochs_reason"),
        clusterer_status=text("clusterer_status"),
        clusterer_reason=text("clusterer_reason"),
        kmeans_seeds=file["kmeans_seed"][:].tolist(),
    )
