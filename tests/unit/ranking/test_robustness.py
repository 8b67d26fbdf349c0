"""The rank under other conditions than those of the ranking."""

import numpy as np
import pandas as pd
import pytest

from helpers.results import made_results, scores_of
from stbench.ranking.robustness import (
    EXPRESSION,
    OWN_LABELS,
    RANKING,
    before_controls,
    other_choices,
    rank_robustness,
    rank_spans,
    scaled_scores,
)
from stbench.ranking.standings import place, standings

SCORES = {  # STAGUE wins on two sections of one study, smoothed PCA on another study
    "A1": {"stague": 0.8, "smoothed_pca": 0.7, "random": 0.0, "jittered_truth": 0.9},
    "A2": {"stague": 0.8, "smoothed_pca": 0.7, "random": 0.0, "jittered_truth": 0.9},
    "B": {"stague": 0.4, "smoothed_pca": 0.6, "random": 0.1, "jittered_truth": 0.6},
}
CONTROLS = {
    name: {"title": name, "implementation": "control", "control": True}
    for name in ("random", "jittered_truth")
}
TISSUES = {name: {"tissue": "real", "unit": name[0]} for name in SCORES}


def made(methods=CONTROLS, **under_gmm):
    parts = [
        scores_of(dataset, method, [value])
        for dataset, by_method in SCORES.items()
        for method, value in by_method.items()
    ]
    parts += [
        scores_of("B", method, [value], clusterer="gmm") for method, value in under_gmm.items()
    ]
    return made_results(*parts, methods=methods, tissues=TISSUES)


def ranks_of(results):
    table = rank_robustness(results, "kmeans")
    return table.pivot(index="condition", columns="method", values="rank")


def test_every_condition_changes_one_choice():
    ranks = ranks_of(made(stague=0.9, smoothed_pca=0.1))
    assert set(ranks) == {"stague", "smoothed_pca"}
    assert ranks.loc[RANKING].tolist() == [1, 1]  # each study has one vote
    assert ranks.loc["gmm"].to_dict() == {"stague": 1, "smoothed_pca": 2}
    assert ranks.loc["without A"].to_dict() == {"stague": 2, "smoothed_pca": 1}
    assert ranks.loc["without B"].to_dict() == {"stague": 1, "smoothed_pca": 2}
    # (.8 + .4) / 2 < (.7 + .6) / 2
    assert ranks.loc["mean ARI"].to_dict() == {"stague": 2, "smoothed_pca": 1}


def test_datasets_of_components_are_left_out_under_one_condition():
    results = made()
    assert EXPRESSION not in ranks_of(results).index
    features = results["data"].mask(results["dataset"].str.startswith("A"), "features")
    mixed = results.assign(data=features)
    assert ranks_of(mixed).loc[EXPRESSION].to_dict() == {"stague": 2, "smoothed_pca": 1}
    titles = {"stague": "STAGUE", "smoothed_pca": "smoothed PCA"}
    assert (
        "at place 2 without the datasets that are principal components (smoothed PCA first)"
        in other_choices(rank_robustness(mixed, "kmeans"), "stague", titles)
    )


def test_methods_before_the_best_control_are_counted_under_other_choices():
    controls = {**CONTROLS, "smoothed_pca": {**CONTROLS["random"], "ranked": True}}
    table = rank_robustness(made(controls, stague=0.9, smoothed_pca=0.1), "kmeans")
    counts = before_controls(table, {"smoothed_pca"})
    assert counts["gmm"] == 1 and counts["mean ARI"] == 0
    assert counts["without A"] == 0 and counts["without B"] == 1
    assert RANKING not in counts
    assert before_controls(table, set()).empty


def test_own_labels_count_where_a_method_gives_any():
    own = [scores_of(name, "stague", [0.1], clusterer="own") for name in SCORES]
    kmeans = [
        scores_of(name, method, [value])
        for name, by_method in SCORES.items()
        for method, value in by_method.items()
    ]
    ranks = ranks_of(made_results(*kmeans, *own, methods=CONTROLS, tissues=TISSUES))
    assert ranks.loc[OWN_LABELS].to_dict() == {"stague": 2, "smoothed_pca": 1}
    assert pd.isna(ranks.loc["own", "smoothed_pca"])
    assert OWN_LABELS not in ranks_of(made()).index


def test_a_method_without_a_score_under_a_clusterer_has_no_rank_there():
    ranks = ranks_of(made(stague=0.9))
    assert ranks.loc["gmm", "stague"] == 1 and pd.isna(ranks.loc["gmm", "smoothed_pca"])


