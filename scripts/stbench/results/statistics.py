"""Differences between scores: bootstrap intervals and a verdict for them.

The interval of a difference includes two kinds of noise. Training seeds are drawn with replacement.
If a score is the mean over several clusterings of one embedding (k-means with one start depends
much on its seed), the standard error of that mean is added to each draw as normal noise. The
interval is the percentile interval of Efron (1979). It is too narrow with few seeds, so a verdict
requires at least ``MIN_SEEDS`` seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stbench.common.constants import KMEANS_SEEDS

DRAWS = 10_000
LEVEL = 0.95
MIN_SEEDS = 5  # with fewer, all seeds are on one side by chance in more than a tenth of cases

BETTER, WORSE = "better", "worse"
WITHIN_NOISE, TOO_FEW_SEEDS = "within the noise", "too few seeds"


@dataclass(frozen=True)
class Sample:
    """Scores of one method on one dataset.

    Attributes:
        values: (n,) one per training seed, each the mean over the clusterings of that seed.
        spreads: (n,) sd over those clusterings, NaN if there is only one.
    """

    values: np.ndarray
    spreads: np.ndarray


@dataclass(frozen=True)
class Difference:
    """The difference of two scores.

    Attributes:
        mean: the difference of means.
        sd: over training seeds, ddof 1, where seeds are paired; NaN otherwise or for one seed.
        n: number of training seeds of the sample with fewer.
        low, high: ends of the 95 % interval; NaN with fewer than two seeds on either side.
    """

    mean: float
    sd: float
    n: int
    low: float
    high: float


def difference(one: Sample, other: Sample) -> Difference:
    """``one`` minus ``other``, training seeds drawn independently on each side.

    Raises:
        ValueError: a side is empty.
    """
    n = _smaller(one, other)
    mean = float(one.values.mean() - other.values.mean())
    if n < 2:
        return Difference(mean, np.nan, n, np.nan, np.nan)
    rng = np.random.default_rng(0)
    draws = _means(one.values, rng) - _means(other.values, rng)
    return Difference(mean, np.nan, n, *_interval(draws + _clustering_noise(one, other, rng)))


def paired_difference(one: Sample, other: Sample) -> Difference:
    """``one`` minus ``other`` for samples with the same training seeds in the same order.

    Raises:
        ValueError: the sides are empty or of different length.
    """
    n = _smaller(one, other)
    if len(one.values) != len(other.values):
        raise ValueError(f"{len(one.values)} and {len(other.values)} values are not paired")
    differences = one.values - other.values
    mean = float(differences.mean())
    if n < 2:
        return Difference(mean, np.nan, n, np.nan, np.nan)
    rng = np.random.default_rng(0)
    draws = _means(differences, rng) + _clustering_noise(one, other, rng)
    return Difference(mean, float(differences.std(ddof=1)), n, *_interval(draws))


def mean_over_groups(groups: Sequence[np.ndarray]) -> Difference:
    """The mean of the groups' means, such as of differences on several datasets.

    For the interval, groups are drawn with replacement, and values within each drawn group. It
    includes both kinds of noise, and all groups have the same weight.

    Returns:
        ``n`` is the number of groups, ``sd`` that of their means.

    Raises:
        ValueError: there is no group, or a group is empty.
    """
    n = len(groups)
    sizes = np.array([len(group) for group in groups])
    if n == 0 or not sizes.all():
        raise ValueError("no values in a group")
    means = np.array([group.mean() for group in groups])
    if n < 2:
        return Difference(float(means.mean()), np.nan, n, np.nan, np.nan)
    longest = sizes.max()
    table = np.zeros((n, longest))
    for row, group in zip(table, groups, strict=True):
        row[: len(group)] = group
    rng = np.random.default_rng(0)
    chosen = rng.integers(0, n, (DRAWS, n))
    size = sizes[chosen][:, :, None]
    places = (rng.random((DRAWS, n, longest)) * size).astype(int)
    drawn = np.where(np.arange(longest) < size, table[chosen[:, :, None], places], 0)
    draws = (drawn.sum(axis=2) / size[:, :, 0]).mean(axis=1)
    return Difference(float(means.mean()), float(means.std(ddof=1)), n, *_interval(draws))


def verdict(result: Difference) -> str:
    """The verdict on a difference: better, worse, within the noise, or too few seeds."""
    if result.n < 2:
        return TOO_FEW_SEEDS
    if result.low <= 0 <= result.high:
        return WITHIN_NOISE
    if result.n < MIN_SEEDS:
        return TOO_FEW_SEEDS
    return BETTER if result.mean > 0 else WORSE


def _smaller(one: Sample, other: Sample) -> int:
    n = min(len(one.values), len(other.values))
    if n == 0:
        raise ValueError("no values on one side of a difference")
    return n


def _means(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rng.choice(values, (DRAWS, len(values))).mean(axis=1)


def _clustering_noise(one: Sample, other: Sample, rng: np.random.Generator) -> np.ndarray:
    """Standard error of the mean over clusterings, assumed to be shared by all training seeds.

    A control that ignores its seed gives the same embedding and the same clusterings for every
    seed, so more training seeds do not reduce this noise.
    """
    variance = sum(float(np.mean(np.nan_to_num(s.spreads) ** 2)) for s in (one, other))
    return rng.normal(0.0, np.sqrt(variance / len(KMEANS_SEEDS)), DRAWS)


def _interval(draws: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
