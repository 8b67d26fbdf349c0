"""The overview: one row per method, methods before controls."""

import pandas as pd
import pytest

from helpers.results import METHODS, made_results, scores_of
from stbench.clustering.stage import LABELS_ONLY
from stbench.ranking.overview import losses, overview, usability

REAL = {"tissue": "real", "unit": "one study"}
TISSUES = {"A": REAL, "B": REAL, "S": {"tissue": "simulated", "unit": "S"}}


def made(*scores, methods=None):
    return made_results(*scores, tissues=TISSUES, methods=methods)


def test_methods_are_before_controls_and_only_methods_have_a_rank():
    board = overview(
        made(
            scores_of("A", "sedr", [0.4]),
            scores_of("A", "stague", [0.6]),
            scores_of("A", "smoothed_pca", [0.9]),
            scores_of("A", "pca", [0.8]),
        ),
        "kmeans",
    )
    assert list(board.index) == ["stague", "sedr", "smoothed_pca", "pca"]
    assert board["rank"].tolist()[:2] == [1, 2] and board["rank"].isna().tolist()[2:] == [True] * 2
    assert list(board.loc["stague", ["best", "worst"]]) == [1, 1]  # the control takes no place
    assert board["ranked"].tolist() == [True, True, True, False]


def test_ties_are_in_the_order_of_names_and_other_controls_in_that_of_their_scores():
    board = overview(
        made(
            *(scores_of("A", name, [0.5 + 0.1 * (name == "stague")]) for name in METHODS),
            *(scores_of("B", name, [0.5 + 0.1 * (name != "stague")]) for name in METHODS),
            scores_of("A", "random", [0.9]),
            scores_of("B", "random", [0.9]),
            methods={"random": METHODS["pca"]},
        ),
        "kmeans",
    )
    assert list(board.index) == ["sedr", "stague", "smoothed_pca", "random", "pca"]


def test_kinds_of_tissues_are_apart_and_missing_scores_are_counted():
    board = overview(
        made(
            *(scores_of(name, "stague", [value]) for name, value in (("A", 0.5), ("B", 0.7))),
            scores_of("A", "sedr", [0.8]),
            scores_of("B", "sedr", ["oom"]),
            scores_of("S", "stague", [0.1]),
            scores_of("S", "sedr", [0.2]),
        ),
        "kmeans",
    )
    assert board.loc["stague", "real"] == pytest.approx(0.6)
    assert board["simulated"].to_dict() == pytest.approx({"stague": 0.1, "sedr": 0.2})
    assert "semi-synthetic" not in board
    assert list(board.loc["sedr", ["scored", "datasets"]]) == [1, 2]


def test_spreads_are_over_seeds_starts_and_clusterers():
    labels_only = {"reason": LABELS_ONLY}
    board = overview(
        made(
            scores_of("A", "stague", [0.4, 0.6], spread=0.03),
            scores_of("A", "stague", [0.9, 0.9], clusterer="gmm"),
            scores_of("A", "stague", [0.1, 0.1], clusterer="own"),
            scores_of("A", "sedr", [0.5, 0.5], **labels_only),
            scores_of("A", "sedr", [0.5, 0.5], clusterer="gmm", **labels_only),
            scores_of("A", "smoothed_pca", [0.5]),
        ),
        "kmeans",
    )
    stague, sedr = board.loc["stague"], board.loc["sedr"]
    assert stague["seeds"] == pytest.approx(0.2 / 2**0.5)
    assert stague["starts"] == pytest.approx(0.03)
    assert stague["clusterers"] == pytest.approx(0.4)  # its own labels are no clusterer
    assert sedr[["starts", "clusterers"]].isna().all()
    assert board.loc["smoothed_pca", "seeds"] == 0  # deterministic: one seed says all
    assert stague["seconds"] == pytest.approx(10.5) and stague["memory"] == 300


def test_nothing_is_shown_where_nothing_is_ranked():
    assert overview(made(scores_of("A", "stague", ["oom"])), "kmeans").empty


def test_a_method_without_an_entry_has_unknown_facts():
    entries = {"stague": {"resources": {"gpu": 1}}, "novae": {"environment": "novae"}}
    facts = usability(["stague", "novae", "mine"], entries)
    assert facts.loc["stague"].tolist() == [True, False, False]
    assert facts.loc["novae"].tolist() == [False, False, True]
    assert pd.isna(facts.loc["mine"]).all()


def test_losses_are_those_at_the_strongest_level_and_means_over_datasets():
    rows = [
        ("A", "sedr", "kmeans", "counts", {1: 0.5, 0.5: 0.1, 0.25: 0.3}),
        ("B", "sedr", "kmeans", "counts", {1: 0.6, 0.5: 0.6, 0.25: 0.2}),
        ("A", "sedr", "kmeans", "jitter", {0: 0.5, 1: 0.5, 4: 0.6}),
        ("B", "sedr", "kmeans", "jitter", {0: 0.6, 1: 0.5, 4: float("nan")}),
        ("A", "pca", "kmeans", "counts", {1: 0.2, 0.25: 0.2}),
        ("A", "pca", "gmm", "counts", {1: 0.9, 0.25: 0.1}),
        ("A", "stague", "kmeans", "counts", {1: 0.9}),
    ]
    names = ["dataset", "method", "clusterer", "way", "level", "mean"]
    levels = [(*row[:4], level, mean) for row in rows for level, mean in row[4].items()]
    lost = losses(pd.DataFrame(levels, columns=names), "kmeans")
    assert lost.loc["sedr", "lost_counts"] == pytest.approx((0.2 + 0.4) / 2)
    assert pd.isna(lost.loc["sedr", "lost_jitter"])  # not known on B
    assert pd.isna(lost.loc["stague", "lost_counts"])  # no degraded data were scored
    assert lost.loc["pca", "lost_counts"] == 0 and pd.isna(lost.loc["pca", "lost_jitter"])
