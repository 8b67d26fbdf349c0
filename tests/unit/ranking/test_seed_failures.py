"""Failed training seeds in the scores that are ranked, by hand."""

import numpy as np
import pandas as pd
import pytest

from helpers.results import made_results, scores_of
from stbench.ranking.ranks import rank_methods
from stbench.ranking.seed_failures import incomplete_means, scores_with_failures

# On A a method fails with the seed that would have scored least; on B one fails with all.
RESULTS = made_results(
    scores_of("A", "stague", [0.6, 0.7, 0.5]),
    scores_of("A", "sedr", [0.9, "oom", "oom"]),
    scores_of("A", "pca", [-0.1, 0.0, -0.2]),
    scores_of("B", "stague", [0.8, 0.8, 0.8]),
    scores_of("B", "sedr", ["oom", "oom", "oom"]),
    scores_of("B", "pca", [0.3, 0.3, "nan"]),
)


def test_a_failed_seed_counts_as_the_worst_score_of_its_dataset():
    scores, failed = scores_with_failures(RESULTS, "worst")
    assert scores.loc["A"].to_dict() == pytest.approx(
        {"stague": 0.6, "sedr": (0.9 - 0.1 - 0.1) / 3, "pca": -0.1}
    )
    # Never more than 0: the smallest mean on B is .3.
    assert scores.loc["B", "pca"] == pytest.approx((0.3 + 0.3 + 0) / 3)
    assert np.isnan(scores.loc["B", "sedr"])
    assert failed.loc["A"].to_dict() == pytest.approx({"stague": 0, "sedr": 2 / 3, "pca": 0})
    assert failed.loc["B"].to_dict() == pytest.approx({"stague": 0, "sedr": 1, "pca": 1 / 3})
    assert rank_methods(scores, "worst").ranks.loc["A"].to_dict() == {
        "stague": 1,
        "sedr": 2,
        "pca": 3,
    }


def test_a_dataset_on_which_a_seed_failed_is_not_common():
    scores, failed = scores_with_failures(RESULTS, "common")
    assert scores.loc["A"].isna().to_dict() == {"stague": False, "sedr": True, "pca": False}
    assert rank_methods(scores, "common").scores.empty
    assert failed.equals(scores_with_failures(RESULTS, "worst")[1])


def test_without_failures_scores_are_plain_means_under_both_policies():
    results = made_results(*(scores_of("A", m, [0.1, 0.7, 0.2]) for m in ("stague", "pca")))
    for policy in ("worst", "common"):
        scores, failed = scores_with_failures(results, policy)
        assert (scores == np.mean([0.1, 0.7, 0.2])).all(axis=None)
        assert (failed == 0).all(axis=None)


def test_a_method_that_was_not_requested_on_a_dataset_has_neither_score_nor_failures():
    results = made_results(
        scores_of("A", "stague", [0.5]),
        scores_of("A", "pca", [0.1]),
        scores_of("B", "stague", [0.5]),
    )
    scores, failed = scores_with_failures(results, "worst")
    assert np.isnan(scores.loc["B", "pca"]) and np.isnan(failed.loc["B", "pca"])


def test_means_that_lack_seeds_are_listed_with_their_n():
    listed = incomplete_means(RESULTS, "kmeans")
    expected = pd.DataFrame(
        {"dataset": ["A", "B"], "method": ["sedr", "pca"], "n": [1, 2], "requested": [3, 3]}
    )
    pd.testing.assert_frame_equal(listed.sort_values("dataset"), expected)
    assert incomplete_means(RESULTS, "gmm").empty
