"""Differences between scores: intervals, p values and a verdict for them.

A difference has up to three sources of noise, whose variances are added:

* training seeds: Welch's standard error of two means (Student's for paired seeds);
* clusterings of one embedding, where a method has a single run because it is deterministic (for
  other methods, the seeds contain this noise);
* cells: a section is one draw of a tissue. The variance of a bootstrap of spatial blocks of cells
  (``stbench.scoring.block_bootstrap``), in which both sides are scored on the same blocks.

Where the noise of cells is not known, as for most shipped scores, there is no interval for two
seeds, nor for two deterministic methods, where only the starts of k-means would count.

The interval is that of Student's t with Welch-Satterthwaite degrees of freedom; docs/scores.md
shows its coverage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stbench.common.constants import KMEANS_SEEDS
from stbench.results.confidence import Noise, combined, interval, p_value
from stbench.scoring.block_bootstrap import block_noise

LEVEL = 0.05
_FEWEST_SEEDS = 3  # for an interval without the noise of cells
ROUNDING = 1e-30  # variances below are those of equal scores

BETTER, WORSE = "better", "worse"
TOO_FEW_SEEDS = "too few seeds, seeds that agree, or an unknown noise of cells give no interval"
WITHIN_NOISE, NO_INTERVAL = "within the noise", "no interval"


@dataclass(frozen=True)
class Sample:
    """Scores of one method on one dataset.

    Attributes:
        values: (n,) one for each training seed, each the mean over the clusterings of that seed.
        spreads: (n,) sd over those clusterings, NaN if there is only one.
        blocks: (n, n_blocks) contributions of blocks of cells; None if they are not known.
        deterministic: the seeds repeat one run, so they say nothing about noise.
    """

    values: np.ndarray
    spreads: np.ndarray
    blocks: np.ndarray | None = None
    deterministic: bool = False


@dataclass(frozen=True)
class Difference:
    """The difference of two scores.

    Attributes:
        mean: the difference of means.
        sd: over training seeds, ddof 1, where seeds are paired; NaN otherwise or for one seed.
        n: number of independent runs of the sample with fewer; a deterministic side has no limit.
        low, high: ends of the 95 % interval; NaN where no noise could be measured.
        p: of the difference being 0, two-sided; NaN without an interval.
    """

    mean: float
    sd: float
    n: int
    low: float
    high: float
    p: float


NOTHING = Difference(np.nan, np.nan, 0, np.nan, np.nan, np.nan)


def difference(one: Sample, other: Sample) -> Difference:
    """``one`` minus ``other``, with independent training seeds on each side.

    Raises:
        ValueError: a side is empty.
    """
    sides = (one, other)
    if not all(len(side.values) for side in sides):
        raise ValueError("no values on one side of a difference")
    mean = float(one.values.mean() - other.values.mean())
    runs = [len(side.values) for side in sides if not side.deterministic]
    n = min(runs, default=1)
    if 1 in runs or _too_few(n, one, other):
        return Difference(mean, np.nan, n, np.nan, np.nan, np.nan)
    noises = [_clusterings(s) if s.deterministic else _seeds(s.values) for s in sides]
    return Difference(mean, np.nan, n, *_student(mean, [*noises, _cells(one, other)]))


def paired_difference(one: Sample, other: Sample) -> Difference:
    """``one`` minus ``other`` for samples with the same training seeds in the same order.

    Raises:
        ValueError: the sides are empty or of different length.
    """
    if not len(one.values) or len(one.values) != len(other.values):
        raise ValueError(f"{len(one.values)} and {len(other.values)} values are not paired")
    if one.deterministic and other.deterministic:
        return difference(one, other)
    differences = one.values - other.values
    mean, n = float(differences.mean()), len(differences)
    if n < 2:
        return Difference(mean, np.nan, n, np.nan, np.nan, np.nan)
    sd = float(differences.std(ddof=1))
    if _too_few(n, one, other):
        return Difference(mean, sd, n, np.nan, np.nan, np.nan)
    return Difference(mean, sd, n, *_student(mean, [_seeds(differences), _cells(one, other)]))


def mean_over_groups(groups: Sequence[np.ndarray]) -> Difference:
    """The mean of the groups' means, such as of differences on several datasets.

    The interval is Student's over the means of groups, which contain the noise within groups.

    Returns:
        ``n`` is the number of groups, ``sd`` that of their means.

    Raises:
        ValueError: there is no group, or a group is empty.
    """
    if not groups or not all(len(group) for group in groups):
        raise ValueError("no values in a group")
    means = np.array([group.mean() for group in groups])
    mean, n = float(means.mean()), len(means)
    if n < 2:
        return Difference(mean, np.nan, n, np.nan, np.nan, np.nan)
    return Difference(mean, float(means.std(ddof=1)), n, *_student(mean, [_seeds(means)]))


def verdict(mean: float, p: float) -> str:
    """The verdict on a difference: better, worse, within the noise, or no interval.

    Args:
        mean: the difference.
        p: of the difference, corrected for the number of statements where there are several.
    """
    if np.isnan(p):
        return NO_INTERVAL
    if p > LEVEL:
        return WITHIN_NOISE
    return BETTER if mean > 0 else WORSE


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down adjustment of p values (Scandinavian Journal of Statistics 1979).

    NaN stays NaN and does not count as a test.
    """
    p = np.asarray(p, dtype=np.float64)
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    adjusted[order] = np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)).clip(max=1)
    return adjusted


def _too_few(n: int, one: Sample, other: Sample) -> bool:
    """Whether all known noise is that of two seeds, which may be close by chance, or of none."""
    return n < _FEWEST_SEEDS and (one.blocks is None or other.blocks is None)


def _seeds(values: np.ndarray) -> Noise:
    return Noise(float(values.var(ddof=1)) / len(values), len(values) - 1)


def _clusterings(sample: Sample) -> Noise:
    """Noise of the mean over clusterings; every seed repeats the same clusterings."""
    n = len(KMEANS_SEEDS)
    return Noise(float(np.mean(np.nan_to_num(sample.spreads) ** 2)) / n, n - 1)


def _cells(one: Sample, other: Sample) -> Noise:
    if one.blocks is None or other.blocks is None:
        return Noise(0.0, 1)
    return Noise(*block_noise(one.blocks.mean(axis=0) - other.blocks.mean(axis=0)))


def _student(mean: float, noises: Sequence[Noise]) -> tuple[float, float, float]:
    """Ends of the 95 % interval and p; NaN if there is no noise at all."""
    if combined(noises).variance < ROUNDING:
        return np.nan, np.nan, np.nan
    return *interval(mean, noises), p_value(mean, noises)
