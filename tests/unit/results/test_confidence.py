"""Intervals from several sources of noise against scipy's, and at their edges."""

import numpy as np
import pytest
from scipy.stats import sem, t, ttest_ind

from stbench.results.confidence import Noise, interval


def test_one_source_is_students_interval():
    values = np.array([0.2, 0.5, 0.3, 0.9])
    low, high = interval(values.mean(), [Noise.of_mean(values.std(ddof=1), 4)])
    assert (low, high) == pytest.approx(t.interval(0.95, 3, values.mean(), sem(values)))


def test_two_sources_are_welchs_interval():
    one, other = np.array([0.2, 0.5, 0.3, 0.9]), np.array([0.1, 0.12, 0.2, 0.15, 0.11, 0.3])
    noises = [Noise.of_mean(values.std(ddof=1), len(values)) for values in (one, other)]
    ends = interval(one.mean() - other.mean(), noises)
    expected = ttest_ind(one, other, equal_var=False).confidence_interval()
    assert ends == pytest.approx((expected.low, expected.high))


def test_a_source_without_noise_changes_nothing():
    noise = Noise.of_mean(0.1, 5)
    assert interval(0.5, [noise, Noise(0.0, 0)]) == interval(0.5, [noise])
    assert interval(0.5, [Noise(0.0, 4)]) == (0.5, 0.5)


def test_one_value_has_no_interval():
    assert np.isnan(interval(0.5, [Noise.of_mean(np.nan, 1), Noise.of_mean(0.1, 5)])).all()
