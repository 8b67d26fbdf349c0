"""ARI and training loss of every epoch, for the oracle protocol and training curves."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from stbench.clustering.label_file import LabelsReader
from stbench.common.errors import InputError
from stbench.scoring.metrics import ari

COLUMNS = {
    "dataset": "str",
    "method": "str",
    "seed": "int64",
    "n_domains": "int64",
    "epoch": "int64",
    "ari": "float64",
    "loss": "float64",
}
_NAN = float("nan")


def epoch_table(reader: LabelsReader, truth: np.ndarray | None) -> pd.DataFrame:
    """Tabulate the ARI and the loss of each epoch.

    Args:
        reader: the open file of labels.
        truth: (n_cells,) codes of true domains, -1 = not known; None: no truth.

    Returns:
        A table with the columns ``COLUMNS``, one row for each training seed, number of domains and
        epoch that was recorded (0 = untrained) or has a loss. ``ari`` is the mean over the k-means
        seeds, NaN if an epoch was not recorded, not clustered by all seeds, or there is no truth;
        ``loss`` is NaN if the method does not report it. No rows if there is neither.
    """
    return pd.DataFrame(list(_rows(reader, truth)), columns=list(COLUMNS)).astype(COLUMNS)


def read_epochs_of(path: str | Path) -> pd.DataFrame:
    """Read a file of this table.

    Raises:
        InputError: the file is missing or is not such a table.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file; create it with score.py")
    try:
        return pd.read_parquet(path, columns=list(COLUMNS))
    except Exception as error:  # pyarrow raises many kinds of error for a broken file
        raise InputError(f"{path}: not a readable table of epochs ({error})") from error


def _rows(reader: LabelsReader, truth: np.ndarray | None) -> Iterator[dict[str, object]]:
    axes = reader.axes
    for seed, k in product(axes.training_seeds, axes.n_domains):
        losses = dict(enumerate(reader.losses(seed).tolist(), start=1))
        scores = {} if truth is None else _scores(reader, seed, k, truth)
        for epoch in sorted(losses.keys() | scores.keys()):
            yield {
                "dataset": axes.dataset,
                "method": axes.method,
                "seed": seed,
                "n_domains": k,
                "epoch": epoch,
                "ari": scores.get(epoch, _NAN),
                "loss": losses.get(epoch, _NAN),
            }


def _scores(reader: LabelsReader, seed: int, k: int, truth: np.ndarray) -> dict[int, float]:
    """The mean ARI over the k-means seeds, by epoch."""
    axes = reader.axes
    if axes.epochs_reason[axes.training_seeds.index(seed)] or "kmeans" not in axes.clusterers:
        return {}
    labeled, all_runs = truth >= 0, len(axes.kmeans_seeds)
    by_epoch = {}
    for epoch in axes.epochs:
        rows = reader.rows(k, seed, "kmeans", epoch)
        if len(rows) == all_runs:
            scores = [ari(truth[labeled], labels[labeled]) for labels in rows]
            by_epoch[epoch] = float(np.mean(np.array(scores, dtype=np.float64)))
    return by_epoch
