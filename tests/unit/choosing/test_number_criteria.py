"""Criteria over the number of domains on points whose number of clusters is known."""

import numpy as np
import pytest

from stbench.choosing.number_criteria import (
    BIC,
    GAP,
    RESAMPLES,
    SEEDS,
    SILHOUETTE,
    curves,
    gap,
    mixture_bic,
    resample_agreement,
    seed_agreement,
)
from stbench.scoring.agreement import mean_agreement

NUMBERS = [2, 3, 4, 5]


def blobs(n_clusters=3, n_cells=150, noise=0.3):
    rng = np.random.default_rng(0)
    truth = np.arange(n_cells) % n_clusters
    centers = 4 * np.column_stack([np.cos(np.arange(n_clusters)), np.sin(np.arange(n_clusters))])
    return centers[truth] + noise * rng.normal(size=(n_cells, 2)), truth


@pytest.fixture(scope="module")
def of_blobs():
    return curves(blobs()[0], NUMBERS).set_index(["criterion", "n_domains"])["value"]


@pytest.mark.parametrize("criterion", [RESAMPLES, SILHOUETTE, BIC])
def test_separate_clusters_are_counted(of_blobs, criterion):
    assert of_blobs[criterion].idxmax() == 3


def test_the_gap_rises_to_the_number_of_clusters_and_then_no_more(of_blobs):
    values = of_blobs[GAP]
    assert values[3] - values[2] > 0.5
    assert abs(values[4] - values[3]) < 0.2


def test_the_gap_of_points_without_clusters_is_small():
    uniform = np.random.default_rng(1).uniform(size=(150, 2))
    values, errors = gap(uniform, [2, 3])
    assert np.abs(values).max() < 0.15
    assert (errors > 0).all()


def test_the_error_is_that_of_the_gap_alone():
    table = curves(blobs()[0], [2, 3])
    assert (table["error"].notna() == (table["criterion"] == GAP)).all()


def test_agreement_between_seeds_is_a_mean_over_methods_with_several():
    one = np.array([[0, 0, 1, 1], [1, 1, 0, 0]])  # the same partition
    other = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    single = np.array([[0, 1, 0, 1]])
    assert seed_agreement([one]) == 1
    assert seed_agreement([one, other, single]) == pytest.approx((1 + mean_agreement(other)) / 2)
    assert np.isnan(seed_agreement([single]))


def test_seeds_are_a_criterion_where_they_are_given():
    of_seeds = [[np.array([[0, 1] * 75, [0, 1] * 75])], []]
    table = curves(blobs()[0], [2, 3], of_seeds)
    values = table[table["criterion"] == SEEDS].set_index("n_domains")["value"]
    assert values[2] == 1
    assert np.isnan(values[3])


def test_cells_outside_a_resample_do_not_count():
    assert mean_agreement([np.array([0, 0, 1, 1, -1]), np.array([5, 5, 7, 7, 7])]) == 1


def test_more_domains_than_cells_have_no_agreement():
    assert np.isnan(resample_agreement(np.arange(10.0)[:, None], 9))


def test_too_few_cells_for_a_mixture_have_no_criterion():
    points = np.random.default_rng(0).normal(size=(24, 5))
    assert np.isnan(mixture_bic(points, np.arange(24) % 20))
    assert np.isfinite(mixture_bic(points.astype(np.float32), np.arange(24) % 19))


@pytest.mark.parametrize("unit", [1e-5, 1, 1e8])
def test_the_mixture_does_not_depend_on_the_unit_of_the_data(unit):
    points, labels = blobs()
    assert mixture_bic(unit * points, labels) == pytest.approx(mixture_bic(points, labels))
