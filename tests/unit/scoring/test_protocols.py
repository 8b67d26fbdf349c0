"""Which epoch counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stbench.scoring.protocols import mean_and_sd, oracle, undefined


def test_oracle_takes_the_best_mean_not_the_best_start():
    assert oracle(np.array([[0.5, 0.5], [0.9, 0.0], [0.6, 0.6]])) == 2


def test_oracle_takes_the_first_of_equals():
    assert oracle(np.array([[0.1, 0.1], [0.4, 0.6], [0.5, 0.5]])) == 1


def test_oracle_passes_over_epochs_that_are_not_clustered():
    ari = np.array([[np.nan, np.nan], [0.2, 0.2], [0.9, np.nan]])
    assert oracle(ari) == 1
    assert oracle(ari[:1]) is None


@given(arrays(float, st.tuples(st.integers(1, 20), st.just(5)), elements=st.floats(-0.5, 1)))
def test_no_epoch_is_better_than_the_oracle_s(ari):
    means = ari.mean(axis=1)
    best = oracle(ari)
    assert (means <= means[best]).all()
    assert (means[:best] < means[best]).all()


def test_mean_and_sd():
    assert mean_and_sd([1, 2, 3, 4]) == pytest.approx((2.5, np.sqrt(5 / 3)))
    mean, sd = mean_and_sd([0.7])
    assert mean == 0.7
    assert np.isnan(sd)


@pytest.mark.parametrize(
    ("protocol", "changed", "reason"),
    [
        ("oracle", {}, ""),
        ("oracle", {"clusterer": "gmm"}, "defined for k-means with one start only"),
        ("oracle", {"clusterer": "kmeans20"}, "defined for k-means with one start only"),
        ("oracle", {"trainable": False}, "no training"),
        ("oracle", {"has_truth": False}, "no true labels"),
        ("oracle", {"epochs_reason": "train again"}, "train again"),
        (
            "oracle",
            {"clusterer": "own", "epochs_reason": "epochs cannot be observed"},
            "epochs cannot be observed",
        ),
        ("oracle_reclustered", {"has_truth": False}, "no true labels"),
        ("selected", {"has_truth": False}, ""),
        ("selected", {"trainable": False}, "no training"),
        ("selected", {"clusterer": "gmm"}, "defined for k-means with one start only"),
        ("selected", {"epochs_reason": "train again"}, "train again"),
        ("final", {"trainable": False, "has_truth": False, "epochs_reason": "x"}, ""),
        ("untrained", {}, ""),
        ("untrained", {"clusterer": "gmm", "has_truth": False, "epochs_reason": "x"}, ""),
        ("untrained", {"trainable": False}, "no training"),
        ("untrained", {"has_untrained": False}, "epochs cannot be observed"),
    ],
)
def test_where_a_protocol_is_not_defined_the_reason_is_given(protocol, changed, reason):
    usual = {
        "clusterer": "kmeans",
        "trainable": True,
        "has_truth": True,
        "has_untrained": True,
        "epochs_reason": "",
    }
    assert undefined(protocol, **{**usual, **changed}) == reason
