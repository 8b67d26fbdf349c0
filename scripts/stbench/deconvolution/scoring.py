"""Scores of one method on one pair, with intervals over spots and seeds.

A bootstrap draw (Efron 1979) draws the spots with replacement, the same for all seeds and methods,
and the seeds with replacement; a score is the mean over the seeds drawn. Within each draw, a mean
over types uses the types for which the metric is defined. A type in a few spots has its own score
but is not in the means of ``FREQUENT_ONLY``: these would depend on whether a draw holds its spots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from stbench.deconvolution.metrics import METRICS, metrics_on
from stbench.deconvolution.proportions import aligned

DRAWS = 1000
LEVEL = 0.95
ALL_TYPES = "(all)"
MIN_SPOTS_OF_TYPE = 5
FREQUENT_ONLY = ("pearson_type", "ssim", "auroc", "f1")
COLUMNS = ["metric", "type", "mean", "low", "high", "sd_seeds", "n_seeds", "n_spots"]


def scores(
    truth: pd.DataFrame, predicted: Mapping[int, pd.DataFrame], coords: np.ndarray
) -> pd.DataFrame:
    """One row for each metric, and one for each metric of maps and type.

    Args:
        truth: (spots, types).
        predicted: proportions (spots, types) by seed, with any types.
        coords: (spots, 2).

    Returns:
        Columns ``COLUMNS``; ``type`` is ``(all)`` for means over types or spots. The 95 % interval
        is ``low`` to ``high``; ``sd_seeds`` is over seeds (n - 1), NaN for one.
    """
    n, seeds = len(truth), list(predicted)
    rng = np.random.default_rng(0)
    weights = rng.multinomial(n, np.full(n, 1 / n), DRAWS).astype(np.float64)
    share = rng.multinomial(len(seeds), np.full(len(seeds), 1 / len(seeds)), DRAWS) / len(seeds)
    whole = np.ones((1, n))
    pairs = [aligned(truth, predicted[seed]) for seed in seeds]
    types = sorted(set().union(*(table.columns for table, _ in pairs)))
    frequent = (_over(types, truth) > 0).sum(axis=0) >= MIN_SPOTS_OF_TYPE
    rows = []
    for name, metric in metrics_on(coords).items():
        point, draws = [], []
        for true, ours in pairs:
            both = (_over(types, true), _over(types, ours))
            point.append(metric(*both, whole)[0])
            draws.append(metric(*both, weights))
        values, drawn = np.array(point), np.array(draws)  # seeds (x draws) x types
        if values.shape[1] > 1:
            for j, kind in enumerate(types):
                rows.append(_row(name, kind, values[:, j], drawn[:, :, j], share, n))
        if name in FREQUENT_ONLY:
            values, drawn = values[:, frequent], drawn[:, :, frequent]
        rows.append(_row(name, ALL_TYPES, _mean(values, 1), _mean(drawn, 2), share, n))
    return pd.DataFrame(rows, columns=COLUMNS)


def _over(types: Sequence[str], table: pd.DataFrame) -> np.ndarray:
    return table.reindex(columns=types, fill_value=0.0).to_numpy()


def _row(
    metric: str, kind: str, values: np.ndarray, drawn: np.ndarray, share: np.ndarray, n: int
) -> tuple[object, ...]:
    """``values`` (seeds,), ``drawn`` (seeds, draws), ``share`` (draws, seeds)."""
    means = (drawn.T * share).sum(axis=1)
    means = means[~np.isnan(means)]
    low, high = (np.nan, np.nan)
    if len(means):
        low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    sd = values.std(ddof=1) if len(values) > 1 else np.nan
    return metric, kind, values.mean(), low, high, sd, len(values), n


def _mean(values: np.ndarray, axis: int) -> np.ndarray:
    """Mean without NaN; NaN if all values are."""
    defined = ~np.isnan(values)
    n = defined.sum(axis=axis)
    means = np.full(n.shape, np.nan)
    np.divide(np.where(defined, values, 0).sum(axis=axis), n, out=means, where=n > 0)
    return means


def nothing_to_score(n_spots: int) -> pd.DataFrame:
    """The rows of a method without a result: every metric, no value."""
    rows = [(name, ALL_TYPES, *[np.nan] * 4, 0, n_spots) for name in METRICS]
    return pd.DataFrame(rows, columns=COLUMNS)
