"""Exact distributions: those of scipy, and their sums."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, hypergeom

from stbench.interactions.sums import (
    Distribution,
    binomial,
    compared,
    hypergeometric,
    sum_of,
)


@given(st.data(), st.integers(1, 3000))
def test_hypergeometric_counts_are_those_of_scipy(data, size):
    marked, drawn = (data.draw(st.integers(0, size)) for _ in range(2))
    low, pmf = hypergeometric(marked, size, drawn)
    expected = hypergeom.pmf(low + np.arange(len(pmf)), size, marked, drawn)
    np.testing.assert_allclose(pmf, expected, rtol=1e-6, atol=1e-20)
    assert pmf.sum() == pytest.approx(1)


@given(st.integers(1, 5000), st.sampled_from([0.0, 1.0]) | st.floats(1e-9, 1 - 1e-9))
def test_binomial_counts_are_those_of_scipy(n, p):
    low, pmf = binomial(n, p)
    np.testing.assert_allclose(
        pmf, binom.pmf(low + np.arange(len(pmf)), n, p), rtol=1e-6, atol=1e-20
    )
    assert pmf.sum() == pytest.approx(1)


def test_sums_and_tails_by_hand():
    coin = Distribution(0, np.array([0.5, 0.5]))
    three = sum_of([coin, coin, coin])
    assert three.low == 0 and three.pmf.tolist() == [0.125, 0.375, 0.375, 0.125]
    assert compared(3, three) == pytest.approx((1.5, 0.75**0.5, 0.25))
    assert compared(2, three).p == pytest.approx(1.0)
    assert compared(9, three).p > 0  # outside of all possible numbers
    assert sum_of([]).pmf.tolist() == [1.0]
