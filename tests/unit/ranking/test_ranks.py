"""Ranks and tests over datasets, against values by hand and by scipy."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from stbench.ranking.certainty import certainty, note, where
from stbench.ranking.ranks import (
    Ranking,
    complete_scores,
    friedman,
    mean_ranks,
    not_different_from,
    rank_intervals,
    rank_methods,
    tied_groups,
    wilcoxon_holm,
)


def table(*rows, methods="abc"):
    return pd.DataFrame(
        rows, columns=list(methods)[: len(rows[0])], index=[f"d{i}" for i in range(len(rows))]
    )


CLEAR = table(*[[0.9 - i / 100, 0.5 - i / 200, 0.1 + i / 100] for i in range(10)])


def test_ranks_by_hand_with_ties():
    ranking = rank_methods(table([0.9, 0.5, 0.5], [0.2, 0.3, 0.1]), "worst")
    assert ranking.ranks.to_numpy().tolist() == [[1, 2.5, 2.5], [2, 1, 3]]
    assert ranking.mean_ranks.to_dict() == {"a": 1.5, "b": 1.75, "c": 2.75}


def test_a_failure_is_the_worst_or_leaves_its_dataset_out():
    scores = table([0.9, np.nan, 0.5], [0.2, 0.3, 0.1], [np.nan, np.nan, np.nan])
    assert complete_scores(scores, "worst").loc["d0", "b"] == 0
    assert rank_methods(scores, "worst").ranks.loc["d0"].tolist() == [1, 3, 2]
    assert rank_methods(table([0.9, np.nan, np.nan]), "worst").ranks.loc["d0"].tolist() == [1, 3, 3]
    assert list(rank_methods(scores, "common").scores.index) == ["d1"]
    with pytest.raises(ValueError, match="policy"):
        complete_scores(scores, "kind")


def test_a_failure_is_never_better_than_a_score_below_chance():
    scores = complete_scores(table([-0.2, np.nan, 0.5]), "worst")
    assert scores.loc["d0", "b"] == -0.2


def test_few_datasets_allow_no_test():
    ranking = rank_methods(CLEAR.iloc[:4], "worst")
    assert note(ranking) == "no test is possible: 4 independent units, at least 5 are needed"
    assert np.isnan(ranking.friedman_p) and ranking.pairs.empty
    assert tied_groups(ranking) == [["a", "b", "c"]]


def test_it_says_when_no_pair_can_be_told_apart():
    assert note(rank_methods(CLEAR, "worst")) == ""
    many = pd.DataFrame({f"m{i}": CLEAR["a"][:8] - i / 10 for i in range(5)})
    expected = "with 8 independent units and 5 methods, no pair can differ significantly"
    assert note(rank_methods(many, "worst")) == expected


def test_friedman_and_wilcoxon_are_scipys():
    rng = np.random.default_rng(0)
    scores = pd.DataFrame(rng.random((9, 3)), columns=list("abc"))
    expected = scipy.stats.friedmanchisquare(*scores.to_numpy().T).pvalue
    assert friedman(scores)[0] == pytest.approx(expected)
    pairs = wilcoxon_holm(scores).set_index(["one", "other"])
    expected = scipy.stats.wilcoxon(scores["a"], scores["c"], zero_method="pratt").pvalue
    assert pairs.loc[("a", "c"), "p"] == pytest.approx(expected)


def test_differences_of_zero_are_ranked_and_not_dropped():
    differences = [0.0, 0.0, 0.0, -0.1, 0.2, -0.3, 0.4, 0.5, 0.6, -0.25, 0.7]
    scores = pd.DataFrame({"a": differences, "b": np.zeros(11)})
    (row,) = wilcoxon_holm(scores).itertuples()
    split, dropped = (
        scipy.stats.wilcoxon(scores["a"], zero_method=method).pvalue
        for method in ("pratt", "wilcox")
    )
    assert row.p == pytest.approx(split) and abs(split - dropped) > 0.001


def test_friedman_by_hand():
    # ranks always 1, 2, 3 on 10 datasets: chi2 = 12 n / (k (k+1)) sum (R - (k+1)/2)^2 = 20
    assert friedman(CLEAR) == (pytest.approx(scipy.stats.chi2.sf(20, 2)), 0)
    # One unit the other way round: sums of ranks 12, 20, 28, so chi2 = 12.8, F = 9 * 12.8 / 7.2
    almost = CLEAR.copy()
    almost.iloc[0] = almost.iloc[0, ::-1].to_numpy()
    expected = scipy.stats.chi2.sf(12.8, 2), scipy.stats.f.sf(16, 2, 18)
    assert friedman(almost) == pytest.approx(expected)


def test_methods_that_always_differ_are_in_no_group():
    assert tied_groups(rank_methods(CLEAR, "worst")) == []


def test_one_method_alone_is_no_group():
    assert tied_groups(rank_methods(CLEAR[["a"]], "worst")) == []


def ranking_of(order, different):
    """Methods in this order of mean rank, and the pairs that differ significantly."""
    ranks = pd.DataFrame([range(1, len(order) + 1)] * 10, columns=list(order), dtype=float)
    rows = [
        {"one": one, "other": other, "p": p, "p_holm": p, "n": 10}
        for one, other in combinations(order, 2)
        for p in [0.012 if {one, other} in different else 1.0]
    ]
    units = pd.Series(ranks.index, ranks.index)
    return Ranking("worst", -ranks, ranks, units, 0.001, 0.001, pd.DataFrame(rows))


def test_the_best_is_not_said_to_differ_from_a_method_that_is_not_its_neighbor():
    """Holm's p of the best against the second is .012, against the third 1."""
    ranking = ranking_of("xabc", [{"x", "a"}, {"x", "c"}])
    assert tied_groups(ranking) == [["x", "b"], ["a", "b", "c"]]
    assert not_different_from(ranking, "x") == ["b"]
    text = certainty(ranking, {})
    assert "x has the best mean rank and does not differ significantly from b." in text


