"""Metrics within strata, against scikit-learn stratum by stratum."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from stbench.interactions.baselines import permuted
from stbench.interactions.candidate_pairs import within_reach
from stbench.interactions.strata import (
    DISTANCE_BINS,
    SCHEMES,
    NoSignal,
    judged,
    permuted_within,
    strata_of,
    within,
)


def case(seed=0, n=3000):
    """Scores that only know the stratum, and scores that know more."""
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, 12, n)
    truth = rng.random(n) < 0.02 + 0.04 * stratum
    return truth, stratum + 0.1 * rng.random(n), stratum + 0.5 * truth + rng.random(n), stratum


def test_each_stratum_counts_by_its_comparisons():
    truth, _, scores, stratum = case()
    tied = np.round(scores, 1)
    found = within(truth, tied, stratum)
    areas, precisions, n_true, comparisons = [], [], [], []
    for number in range(12):
        true, values = truth[stratum == number], tied[stratum == number]
        areas.append(roc_auc_score(true, values))
        precisions.append(average_precision_score(true, values))
        n_true.append(true.sum())
        comparisons.append(true.sum() * (~true).sum())
    assert found["AUROC"] == pytest.approx(np.average(areas, weights=comparisons))
    assert found["AUPRC"] == pytest.approx(np.average(precisions, weights=n_true))


def test_knowing_the_stratum_is_worth_nothing():
    truth, stratum_only, more, stratum = case()
    assert roc_auc_score(truth, stratum_only) > 0.65
    assert within(truth, stratum_only, stratum)["AUROC"] == pytest.approx(0.5, abs=0.04)
    assert within(truth, more, stratum)["AUROC"] > 0.75
    assert permuted_within(truth, more, stratum, 0) == pytest.approx(0.5, abs=0.02)
    tied = np.round(more)
    assert permuted_within(truth, tied, stratum, 0, times=400) == pytest.approx(0.5, abs=0.003)
    with pytest.raises(NoSignal):
        permuted_within(truth, stratum, stratum, 0)


def test_order_of_pairs_changes_nothing():
    truth, _, scores, stratum = case()
    order = np.random.default_rng(1).permutation(len(truth))
    again = within(truth[order], scores[order], stratum[order])
    assert again == pytest.approx(within(truth, scores, stratum))


def test_strata_of_one_kind_are_left_out():
    truth = np.array([1, 1, 0, 0, 1, 0], bool)
    stratum = np.array([0, 0, 1, 1, 2, 2])
    assert judged(truth, stratum).tolist() == [False] * 4 + [True] * 2
    assert within(truth, np.array([0, 0, 9, 9, 2, 1.0]), stratum)["AUROC"] == 1
    with pytest.raises(ValueError, match="no stratum has pairs that interact"):
        within(truth[:4], np.arange(4.0), stratum[:4])


def test_constant_scores_have_no_signal():
    truth, _, _, stratum = case()
    with pytest.raises(NoSignal, match="no signal to rank"):
        within(truth, stratum.astype(float), stratum)


def test_strata_are_equal_shares_of_distances_and_unordered_pairs_of_types():
    coords = np.random.default_rng(0).random((150, 2))
    types = np.array(["a", "b", "c"])[np.arange(150) % 3]
    candidates = within_reach(coords, 10)
    strata = strata_of(candidates, types)
    assert list(strata) == list(SCHEMES)
    assert len(np.unique(strata["distance"])) == DISTANCE_BINS
    assert np.ptp(np.bincount(strata["distance"])) <= 1
    ends = np.sort(types[candidates.pairs], axis=1)
    assert len(np.unique(strata["types"])) == len(np.unique(ends, axis=0)) == 6
    nearest = candidates.distances[strata["distance"] == 0]
    assert nearest.max() <= candidates.distances[strata["distance"] == 1].min()


def test_scores_permuted_within_strata_stay_there():
    _, _, scores, stratum = case()
    mixed = permuted(scores, 0, stratum)
    for number in range(12):
        here = stratum == number
        np.testing.assert_array_equal(np.sort(mixed[here]), np.sort(scores[here]))
    assert (mixed != scores).mean() > 0.9
