"""ARI and training loss of every epoch: what the oracle chooses from and training curves show."""

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
    """Tell what is known of each epoch.

    Args:
        reader: the open file of labels.
        truth: (n_cells,) codes of true domains, -1 = not known; None: no truth.

    Returns:
        A table with the columns ``COLUMNS``, one row for each training seed, number of domains and
        epoch that was recorded (0 = untrained) or has a loss. ``ari`` is the mean over the k-means
        seeds, NaN where an epoch was not recorded, not wholly clustered, or there is no truth;
        ``loss`` is NaN where the method does not tell it. No rows where there is neither.
    """
    return pd.DataFrame(list(_rows(reader, truth)), columns=list(COLUMNS)).astype(COLUMNS)


def read_epochs_of(path: str | Path) -> pd.DataFrame:
    """Read a file of this table.

    Raises:
        InputError: the file is missing or not such a table.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file; make it with score.py")
    try:
        return pd.read_parquet(path, columns=list(COLUMNS))
    except Exception as error:  # pyarrow raises many kinds for a broken file
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
    known, all_runs = truth >= 0, len(axes.kmeans_seeds)
    found = {}
    for epoch in axes.epochs:
        rows = reader.rows(k, seed, "kmeans", epoch)
        if len(rows) == all_runs:
            scores = [ari(truth[known], labels[known]) for labels in rows]
            found[epoch] = float(np.mean(np.array(scores, dtype=np.float64)))
    return found
