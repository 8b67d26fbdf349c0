"""The answer claims what the scores and tests support, in the same words everywhere."""

import pandas as pd
import pytest

from helpers.results import made_results, scores_of
from stbench.clustering.stage import LABELS_ONLY
from stbench.ranking.answer import listed, map_answers, ranking_answers
from stbench.ranking.standings import standings
from stbench.results.best_control import lift_over_best_control
from stbench.results.formatting import duration, megabytes

TITLES = {"stague": "STAGUE", "sedr": "SEDR", "pca": "PCA"}


def answers(*scores):
    results = made_results(*scores)
    worst = standings(results, "kmeans")["worst"]
    found = ranking_answers(worst, "real", lift_over_best_control(results), "kmeans")
    return {answer.about: answer.text for answer in found}


def eight_datasets(**heights):
    """Five seeds of each method on eight datasets, each its own study."""
    return [
        scores_of(f"D{i}", method, [height + 0.01 * i + 0.002 * seed for seed in range(5)])
        for i in range(8)
        for method, height in heights.items()
    ]


def test_the_best_methods_the_controls_and_the_cost():
    found = answers(*eight_datasets(stague=0.8, sedr=0.6, smoothed_pca=0.4))
    assert list(found) == ["Best", "Controls", "Cost"]
    assert found["Best"].startswith("STAGUE has the best mean rank of 2 methods (1.00, mean ARI .8")
    assert (
        "on 8 datasets (real tissues), clustered by kmeans, before SEDR (2.00, .64)"
        in found["Best"]
    )
    assert found["Best"].endswith(
        "STAGUE is first under 2 other choices of clusterer, metric and rules, and first when one "
        "study is left out."
    )
    assert found["Controls"].startswith("All 2 methods rank before the best control, Smoothed PCA")
    assert "STAGUE on 8 of 8 datasets" in found["Controls"]
    assert found["Cost"] == (
        "A fit of STAGUE takes 12 s and 300 MB, one of SEDR 12 s and 300 MB; Smoothed PCA, a "
        "control, takes 12 s and 300 MB."
    )


def test_a_method_without_any_score_is_not_among_the_first():
    text = answers(scores_of("A", "stague", [0.5]), scores_of("A", "sedr", ["oom"]))["Best"]
    assert text.startswith("STAGUE has the best mean rank of 2 methods") and "nan" not in text


def test_labels_of_a_method_itself_and_the_studies_that_controls_win_are_named():
    labels = [
        scores_of(name, "stague", [height], reason=LABELS_ONLY)
        for name, height in (("A", 0.9), ("B", 0.4))
    ]
    others = [
        scores_of(name, method, [height])
        for name in ("A", "B")
        for method, height in (("sedr", 0.3), ("smoothed_pca", 0.5))
    ]
    found = answers(*labels, *others)
    assert "clustered by kmeans (STAGUE by its own labels)" in found["Best"]
    assert "; 0 to 1 do under 4 other choices of clusterer, metric, " in found["Controls"]
    assert "rules and studies (0:" in found["Controls"]


def test_without_enough_studies_nothing_is_sure():
    found = answers(scores_of("A", "stague", [0.5]), scores_of("A", "smoothed_pca", [0.7]))
    assert found["Best"].startswith("STAGUE is the only method that was ranked: mean ARI .50 on 1 ")
    assert "STAGUE does not rank before the best control" in found["Controls"]
    two = answers(scores_of("A", "stague", [0.5]), scores_of("A", "sedr", [0.5]))
    assert two["Best"].startswith("STAGUE and SEDR share the best mean rank") or two[
        "Best"
    ].startswith("SEDR and STAGUE share the best mean rank")
    assert "no test is possible with 1 independent study; 5 are needed." in two["Best"]
    assert "cannot be compared with controls" in two["Controls"]


def test_a_run_without_scores_has_no_answer():
    assert answers(scores_of("A", "stague", ["oom"])) == {}


def test_the_recommended_map_is_the_answer_without_labels():
    rows = [("mine", 5, "consensus", 0, True), ("mine", 5, "sedr", 1, False)]
    rows += [("mine", 5, "stague", 2, False), ("mine", 5, "pca", 3, False)]
    columns = ["dataset", "n_domains", "method", "rank", "recommended"]
    recommendation = pd.DataFrame(rows, columns=columns)
    numbers = pd.DataFrame({"dataset": ["mine"], "choice": ["alternative"], "n_domains": [7]})
    agreement = {"sedr": 0.9, "stague": 0.6, "pca": 0.95, "consensus": float("nan")}
    compared = pd.DataFrame(agreement.items(), columns=["method", "ARI_consensus"])
    costs = pd.DataFrame({"method": ["stague", "sedr"], "seconds": [300, 9000.0]})
    found = map_answers(
        recommendation,
        TITLES,
        ["pca"],
        numbers=numbers,
        compared=compared.assign(dataset="mine"),
        costs=costs.assign(peak_rss_mb=[500, 2500]),
    )
    assert [answer.text for answer in found] == [
        "mine: the consensus of 3 methods, 5 domains (alternatives: 7).",
        "mine: the maps of methods agree with the consensus with an ARI of .60 (STAGUE) to .90 "
        "(SEDR), that of the control PCA with .95.",
        "A fit of SEDR takes 2.5 h and 2.5 GB, one of STAGUE 5 min and 500 MB.",
    ]


@pytest.mark.parametrize(
    ("names", "words"),
    [("A", "A"), ("AB", "A and B"), ("ABC", "A, B and C"), ("ABCD", "A, B and 2 others")],
)
def test_long_lists_are_counted(names, words):
    assert listed(list(names)) == words


def test_amounts_have_units():
    assert (duration(8.4), duration(600), duration(9000)) == ("8 s", "10 min", "2.5 h")
    assert (megabytes(593), megabytes(2986)) == ("593 MB", "3.0 GB")