@given(st.sets(st.sampled_from(list(combinations("abcdefg", 2)))))
def test_two_methods_share_a_group_if_and_only_if_they_do_not_differ(different):
    different = [set(pair) for pair in different]
    groups = tied_groups(ranking_of("abcdefg", different))
    for pair in combinations("abcdefg", 2):
        together = any(set(pair) <= set(group) for group in groups)
        assert together == (set(pair) not in different)
    assert not any(set(one) < set(other) for one in groups for other in groups)


def test_groups_are_maximal():
    rng = np.random.default_rng(1)
    twins = CLEAR.assign(b2=CLEAR["b"] + rng.normal(0, 0.001, len(CLEAR)))
    groups = tied_groups(rank_methods(twins, "worst"))
    assert [sorted(group) for group in groups] == [["b", "b2"]]


def test_equal_methods_cannot_be_told_apart():
    same = pd.DataFrame(dict.fromkeys("abc", CLEAR["a"]))
    ranking = rank_methods(same, "worst")
    assert ranking.friedman_p == 1 and (ranking.pairs["p_holm"] == 1).all()
    assert tied_groups(ranking) == [["a", "b", "c"]]


def test_intervals_hold_the_mean_rank_and_are_unknown_where_all_units_agree():
    intervals = rank_intervals(rank_methods(CLEAR, "worst"))
    assert intervals[["low", "high"]].isna().all(axis=None)
    thirds = pd.DataFrame({"a": [1, 2, 2], "b": [2, 3, 1], "c": [3, 1, 3]}, dtype=float)
    repeated = -pd.concat([thirds] * 7, ignore_index=True)
    studies = {i: str(i // 3) for i in repeated.index}  # mean ranks 5/3, 2 and 7/3 in all
    assert rank_intervals(rank_methods(repeated, "worst", studies))["low"].isna().all()
    assert intervals["first"].tolist() == [1.0, *[0.0] * (len(intervals) - 1)]
    rng = np.random.default_rng(0)
    mixed = rank_intervals(
        rank_methods(pd.DataFrame(rng.random((8, 4)), columns=list("abcd")), "worst")
    )
    assert ((mixed["low"] <= mixed["mean_rank"]) & (mixed["mean_rank"] <= mixed["high"])).all()
    assert mixed["low"].min() >= 1 and mixed["high"].max() <= 4
    ranks = pd.DataFrame({"a": [1, 2, 1, 1, 2, 1], "b": [2, 1, 2, 2, 1, 2], "c": [3] * 6})
    two = rank_intervals(rank_methods(-ranks, "worst")).loc["b"]
    ends = scipy.stats.t.interval(0.95, 5, ranks["b"].mean(), scipy.stats.sem(ranks["b"]))
    assert [two["low"], two["high"]] == pytest.approx(ends)
    assert rank_intervals(rank_methods(CLEAR.iloc[:1], "worst"))["low"].isna().all()


def test_sections_of_one_study_are_one_observation():
    """A study of 9 sections weighs as much as one of a single section."""
    scores = pd.DataFrame(
        [[0.9, 0.1]] * 9 + [[0.2, 0.4], [0.3, 0.5]],
        columns=list("ab"),
        index=[f"s{i}" for i in range(9)] + ["x", "y"],
    )
    units = {**{f"s{i}": "one study" for i in range(9)}, "x": "X", "y": "Y"}
    ranking = rank_methods(scores, "worst", units)
    assert ranking.mean_ranks.to_dict() == pytest.approx({"b": 4 / 3, "a": 5 / 3})
    assert mean_ranks(scores, units).to_dict() == pytest.approx({"b": 4 / 3, "a": 5 / 3})
    assert not ranking.tested and rank_methods(scores, "worst").tested
    text = "no test is possible: 3 independent units, at least 5 are needed"
    assert note(ranking) == text and where(ranking) == "11 datasets of 3 studies"


def test_tests_over_units_are_those_of_the_means_of_units():
    rng = np.random.default_rng(3)
    scores = pd.DataFrame(rng.random((14, 3)), columns=list("abc"))
    units = dict(zip(scores.index, [i // 2 for i in range(14)], strict=True))
    ranking = rank_methods(scores, "worst", units)
    means = scores.groupby(units).mean()
    expected = scipy.stats.wilcoxon(means["a"], means["b"], zero_method="pratt").pvalue
    pairs = ranking.pairs.set_index(["one", "other"])
    assert pairs.loc[("a", "b"), "p"] == pytest.approx(expected)
    assert pairs.loc[("a", "b"), "n"] == 7
    assert ranking.friedman_p == pytest.approx(friedman(ranking.unit_ranks)[0])


def test_equal_sections_of_few_donors_do_not_make_a_test_significant():
    """With an intraclass correlation of 1, 5 % of tests over sections would be far too many."""
    rng = np.random.default_rng(0)
    found = {True: 0, False: 0}
    for _ in range(100):
        of_study = rng.normal(size=(6, 3))
        scores = pd.DataFrame(np.repeat(of_study, 4, axis=0), columns=list("abc"))
        units = {i: i // 4 for i in range(24)}
        for known in found:
            ranking = rank_methods(scores, "worst", units if known else None)
            found[known] += ranking.iman_davenport_p < 0.05
    assert found[True] <= 10 < 30 < found[False]


def test_the_share_of_first_places():
    intervals = rank_intervals(rank_methods(CLEAR, "worst"))
    assert intervals["first"].to_dict() == {"a": 1, "b": 0, "c": 0}
    same = pd.DataFrame(dict.fromkeys("ab", CLEAR["a"]))
    assert rank_intervals(rank_methods(same, "worst"))["first"].tolist() == [0.5, 0.5]
    few = rank_intervals(rank_methods(CLEAR.iloc[:5], "worst"))
    assert few[["low", "high", "first"]].isna().all(axis=None)