def test_the_span_is_shown_beside_the_rank():
    results = made(stague=0.9, smoothed_pca=0.1)
    table = rank_robustness(results, "kmeans")
    assert rank_spans(table).loc["stague"].tolist() == [1, 2]
    methods = table[table["method"] != "smoothed_pca"]
    assert rank_spans(methods).loc["stague"].tolist() == [1, 1]  # among those that are given
    controls = {
        **CONTROLS,
        "smoothed_pca": {"title": "a method", "implementation": "reimplemented"},
    }
    table = standings(made(stague=0.9, smoothed_pca=0.1, methods=controls), "kmeans")["worst"].table
    table = table.set_index("method")
    assert place(table.loc["stague"]) == "1 (1-2)" and place(table.loc["random"]) == ""


def test_scores_are_scaled_between_noise_and_a_slightly_wrong_truth():
    scaled = scaled_scores(made(), "kmeans")
    assert scaled["stague"].tolist() == pytest.approx([0.8 / 0.9, 0.8 / 0.9, 0.3 / 0.5])
    assert (scaled["random"] == 0).all() and (scaled["jittered_truth"] == 1).all()
    without = made()
    without = without[without["method"] != "jittered_truth"]
    assert scaled_scores(without, "kmeans").empty
    assert np.isnan(standings(without, "kmeans")["worst"].table["scaled"]).all()


def test_places_among_fewer_methods_do_not_count():
    rows = [("ranking", name, place) for place, name in enumerate("abcd", 1)]
    rows += [
        ("own", "a", float("nan")),
        ("own", "b", float("nan")),
        ("own", "c", 1),
        ("own", "d", 2),
    ]
    rows += [("gmm", name, place) for place, name in enumerate("abdc", 1)]
    spans = rank_spans(pd.DataFrame(rows, columns=["condition", "method", "rank"]))
    assert spans.loc["c"].tolist() == [3, 4] and spans.loc["a"].tolist() == [1, 1]


def test_other_choices_do_not_count_the_ranking_and_studies_are_named_apart():
    rows = [
        ("ranking", RANKING, "abc"),
        ("clusterer", "gmm", "bac"),
        ("metric", "AMI", "bca"),
        ("aggregate", "mean ARI", "cab"),
        ("unit", "without A", "abc"),
        ("unit", "without B", "bac"),
    ]
    table = pd.DataFrame(
        [
            (kind, condition, method, place)
            for kind, condition, order in rows
            for place, method in enumerate(order, 1)
        ],
        columns=["kind", "condition", "method", "rank"],
    )
    titles = {name: name.upper() for name in "abc"}
    assert other_choices(table, "a", titles) == (
        "A is at places 2 to 3 under 3 other choices of clusterer, metric and rules, where B is "
        "first most often (2 times), and at places 1 to 2 when one study is left out."
    )
    mostly = pd.concat([table, table[table["condition"] == "gmm"].assign(condition="own")])
    assert other_choices(mostly, "b", titles).startswith(
        "B is at places 1 to 3 under 4 other choices of clusterer, metric and rules (first under 3 "
        "of them), and"
    )
    alone = table[table["kind"].isin(["ranking", "metric"])]
    assert other_choices(alone, "b", titles) == (
        "B is first under 1 other choice of clusterer, metric and rules."
    )
    assert other_choices(table[table["kind"] == "ranking"], "a", titles) == ""


def test_a_method_that_fails_everywhere_takes_no_clusterer_out_of_the_span():
    lost = [
        scores_of(dataset, "sedr", ["oom"], clusterer=clusterer)
        for dataset, clusterer in (*((name, "kmeans") for name in SCORES), ("B", "gmm"))
    ]
    results = made_results(
        *lost,
        *(
            scores_of(dataset, method, [value])
            for dataset, by_method in SCORES.items()
            for method, value in by_method.items()
        ),
        scores_of("B", "stague", [0.1], clusterer="gmm"),
        scores_of("B", "smoothed_pca", [0.9], clusterer="gmm"),
        methods=CONTROLS,
        tissues=TISSUES,
    )
    table = rank_robustness(results, "kmeans")
    ranks = table.pivot(index="condition", columns="method", values="rank")
    assert ranks.loc["gmm"].to_dict() == {"smoothed_pca": 1, "stague": 2, "sedr": 3}
    assert rank_spans(table).loc["stague"].tolist() == [1, 2]
    # Scaled scores count the failure, too.
    assert ranks.loc["mean scaled ARI", "sedr"] == 3
