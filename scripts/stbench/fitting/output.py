"""Read the folder of a fit, for the later stages."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stbench.common.constants import EPOCHS_UNSEEN
from stbench.common.errors import InputError, is_machine_fault, one_line
from stbench.common.h5ad import read_elements


@dataclass(frozen=True)
class FitFolder:
    """One fit: how it ended and, if it is ok, its output.

    Attributes:
        path: its folder.
        seed: training seed.
        status: ``ok``, or the kind of failure, with ``reason``.
        embedding: (n_cells, d) after the last epoch, or None.
        untrained: (n_cells, d) before the first step, or None.
        own_labels: (n_cells,) int16 labels of the method's own clustering, or None.
        losses: (n_epochs,) training loss of every epoch from 1 on, or None.
        observable: whether the epochs of the method can be observed.
        seconds: of the training; NaN if unknown.
    """

    path: Path
    seed: int
    status: str
    reason: str
    embedding: np.ndarray | None = None
    untrained: np.ndarray | None = None
    own_labels: np.ndarray | None = None
    losses: np.ndarray | None = None
    observable: bool = False
    seconds: float = math.nan

    @property
    def ok(self) -> bool:
        return self.status == "ok"

    @property
    def trajectory(self) -> Path:
        """Embeddings of the epochs; deleted after clustering."""
        return self.path / "trajectory.h5"

    @property
    def epoch_labels(self) -> Path:
        """k-means labels of the epochs; written by clustering."""
        return self.path / "epoch_labels.h5"

    @property
    def epochs_gone(self) -> str:
        """Why the labels of the epochs are not available, if the folder does not contain them."""
        if not self.observable:
            return EPOCHS_UNSEEN
        return (
            "the embeddings of the epochs were not kept for these settings; "
            f"remove {self.path} to train again"
        )


def read_status(folder: str | Path, *needed: str) -> dict[str, Any]:
    """``status.json`` of a fit: how it ended, its cost and its hardware.

    Args:
        folder: of the fit.
        needed: required keys besides ``status`` and ``reason``.

    Raises:
        InputError: the file is missing or broken, or lacks a key.
    """
    path = Path(folder) / "status.json"
    try:
        status = json.loads(path.read_text(encoding="utf-8"))
        missing = [key for key in (*needed, "status", "reason") if key not in status]
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; train again") from None
    except (OSError, ValueError, TypeError) as error:
        if is_machine_fault(error):
            raise
        why = one_line(error)
        raise InputError(f"{path}: not valid JSON ({why}); remove its folder") from error
    if missing:
        raise InputError(f"{path}: the key {missing[0]!r} is missing; remove its folder")
    return status


def read_fit(folder: str | Path, cells: Sequence[str]) -> FitFolder:
    """Read ``status.json`` and, if the fit is ok, ``fit.h5ad``; trajectories are not read.

    Args:
        folder: folder of the fit.
        cells: names of the cells that the fit must have, in order.

    Raises:
        InputError: a file is missing or broken, or the fit has other cells.
    """
    folder = Path(folder)
    status = read_status(folder, "seed")
    seed, ended, reason = int(status["seed"]), status["status"], status["reason"] or ""
    if ended != "ok":
        return FitFolder(folder, seed, ended, reason)

    path = folder / "fit.h5ad"
    names = ("obsm/embedding", "obsm/embedding_untrained", "obs/cluster_pred")
    elements = read_elements(path, *names, "uns/fit", "uns/losses")
    if not np.array_equal(elements["cells"], np.asarray(cells)):
        raise InputError(f"{path}: its cells are not those of the dataset; train again")
    own, circumstances = elements.get("obs/cluster_pred"), elements.get("uns/fit", {})
    if own is None and "obsm/embedding" not in elements:
        raise InputError(f"{path}: neither obsm['embedding'] nor obs['cluster_pred']; train again")
    return FitFolder(
        path=folder,
        seed=seed,
        status="ok",
        reason=reason,
        embedding=elements.get("obsm/embedding"),
        untrained=elements.get("obsm/embedding_untrained"),
        own_labels=None if own is None else _numbered(own),
        losses=elements.get("uns/losses"),
        observable=bool(circumstances.get("trainable", False)),
        seconds=float(circumstances.get("seconds", math.nan)),
    )


def _numbered(labels: Sequence[object]) -> np.ndarray:
    """Labels of any type as int16 codes from 0, in the order of their names or numbers."""
    return np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.int16)
