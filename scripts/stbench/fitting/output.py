"""What the later stages read from the folder of a fit."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stbench.common.constants import EPOCHS_UNSEEN
from stbench.common.errors import InputError, one_line
from stbench.common.h5ad import read_elements


@dataclass(frozen=True)
class FitFolder:
    """One fit: how it ended and, when it is ok, what it gave.

    Attributes:
        path: its folder.
        seed: training seed.
        status: ``ok`` or why there is nothing, with ``reason``.
        embedding: (n_cells, d) of the end of the training, or None.
        untrained: the same before the first step, or None.
        own_labels: (n_cells,) int16 labels that the method gave itself, or None.
        losses: (n_epochs,) training loss of every epoch from 1 on, or None.
        observable: whether the method lets its epochs be observed.
        seconds: what the training took; NaN where it is not known.
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
        """Embeddings of the epochs; there until they are clustered."""
        return self.path / "trajectory.h5"

    @property
    def epoch_labels(self) -> Path:
        """k-means labels of the epochs; there once they are clustered."""
        return self.path / "epoch_labels.h5"

    @property
    def epochs_gone(self) -> str:
        """Why the labels of the epochs cannot be had, where nothing in the folder gives them."""
        if not self.observable:
            return EPOCHS_UNSEEN
        return (
            "the embeddings of the epochs were not kept for these settings; "
            f"remove {self.path} to train again"
        )


def read_status(folder: str | Path, *needed: str) -> dict[str, Any]:
    """``status.json`` of a fit: how it ended, what it took and where it ran.

    Args:
        folder: of the fit.
        needed: keys that it must have beside ``status`` and ``reason``.

    Raises:
        InputError: it is missing or broken, or lacks a key.
    """
    path = Path(folder) / "status.json"
    try:
        status = json.loads(path.read_text(encoding="utf-8"))
        missing = [key for key in (*needed, "status", "reason") if key not in status]
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; train again") from None
    except (OSError, ValueError, TypeError) as error:
        why = one_line(error)
        raise InputError(f"{path}: not valid JSON ({why}); remove its folder") from error
    if missing:
        raise InputError(f"{path}: the key {missing[0]!r} is missing; remove its folder")
    return status


def read_fit(folder: str | Path, cells: Sequence[str]) -> FitFolder:
    """Read ``status.json`` and, when the fit is ok, ``fit.h5ad``; trajectories are left alone.

    Args:
        folder: folder of the fit.
        cells: names of the cells that the fit must have, in order.

    Raises:
        InputError: a file is missing or broken, or the fit is one of other cells.
    """
    folder = Path(folder)
    status = read_status(folder, "seed")
    seed, ended, reason = int(status["seed"]), status["status"], status["reason"] or ""
    if ended != "ok":
        return FitFolder(folder, seed, ended, reason)

    path = folder / "fit.h5ad"
    names = ("obsm/embedding", "obsm/embedding_untrained", "obs/cluster_pred")
    found = read_elements(path, *names, "uns/fit", "uns/losses")
    if not np.array_equal(found["cells"], np.asarray(cells)):
        raise InputError(f"{path}: its cells are not those of the dataset; train again")
    own, circumstances = found.get("obs/cluster_pred"), found.get("uns/fit", {})
    if own is None and "obsm/embedding" not in found:
        raise InputError(f"{path}: neither obsm['embedding'] nor obs['cluster_pred']; train again")
    return FitFolder(
        path=folder,
        seed=seed,
        status="ok",
        reason=reason,
        embedding=found.get("obsm/embedding"),
        untrained=found.get("obsm/embedding_untrained"),
        own_labels=None if own is None else _numbered(own),
        losses=found.get("uns/losses"),
        observable=bool(circumstances.get("trainable", False)),
        seconds=float(circumstances.get("seconds", math.nan)),
    )


def _numbered(labels: Sequence[object]) -> np.ndarray:
    """Labels of any kind as int16 from 0, in the order of their names or numbers."""
    return np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.int16)
