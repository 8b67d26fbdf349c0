"""Scores of one file of labels: a long table with a row for every combination, defined or not.

Metrics that compare with the truth use the cells that have a true label. Metrics of smoothness in
space need no truth and use all cells. The epoch of the oracle protocols is chosen here from the
table of epochs (``stbench.scoring.epoch_scores``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from stbench.clustering.label_file import NO_EPOCH, LabelAxes, LabelsReader
from stbench.clustering.selection import FIRST_EPOCH
from stbench.common.constants import (
    ALL_SEEDS,
    NO_TRUTH,
    NOT_KMEANS,
    OF_ALL_SEEDS,
    OF_EACH_SEED,
    UNTRAINED_EPOCH,
    Clusterer,
    Protocol,
)
from stbench.scoring.block_bootstrap import ari_contributions
from stbench.scoring.blocks import spatial_blocks
from stbench.scoring.metrics import METRICS, TRUTH_METRICS
from stbench.scoring.protocols import mean_and_sd, oracle, undefined
from stbench.scoring.spatial_metrics import spatial_scores

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = {
    "dataset": "str",
    "method": "str",
    "seed": "int64",
    "n_domains": "int64",
    "exploratory": "bool",
    "clusterer": "str",
    "protocol": "str",
    "metric": "str",
    "value": "float64",
    "sd_clustering": "float64",
    "blocks": "object",
    "epoch": "int64",
    "status": "str",
    "reason": "str",
}
NO_NUMBER = 0  # of domains, if the dataset is not available
_NAN = float("nan")


@dataclass(frozen=True)
class Choice:
    """The labels of a protocol: those of an epoch, or none with a reason.

    Attributes:
        epoch: the epoch, -1 for none.
        rows: (clustering seeds, n_cells) labels; no rows if there are none.
        status, reason: of every score of these labels.
    """

    epoch: int
    rows: np.ndarray
    status: str
    reason: str


def score_labels(
    reader: LabelsReader,
    truth: np.ndarray | None,
    coords: np.ndarray | None,
    trainable: bool,
    epochs: pd.DataFrame,
) -> pd.DataFrame:
    """Score all labels of one method on one dataset.

    Args:
        reader: the open file of labels.
        truth: (n_cells,) codes of true domains, -1 = not known; None: no truth at all, or none of
            its cells has a label.
        coords: (n_cells, 2) positions; None if the dataset is not available.
        trainable: whether the method trains in epochs.
        epochs: of ``stbench.scoring.epoch_scores``, of the same labels and truth.

    Returns:
        A table with the columns ``COLUMNS``, one row for each training seed, number of domains,
        clusterer, protocol and metric. Protocols ``OF_ALL_SEEDS`` have one row for all training
        seeds, whose seed is ``ALL_SEEDS``. ``value`` and ``sd_clustering`` (ddof 1) are taken over
        the clustering seeds; NaN with a status and a reason if there is no value. ``blocks`` are
        the contributions of blocks of cells to the ARI (``stbench.scoring.block_bootstrap``), None
        for other metrics. Results on data without truth are marked ``exploratory``.
    """
    import pandas as pd

    rows = list(_rows(_Given(reader, truth, coords, trainable, epochs)))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def no_scores(
    axes: LabelAxes, truth: np.ndarray | None, trainable: bool, reason: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables of epochs and of scores of labels that could not be scored: each row says why."""
    import pandas as pd

    from stbench.scoring.epoch_scores import COLUMNS as EPOCH_COLUMNS

    ended = zip(axes.status, axes.reason, strict=True)
    of_seeds = [("error", reason) if status == "ok" else (status, why) for status, why in ended]
    failed = replace(axes, status=[one for one, _ in of_seeds], reason=[why for _, why in of_seeds])
    epochs = pd.DataFrame(columns=list(EPOCH_COLUMNS)).astype(EPOCH_COLUMNS)
    return epochs, score_labels(LabelsReader(None, failed), truth, None, trainable, epochs)


@dataclass(frozen=True)
class _Given:
    """The input of scoring; see ``score_labels``."""

    reader: LabelsReader
    truth: np.ndarray | None
    coords: np.ndarray | None
    trainable: bool
    epochs: pd.DataFrame


def _rows(given: _Given) -> Iterator[dict[str, Any]]:
    axes = given.reader.axes
    for seed, k in product([*axes.training_seeds, ALL_SEEDS], axes.n_domains or [NO_NUMBER]):
        protocols = OF_ALL_SEEDS if seed == ALL_SEEDS else OF_EACH_SEED
        kinds = list(product(axes.clusterers, protocols))
        choices = [_choose(given, seed, k, *kind) for kind in kinds]
        scores = _score_choices(choices, given.truth, given.coords)
        blocks = _blocks(choices, given.truth, given.coords)
        for (clusterer, protocol), choice, score, parts in zip(
            kinds, choices, scores, blocks, strict=True
        ):
            for metric in METRICS:
                value, sd, status, reason = _value(choice, score, metric, given.truth)
                yield {
                    "dataset": axes.dataset,
                    "method": axes.method,
                    "seed": seed,
                    "n_domains": k,
                    "exploratory": given.truth is None and k != NO_NUMBER,
                    "clusterer": clusterer,
                    "protocol": protocol,
                    "metric": metric,
                    "value": value,
                    "sd_clustering": sd,
                    "blocks": parts if metric == "ARI" else None,
                    "epoch": choice.epoch,
                    "status": status,
                    "reason": reason,
                }


