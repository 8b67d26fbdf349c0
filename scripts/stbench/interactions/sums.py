"""Exact distributions of sums of independent counts, for tests without draws."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

_NEGLIGIBLE = 1e-25  # probability that is cut from the ends of a distribution


class Distribution(NamedTuple):
    """Probabilities of the whole numbers ``low``, ``low`` + 1, ...; without negligible ends."""

    low: int
    pmf: np.ndarray


class Comparison(NamedTuple):
    """An observed number against its distribution."""

    mean: float
    sd: float
    p: float


def trimmed(low: int, pmf: np.ndarray) -> Distribution:
    """A distribution without negligible ends."""
    kept = np.flatnonzero(pmf > _NEGLIGIBLE)
    return Distribution(low + int(kept[0]), pmf[kept[0] : kept[-1] + 1])


def sum_of(parts: Iterable[Distribution]) -> Distribution:
    """The distribution of the sum of independent counts."""
    total = Distribution(0, np.ones(1))
    for part in parts:
        total = trimmed(total.low + part.low, np.convolve(total.pmf, part.pmf))
    return total


def hypergeometric(marked: int, size: int, drawn: int) -> Distribution:
    """Marked members among some drawn without replacement.

    Args:
        marked: how many members are marked, of ``size``.
        size: members.
        drawn: how many are drawn.
    """
    share = marked / size
    mean = drawn * share
    variance = mean * (1 - share) * (size - drawn) / max(size - 1, 1)
    low, high = max(0, drawn + marked - size), min(drawn, marked)
    k = _likely(mean, variance, low, high)
    log_pmf = _log_choose(marked, k) + _log_choose(size - marked, drawn - k)
    return trimmed(int(k[0]), np.exp(log_pmf - _log_choose(size, np.array(drawn))))


def binomial(n: int, p: float) -> Distribution:
    """Successes among ``n`` with the same probability."""
    if p in (0.0, 1.0):
        return Distribution(round(n * p), np.ones(1))
    k = _likely(n * p, n * p * (1 - p), 0, n)
    log_pmf = _log_choose(n, k) + k * math.log(p) + (n - k) * math.log1p(-p)
    return trimmed(int(k[0]), np.exp(log_pmf))


def _likely(mean: float, variance: float, low: int, high: int) -> np.ndarray:
    """The numbers with all but a negligible probability."""
    reach = 12 * math.sqrt(variance) + 30
    return np.arange(max(low, math.floor(mean - reach)), min(high, math.ceil(mean + reach)) + 1)


def _log_choose(n: int, k: np.ndarray) -> np.ndarray:
    from scipy.special import gammaln

    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


def compared(observed: int, distribution: Distribution) -> Comparison:
    """Two-sided: p is the probability of a number at least as far from the mean."""
    numbers = distribution.low + np.arange(len(distribution.pmf))
    pmf = distribution.pmf / distribution.pmf.sum()
    mean = float(numbers @ pmf)
    sd = float(np.sqrt(np.square(numbers - mean) @ pmf))
    far = np.abs(numbers - mean) >= abs(observed - mean) - 1e-9
    return Comparison(mean, sd, float(min(pmf[far].sum(), 1.0)) or float(_NEGLIGIBLE))
