"""Values that were log-transformed are recognized, and scaled ones are not taken for them."""

import numpy as np
import pytest

from stbench.data.log_values import is_logged


@pytest.fixture(params=[0.05, 0.5, 5], ids=["sparse", "panel", "deep"])
def counts(request):
    rng = np.random.default_rng(0)
    return rng.poisson(request.param * rng.gamma(1, 1, 30), (300, 30)).astype(float)


def per_cell(counts, total):
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1) * total


@pytest.mark.parametrize("total", [1e2, 1e4])
@pytest.mark.parametrize("log", [np.log1p, lambda x: np.log2(1 + x), lambda x: np.log10(1 + x)])
def test_logarithms_of_scaled_counts_are_recognized(counts, log, total):
    assert is_logged(log(per_cell(counts, total)))
    assert is_logged(log(per_cell(counts, total)).astype(np.float32))


def test_logarithms_of_many_counts_are_recognized_whatever_the_total():
    rng = np.random.default_rng(0)
    counts = rng.poisson(rng.gamma(0.3, 400, 300), (100, 300)).astype(float)
    for total in (100, 1000, 1e4):
        assert is_logged(np.log1p(per_cell(counts, total)))


def test_logarithms_of_counts_are_recognized(counts):
    assert is_logged(np.log1p(counts))


@pytest.mark.parametrize("unit", [1, 100])
def test_counts_by_volume_are_not_logarithms(counts, unit):
    volumes = np.random.default_rng(1).lognormal(np.log(900), 0.4, (len(counts), 1))
    assert not is_logged(counts / volumes * unit)


@pytest.mark.parametrize("total", [1, 30])
def test_fractions_are_not_logarithms(counts, total):
    assert not is_logged(per_cell(counts, total))


def test_counts_and_other_amounts_are_not_logarithms(counts):
    assert not is_logged(counts)
    assert not is_logged(np.random.default_rng(2).lognormal(0, 1, (300, 30)))