def _choose(given: _Given, seed: int, k: int, clusterer: Clusterer, protocol: Protocol) -> Choice:
    """The labels of a protocol."""
    if seed == ALL_SEEDS:
        return _consensus(given, k, clusterer)
    reader, axes = given.reader, given.reader.axes
    i, j = axes.training_seeds.index(seed), axes.clusterers.index(clusterer)
    nothing = np.empty((0, axes.n_cells), np.int16)
    for status, reason in (
        (axes.status[i], axes.reason[i]),
        (axes.clusterer_status[i][j], axes.clusterer_reason[i][j]),
    ):
        if status != "ok":
            return Choice(NO_EPOCH, nothing, status, reason)
    reason = undefined(
        protocol,
        clusterer,
        trainable=given.trainable,
        has_truth=given.truth is not None,
        has_untrained=_has_untrained(reader, seed, k),
        epochs_reason=axes.epochs_reason[i],
    )
    if reason:
        return Choice(NO_EPOCH, nothing, "not_applicable", reason)

    epoch, missing = _epoch(given, seed, k, protocol)
    if epoch == NO_EPOCH:
        return Choice(NO_EPOCH, nothing, "not_applicable", missing)
    if protocol == "oracle_reclustered":
        rows = reader.held_out(k, seed, epoch)
    else:
        rows = reader.rows(k, seed, clusterer, epoch)
    note = reader.note(k, seed, clusterer, epoch)
    if not len(rows):
        return Choice(NO_EPOCH, rows, "not_applicable", note or "not clustered")
    return Choice(epoch, rows, "ok", note)


def _consensus(given: _Given, k: int, clusterer: Clusterer) -> Choice:
    """The labels of all training seeds together."""
    axes = given.reader.axes
    nothing = np.empty((0, axes.n_cells), np.int16)
    if "ok" not in axes.status:
        place = next((i for i, name in enumerate(axes.status) if name != "not_applicable"), 0)
        return Choice(NO_EPOCH, nothing, axes.status[place], axes.reason[place])
    if clusterer != "kmeans":
        return Choice(NO_EPOCH, nothing, "not_applicable", NOT_KMEANS)
    result = given.reader.consensus(k)
    if result.labels is None:
        return Choice(NO_EPOCH, nothing, result.status, result.reason)
    return Choice(NO_EPOCH, result.labels[None], "ok", result.reason)


def _epoch(given: _Given, seed: int, k: int, protocol: Protocol) -> tuple[int, str]:
    """The epoch of a protocol; ``NO_EPOCH`` and the reason if there is none."""
    axes = given.reader.axes
    if protocol == "untrained":
        return UNTRAINED_EPOCH, ""
    if protocol == "final":
        return axes.last_epochs[axes.training_seeds.index(seed)], ""
    if protocol == "selected":
        return given.reader.selected(k, seed), f"no epoch from {FIRST_EPOCH} on was clustered"
    return _oracle_epoch(given.epochs, seed, k), "no epoch could be clustered"


def _has_untrained(reader: LabelsReader, seed: int, k: int) -> bool:
    """Whether any clusterer got the embedding of epoch 0 of this training seed."""
    if UNTRAINED_EPOCH not in reader.axes.epochs:
        return False
    return any(
        len(reader.rows(k, seed, clusterer, UNTRAINED_EPOCH))
        or reader.note(k, seed, clusterer, UNTRAINED_EPOCH)
        for clusterer in reader.axes.clusterers
    )


def _oracle_epoch(epochs: pd.DataFrame, seed: int, k: int) -> int:
    """The epoch, from 1 on, with the best mean ARI over the k-means seeds; -1: none clustered."""
    trained = epochs["epoch"] > UNTRAINED_EPOCH
    of_seed = epochs[(epochs["seed"] == seed) & (epochs["n_domains"] == k) & trained]
    best = oracle(of_seed[["ari"]].to_numpy())
    return NO_EPOCH if best is None else int(of_seed["epoch"].iloc[best])


def _score_choices(
    choices: list[Choice], truth: np.ndarray | None, coords: np.ndarray | None
) -> list[dict[str, np.ndarray]]:
    """For each choice, by metric, the scores of its rows."""
    rows = np.concatenate([choice.rows for choice in choices])
    if not len(rows):
        return [{} for _ in choices]
    # The last epoch may also be that of the oracle, and single starts often agree.
    distinct, place = np.unique(rows, axis=0, return_inverse=True)
    by_metric: dict[str, np.ndarray] = {}
    if truth is not None:
        labeled = truth >= 0
        for name, metric in TRUTH_METRICS.items():
            by_metric[name] = np.array(
                [metric(truth[labeled], labels[labeled]) for labels in distinct]
            )
    if coords is not None:
        by_metric |= spatial_scores(coords, distinct)
    places = np.split(place, np.cumsum([len(choice.rows) for choice in choices])[:-1])
    return [{name: values[where] for name, values in by_metric.items()} for where in places]


def _blocks(
    choices: list[Choice], truth: np.ndarray | None, coords: np.ndarray | None
) -> list[np.ndarray | None]:
    """For each choice, contributions of blocks to its ARI; None without labels or a truth."""
    if truth is None or coords is None:
        return [None] * len(choices)
    labeled = truth >= 0
    true, blocks = truth[labeled], spatial_blocks(coords[labeled])
    return [
        ari_contributions(true, choice.rows[:, labeled], blocks) if len(choice.rows) else None
        for choice in choices
    ]


def _value(
    choice: Choice, score: dict[str, np.ndarray], metric: str, truth: np.ndarray | None
) -> tuple[float, float, str, str]:
    """Value, sd, status and reason of one row of the table."""
    if choice.status != "ok":
        return _NAN, _NAN, choice.status, choice.reason
    if metric in TRUTH_METRICS and truth is None:
        return _NAN, _NAN, "not_applicable", NO_TRUTH
    value, sd = mean_and_sd(score[metric])
    if np.isnan(value):
        return _NAN, _NAN, "not_applicable", "not defined for a single domain"
    return value, sd, "ok", choice.reason
