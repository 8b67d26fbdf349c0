"""Confidence intervals from independent sources of noise.

With two samples of scores as the sources this is Welch's interval (Biometrika 1947).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

LEVEL = 0.95


@dataclass(frozen=True)
class Noise:
    """One source of noise: its variance of the estimate, with degrees of freedom."""

    variance: float
    degrees: float

    @classmethod
    def of_mean(cls, sd: float, n: int) -> Noise:
        """The noise of a mean of ``n`` values with this standard deviation (n - 1)."""
        return cls(sd**2 / n if n > 1 else np.nan, n - 1)


def interval(mean: float, noises: Iterable[Noise]) -> tuple[float, float]:
    """The ends of the 95 % interval: Student's t, degrees of freedom by Satterthwaite.

    NaN if a variance is unknown; ``mean`` twice if there is no noise at all.
    """
    from scipy.special import stdtrit  # t.ppf without its checks of arrays, and the same numbers

    total = combined(noises)
    if not total.variance:
        return mean, mean
    half = float(stdtrit(total.degrees, (1 + LEVEL) / 2) * np.sqrt(total.variance))
    return mean - half, mean + half


def p_value(mean: float, noises: Iterable[Noise]) -> float:
    """The two-sided p value of a mean of 0, as ``interval``; NaN without any noise."""
    from scipy.special import stdtr

    total = combined(noises)
    return float(2 * stdtr(total.degrees, -abs(mean) / np.sqrt(total.variance or np.nan)))


def combined(noises: Iterable[Noise]) -> Noise:
    """The sum of independent noises, with Satterthwaite's degrees of freedom."""
    noises = list(noises)
    variance = sum(noise.variance for noise in noises)
    if np.isnan(variance):
        return Noise(np.nan, np.nan)
    parts = sum(noise.variance**2 / noise.degrees for noise in noises if noise.variance)
    return Noise(variance, variance**2 / parts if parts else np.nan)
