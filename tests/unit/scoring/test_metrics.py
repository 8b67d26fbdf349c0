"""Agreement with the truth: by hand, against scikit-learn, and what must hold for any labels."""

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st

from stbench.scoring.metrics import TRUTH_METRICS, ari, completeness, contingency, homogeneity

SKLEARN = {
    "ARI": sk.adjusted_rand_score,
    "AMI": sk.adjusted_mutual_info_score,
    "NMI": sk.normalized_mutual_info_score,
    "homogeneity": sk.homogeneity_score,
    "completeness": sk.completeness_score,
    "V": sk.v_measure_score,
}
SYMMETRIC = ["ARI", "AMI", "NMI", "V"]


@st.composite
def two_labelings(draw):
    n = draw(st.integers(2, 60))
    labels = st.lists(st.integers(0, draw(st.integers(0, 6))), min_size=n, max_size=n)
    return np.array(draw(labels)), np.array(draw(labels))


def test_ari_by_hand():
    # Pairs: 2 together in both, 6 in the truth, 3 in the prediction, 15 in all.
    true, predicted = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, 2, 2])
    table = [[2, 1, 0], [0, 1, 2]]
    assert contingency(true, predicted).tolist() == table
    chance = 6 * 3 / 15
    assert ari(true, predicted) == pytest.approx((2 - chance) / ((6 + 3) / 2 - chance))


def test_homogeneity_and_completeness_by_hand():
    true, split = np.array([0, 0, 1, 1]), np.array([0, 1, 2, 2])
    assert homogeneity(true, split) == pytest.approx(1)
    # H(predicted) = 1.5 bits, H(predicted | true) = 0.5 bits.
    assert completeness(true, split) == pytest.approx(2 / 3)


@settings(max_examples=100, deadline=None)
@given(two_labelings())
def test_equal_to_scikit_learn(labelings):
    for name, metric in TRUTH_METRICS.items():
        assert metric(*labelings) == pytest.approx(SKLEARN[name](*labelings), abs=1e-12), name


@pytest.mark.parametrize("n_cells", [100, 70_000])
def test_ari_equals_scikit_learn_on_many_cells(n_cells):
    rng = np.random.default_rng(0)
    true = rng.integers(0, 12, n_cells)
    predicted = np.where(rng.random(n_cells) < 0.6, true, rng.integers(0, 9, n_cells))
    assert ari(true, predicted) == pytest.approx(sk.adjusted_rand_score(true, predicted), abs=1e-14)


@settings(max_examples=50, deadline=None)
@given(two_labelings())
def test_bounds_and_symmetry(labelings):
    true, predicted = labelings
    for name, metric in TRUTH_METRICS.items():
        value = metric(true, predicted)
        lowest = -0.5 - 1e-9 if name == "ARI" else -1 if name == "AMI" else -1e-9
        assert lowest <= value <= 1 + 1e-9, name
        if name in SYMMETRIC:
            assert metric(predicted, true) == pytest.approx(value, abs=1e-9), name


@settings(max_examples=50, deadline=None)
@given(two_labelings(), st.permutations(range(7)), st.randoms(use_true_random=False))
def test_names_and_order_of_cells_do_not_matter(labelings, names, random):
    true, predicted = labelings
    order = list(range(len(true)))
    random.shuffle(order)
    renamed = np.array(names)[predicted]
    for name, metric in TRUTH_METRICS.items():
        expected = pytest.approx(metric(true, predicted), abs=1e-9)
        assert metric(true[order], renamed[order]) == expected, name


@settings(max_examples=30, deadline=None)
@given(two_labelings())
def test_the_truth_itself_scores_one(labelings):
    for name, metric in TRUTH_METRICS.items():
        assert metric(labelings[0], labelings[0]) == pytest.approx(1), name


def test_chance_scores_zero_where_it_is_corrected_for():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 5, 4000)
    values = [(ari(true, p), TRUTH_METRICS["AMI"](true, p)) for p in rng.integers(0, 5, (5, 4000))]
    assert np.abs(values).max() < 0.005


def test_the_range_of_each_metric_and_the_lowest_ari():
    ranges = {name: (metric.low, metric.high) for name, metric in TRUTH_METRICS.items()}
    shares = dict.fromkeys(("NMI", "homogeneity", "completeness", "V"), (0, 1))
    assert ranges == {"ARI": (-0.5, 1), "AMI": (-1, 1), **shares}
    assert ari(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])) == -0.5
