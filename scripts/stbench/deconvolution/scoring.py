"""Scores of one method on one pair, with intervals for the noise of spots and seeds.

The noise of spots is that of a bootstrap of blocks of neighboring spots, the same for all seeds and
methods, because neighbors have similar errors. Within each draw, a mean over types uses the types
for which the metric is defined. A type in a few spots has its own score but is not in the means of
``FREQUENT_ONLY``: these would depend on whether a draw holds its spots. The noise of seeds is the
variance of their mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from stbench.deconvolution.metrics import METRICS, metrics_on
from stbench.deconvolution.proportions import aligned
from stbench.results.confidence import Noise, interval
from stbench.scoring.block_draws import BlockDraws

ALL_TYPES = "(all)"
NO_TRUTH = "no true proportions"  # the reason of methods that ran where nothing can be scored
MIN_SPOTS_OF_TYPE = 5
_DRAWS_AT_ONCE = 50
FREQUENT_ONLY = ("pearson_type", "ssim", "auroc", "f1")
COLUMNS = [
    *("metric", "type", "mean", "low", "high", "sd_seeds", "n_seeds"),
    *("n_spots", "se_spots", "blocks"),
]


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
        is ``low`` to ``high``, inside the range of the metric; one seed counts as without noise of
        seeds. ``sd_seeds`` is over seeds (n - 1), NaN for one; ``se_spots`` the standard error due
        to spots, from this number of large ``blocks``.
    """
    n, seeds = len(truth), list(predicted)
    draws = BlockDraws.of(coords)
    whole = np.ones((1, n))
    pairs = [aligned(truth, predicted[seed]) for seed in seeds]
    types = sorted(set().union(*(table.columns for table, _ in pairs)))
    frequent = (_over(types, truth) > 0).sum(axis=0) >= MIN_SPOTS_OF_TYPE
    rows = []
    for name, metric in metrics_on(coords).items():
        point, drawn = [], []
        for true, ours in pairs:
            both = (_over(types, true), _over(types, ours))
            point.append(metric(*both, whole)[0])
            parts = (metric(*both, draws.weights[part]) for part in _slices(len(draws.weights)))
            drawn.append(np.concatenate(list(parts)))
        values, again = np.array(point), np.array(drawn)  # seeds (x draws) x types
        if values.shape[1] > 1:
            for j, kind in enumerate(types):
                rows.append(_row(name, kind, values[:, j], again[:, :, j], draws))
        if name in FREQUENT_ONLY:
            values, again = values[:, frequent], again[:, :, frequent]
        rows.append(_row(name, ALL_TYPES, _mean(values, 1), _mean(again, 2), draws))
    return pd.DataFrame(rows, columns=COLUMNS)


def _slices(draws: int) -> list[slice]:
    """Draws that are scored at once: each takes a number for every spot, several times over."""
    return [slice(start, start + _DRAWS_AT_ONCE) for start in range(0, draws, _DRAWS_AT_ONCE)]


def _over(types: Sequence[str], table: pd.DataFrame) -> np.ndarray:
    return table.reindex(columns=types, fill_value=0.0).to_numpy()


def _row(
    name: str, kind: str, values: np.ndarray, again: np.ndarray, draws: BlockDraws
) -> tuple[object, ...]:
    """``values`` (seeds,), ``again`` (seeds, draws)."""
    se_spots = float(np.sqrt(draws.variance(again.mean(axis=0))))
    seeds = mean_of_seeds(name, values, se_spots, draws.n_large)
    return name, kind, *seeds, len(values), draws.weights.shape[1], se_spots, draws.n_large


def mean_of_seeds(
    metric: str, values: np.ndarray, se_spots: float, blocks: int
) -> tuple[float, float, float, float]:
    """Mean, ends of the 95 % interval and sd of a score of several seeds; see ``scores``."""
    mean = float(values.mean())
    sd = float(values.std(ddof=1)) if len(values) > 1 else np.nan
    noises = [Noise(se_spots**2, blocks - 1)]
    if len(values) > 1:
        noises.append(Noise.of_mean(sd, len(values)))
    low, high = np.clip(interval(mean, noises), METRICS[metric].low, METRICS[metric].high)
    return mean, float(low), float(high), sd


def _mean(values: np.ndarray, axis: int) -> np.ndarray:
    """Mean without NaN; NaN if all values are."""
    defined = ~np.isnan(values)
    n = defined.sum(axis=axis)
    means = np.full(n.shape, np.nan)
    np.divide(np.where(defined, values, 0).sum(axis=axis), n, out=means, where=n > 0)
    return means


def nothing_to_score(n_spots: int) -> pd.DataFrame:
    """The rows of a method without a result: every metric, no value."""
    rows = [(name, ALL_TYPES, *[np.nan] * 4, 0, n_spots, np.nan, 0) for name in METRICS]
    return pd.DataFrame(rows, columns=COLUMNS)
