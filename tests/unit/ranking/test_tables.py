"""Ranks and pairs as tables and as a picture."""

import numpy as np
import pandas as pd

from helpers.results import made_results, scores_of
from stbench.figures.critical_difference import critical_difference
from stbench.ranking.leaderboard import leaderboard
from stbench.ranking.tables import ranking_tables, rankings


def six_datasets():
    """STAGUE always first, SEDR and smoothed PCA taking turns, SEDR failing once."""
    rng, tables = np.random.default_rng(0), []
    for i in range(6):
        low, high = sorted(rng.uniform(0.2, 0.4, 2))
        sedr = ["oom"] if i == 5 else [(low, high)[i % 2]]
        tables += [
            scores_of(f"d{i}", "stague", [0.8]),
            scores_of(f"d{i}", "sedr", sedr),
            scores_of(f"d{i}", "smoothed_pca", [(high, low)[i % 2]]),
        ]
    return made_results(pd.concat(tables, ignore_index=True))


def test_ranks_and_pairs_under_both_policies():
    tables = ranking_tables(six_datasets(), "kmeans")
    ranks = tables["ranks"].set_index(["policy", "method"])
    assert set(tables["ranks"]["tissue"]) == {"real"}
    assert ranks.loc[("worst", "stague"), "mean_rank"] == 1
    assert ranks.loc["worst", "datasets"].unique() == [6]
    assert ranks.loc["common", "datasets"].unique() == [5]
    assert (
        ranks.loc[("worst", "sedr"), "mean_rank"]
        > ranks.loc[("worst", "smoothed_pca"), "mean_rank"] - 1
    )
    pairs = tables["pairs"].query("policy == 'worst'").set_index(["one", "other"])
    assert len(pairs) == 3 and (pairs["p_holm"] >= pairs["p"]).all()
    # all of six datasets on one side: p = 2 / 2^6
    assert np.isclose(pairs.loc[("smoothed_pca", "stague"), "p"], 2 / 64)


def test_few_datasets_say_why_there_is_no_test():
    results = six_datasets()
    few = ranking_tables(results[results["dataset"].isin(["d0", "d1"])], "kmeans")
    assert set(few["ranks"]["note"]) == {
        "no test is possible: 2 independent units, at least 5 are needed"
    }
    assert few["pairs"].empty and set(few["ranks"]["tied_groups"]) == {"1"}


def test_the_picture_has_a_row_per_method_and_names_the_test():
    ranking = rankings(six_datasets(), "kmeans")["worst"]
    figure = critical_difference(ranking, {"stague": "STAGUE"}, "ranks")
    axes = figure.axes[0]
    assert axes.get_yticklabels()[0].get_text() == "STAGUE"
    assert len(axes.get_yticklabels()) == 3
    assert "Friedman" in axes.get_xlabel() and "6 datasets" in axes.get_xlabel()


def exchangeable(rng, n_datasets=10):
    """Three methods without any difference, and four controls that are far worse."""
    parts = []
    for i in range(n_datasets):
        parts += [scores_of(f"d{i}", name, [rng.random()]) for name in ("stague", "sedr")]
        parts += [scores_of(f"d{i}", "smoothed_pca", [rng.random()])]
        parts += [scores_of(f"d{i}", name, [-1 - rng.random()]) for name in CONTROLS]
    return made_results(pd.concat(parts, ignore_index=True), methods=CONTROLS)


CONTROLS = {
    f"control{i}": {"title": f"Control {i}", "implementation": "control", "control": True}
    for i in range(4)
}


def test_controls_that_do_not_smooth_decide_no_test():
    rng = np.random.default_rng(0)
    rejected = 0
    for _ in range(20):
        results = exchangeable(rng)
        ranking = rankings(results, "kmeans")["worst"]
        assert set(ranking.ranks) == {"stague", "sedr", "smoothed_pca"}
        rejected += ranking.iman_davenport_p < 0.05
    assert rejected <= 4
    board = leaderboard(results, "kmeans").set_index("method")
    assert board.loc[list(CONTROLS), "rank"].isna().all()
    assert board.loc[list(CONTROLS), "ARI_final"].notna().all()
    assert set(board["rank"].dropna()) == {1, 2}  # among methods alone
    assert pd.isna(board.loc["smoothed_pca", "rank"]) and board.loc["smoothed_pca", "mean_rank"] > 0


def test_kinds_of_tissues_are_ranked_apart():
    results = six_datasets()
    simulated = results["dataset"].isin(["d0", "d1"])
    results["tissue"] = np.where(simulated, "simulated", "real")
    ranks = ranking_tables(results, "kmeans")["ranks"]
    counted = ranks[ranks["policy"] == "worst"].groupby("tissue", sort=False)["datasets"].first()
    assert counted.to_dict() == {"real": 4, "simulated": 2}
    assert list(counted.index) == ["real", "simulated"]
