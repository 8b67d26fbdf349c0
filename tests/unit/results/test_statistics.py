"""Differences of scores: intervals that hold the noise, words that claim no more."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stbench.results.statistics import (
    BETTER,
    TOO_FEW_SEEDS,
    WITHIN_NOISE,
    WORSE,
    Difference,
    Sample,
    difference,
    paired_difference,
    verdict,
)

SCORES = st.lists(st.floats(-0.5, 1), min_size=2, max_size=6)


def sample(*values, spread=0.0):
    return Sample(np.array(values, dtype=float), np.full(len(values), spread))


@given(SCORES, SCORES)
def test_the_interval_lies_within_what_resampling_can_reach(one, other):
    found = difference(sample(*one), sample(*other))
    assert found.mean == pytest.approx(np.mean(one) - np.mean(other))
    assert min(one) - max(other) - 1e-9 <= found.low <= found.high <= max(one) - min(other) + 1e-9
    back = difference(sample(*other), sample(*one))
    assert back.mean == pytest.approx(-found.mean)


def test_two_values_give_the_interval_from_one_to_the_other():
    found = paired_difference(sample(0.5, 0.9), sample(0.4, 0.6))
    assert found.mean == pytest.approx(0.2)
    assert found.sd == pytest.approx(np.sqrt(0.02))
    assert (found.low, found.high) == pytest.approx((0.1, 0.3))


def test_pairing_takes_out_what_both_share():
    one, other = sample(0.1, 0.5, 0.9), sample(0.0, 0.4, 0.8)
    paired, apart = paired_difference(one, other), difference(one, other)
    assert paired.high - paired.low == pytest.approx(0, abs=1e-9)
    assert apart.high - apart.low > 0.3


def test_clusterings_that_scatter_widen_the_interval_by_their_standard_error():
    found = difference(sample(0.8, 0.8, spread=0.1), sample(0.7, 0.7))
    error = 0.1 / np.sqrt(5)
    assert found.high - found.mean == pytest.approx(1.96 * error, rel=0.1)
    assert found.mean - found.low == pytest.approx(1.96 * error, rel=0.1)


def test_one_seed_gives_no_interval():
    found = difference(sample(0.8), sample(0.7, 0.7))
    assert found.mean == pytest.approx(0.1)
    assert found.n == 1 and np.isnan(found.low) and np.isnan(found.high)


def test_a_single_clustering_has_no_noise_of_its_own():
    found = difference(sample(0.8, 0.8, spread=np.nan), sample(0.7, 0.7, spread=np.nan))
    assert (found.low, found.high) == pytest.approx((0.1, 0.1))


def test_the_same_input_gives_the_same_interval():
    one, other = sample(0.1, 0.4, 0.2, spread=0.1), sample(0.3, 0.5)
    found, again = difference(one, other), difference(one, other)
    assert (found.low, found.high) == (again.low, again.high)


@pytest.mark.parametrize(
    ("n", "low", "high", "word"),
    [
        (5, 0.01, 0.1, BETTER),
        (5, -0.1, -0.01, WORSE),
        (5, -0.01, 0.1, WITHIN_NOISE),
        (2, 0.2, 0.4, TOO_FEW_SEEDS),
        (2, -0.1, 0.4, WITHIN_NOISE),
        (1, np.nan, np.nan, TOO_FEW_SEEDS),
    ],
)
def test_words(n, low, high, word):
    assert verdict(Difference((low + high) / 2, np.nan, n, low, high)) == word


@pytest.mark.parametrize("other", [(), (0.1, 0.2, 0.3)])
def test_unpaired_or_empty_sides_are_refused(other):
    with pytest.raises(ValueError):
        paired_difference(sample(0.1, 0.2), sample(*other))
