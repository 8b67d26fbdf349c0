"""The sentences on the order of methods follow from the tests and from nothing else."""

import numpy as np
import pandas as pd

from stbench.ranking.certainty import certainty, order_sentence
from stbench.ranking.leaderboard import Order
from stbench.ranking.ranks import rank_methods

TITLES = {"a": "A", "b": "B", "c": "C"}
HEIGHTS = pd.DataFrame(
    {name: np.arange(10) / 100 + height for name, height in (("a", 0.9), ("b", 0.5), ("c", 0.1))}
)


def said(scores):
    return certainty(rank_methods(scores, "worst"), TITLES)


def test_methods_that_share_the_best_mean_rank_are_both_named():
    ranks = pd.DataFrame({"a": [1, 2] * 5, "b": [2, 1] * 5, "c": [3] * 10})
    text = certainty(rank_methods(-ranks, "worst"), {"a": "A", "b": "B"})
    assert text.endswith(
        "A and B share the best mean rank and differ significantly from all others."
    )
    two = certainty(rank_methods(-ranks[["a", "b"]], "worst"), {"a": "A", "b": "B"})
    assert two.endswith("A and B share the best mean rank and do not differ significantly.")


def test_methods_that_always_differ_are_reported_as_such():
    text = said(HEIGHTS)
    assert "the methods differ. In Wilcoxon's test" in text
    assert "3 of 3 pairs of methods differ significantly." in text


def test_methods_that_do_not_differ_are_not_ranked_by_words():
    rng = np.random.default_rng(0)
    alike = pd.DataFrame(rng.random((8, 3)), columns=list("abc"))
    assert said(alike).endswith(": the differences between methods may be chance.")


def test_few_datasets_or_methods_allow_less():
    assert said(HEIGHTS.iloc[:4]) == (
        "No test is possible: 4 independent units, at least 5 are needed."
    )
    assert said(HEIGHTS[["a"]]) == "No test is possible: fewer than 2 methods."
    assert said(HEIGHTS[["a", "b"]]).startswith("Two methods over 10 datasets")
    assert "no pair can differ significantly" in said(HEIGHTS.iloc[:5])


def test_the_order_under_other_clusterers():
    assert order_sentence(Order([], [])).startswith("No other clusterer ranks")
    assert order_sentence(Order(["gmm"], ["leiden", "louvain"])) == (
        "The order of methods is the same under gmm and changes under leiden, louvain."
    )
