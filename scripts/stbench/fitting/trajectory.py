"""The embeddings of the epochs of a training, appended during training, read one at a time."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import h5py

MAX_COLUMNS = 128  # the widest published embedding (STAGUE on Stereo-seq)


class TrajectoryRecorder:
    """The ``record(epoch, embedding)`` that a method gets; a context manager.

    The file holds ``embedding`` [epoch, cell, column] float32, one compressed chunk per epoch, and
    ``epoch`` [int32]; it gets its final name when the training succeeds and at least one epoch
    was recorded.

    Attributes:
        untrained: the embedding of epoch 0, (n_cells, d) float32, or None.
        called: whether the method has recorded an epoch.
    """

    def __init__(self, path: str | Path | None, n_cells: int) -> None:
        """Record into ``path``; None: keep only the untrained embedding."""
        self.path = Path(path) if path is not None else None
        self.n_cells = n_cells
        self.untrained: np.ndarray | None = None
        self.called = False
        self._last_epoch = -1
        self._file: h5py.File | None = None
        # Open until the end: if a dataset is closed on a full disk, HDF5 suppresses the error.
        self._datasets: dict[str, h5py.Dataset] = {}

    def __call__(self, epoch: int, embedding: np.ndarray) -> None:
        """Record the embedding of an epoch.

        Raises:
            ValueError: epochs out of order, a wrong shape, or too many columns.
            FloatingPointError: values that are not finite.
        """
        self.called = True
        if epoch <= self._last_epoch:
            raise ValueError(f"record: epoch {epoch} comes after epoch {self._last_epoch}")
        self._last_epoch = int(epoch)
        values = np.asarray(embedding, dtype=np.float32)
        if values.ndim != 2 or values.shape[0] != self.n_cells or values.shape[1] == 0:
            raise ValueError(
                f"record: the embedding of epoch {epoch} has the shape {values.shape}; "
                f"it must be ({self.n_cells}, columns)"
            )
        if not np.isfinite(values).all():
            raise FloatingPointError(
                f"the embedding of epoch {epoch} has values that are not finite"
            )
        if epoch == 0:
            self.untrained = values.copy()
        if self.path is not None:
            self._append(values)

    def _append(self, values: np.ndarray) -> None:
        columns = values.shape[1]
        if columns > MAX_COLUMNS:
            raise ValueError(
                f"record: {columns} columns are too many to record for every epoch (at most "
                f"{MAX_COLUMNS}); record the components that the method itself clusters"
            )
        if self._file is None:
            self._file = self._create(columns)
            self._datasets = {name: self._file[name] for name in ("embedding", "epoch")}
        embeddings, epochs = self._datasets["embedding"], self._datasets["epoch"]
        if columns != embeddings.shape[2]:
            raise ValueError(
                f"record: epoch {self._last_epoch} has {columns} columns, "
                f"the epochs before it have {embeddings.shape[2]}"
            )
        index = len(epochs)
        embeddings.resize(index + 1, axis=0)
        epochs.resize(index + 1, axis=0)
        embeddings[index] = values
        epochs[index] = self._last_epoch

    def _create(self, columns: int) -> h5py.File:
        import h5py

        file = h5py.File(self._unfinished, "w")
        file.create_dataset(
            "embedding",
            shape=(0, self.n_cells, columns),
            maxshape=(None, self.n_cells, columns),
            chunks=(1, self.n_cells, columns),
            dtype="float32",
            compression="lzf",
            shuffle=True,
        )
        file.create_dataset("epoch", shape=(0,), maxshape=(None,), chunks=(1024,), dtype="int32")
        return file

    @property
    def _unfinished(self) -> Path:
        assert self.path is not None
        return self.path.with_name(f".{self.path.name}.tmp")

    def __enter__(self) -> TrajectoryRecorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is None or self.path is None:
            return
        try:
            if error is None:
                self._file.flush()
            self._file.close()
            if error is None:
                self._unfinished.replace(self.path)
        finally:
            self._unfinished.unlink(missing_ok=True)


def read_epochs(path: str | Path) -> np.ndarray:
    """The recorded epochs, int32, ascending; 0 is the untrained network."""
    import h5py

    with h5py.File(path) as file:
        return file["epoch"][:]


def read_embedding(path: str | Path, index: int) -> np.ndarray:
    """The embedding (n_cells, columns) float32 of the ``index``-th recorded epoch."""
    import h5py

    with h5py.File(path) as file:
        return file["embedding"][index]
