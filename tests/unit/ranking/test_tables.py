"""Ranks and pairs as tables and as a picture."""

import numpy as np
import pandas as pd

from helpers.results import made_results, scores_of
from stbench.figures.critical_difference import critical_difference
from stbench.ranking.tables import ranking_tables, rankings


def six_datasets():
    """STAGUE always first, SEDR and PCA taking turns, SEDR failing once."""
    rng, tables = np.random.default_rng(0), []
    for i in range(6):
        low, high = sorted(rng.uniform(0.2, 0.4, 2))
        sedr = ["oom"] if i == 5 else [(low, high)[i % 2]]
        tables += [
            scores_of(f"d{i}", "stague", [0.8]),
            scores_of(f"d{i}", "sedr", sedr),
            scores_of(f"d{i}", "pca", [(high, low)[i % 2]]),
        ]
    return made_results(pd.concat(tables, ignore_index=True))


def test_ranks_and_pairs_under_both_policies():
    tables = ranking_tables(six_datasets(), "kmeans")
    ranks = tables["ranks"].set_index(["policy", "method"])
    assert ranks.loc[("worst", "stague"), "mean_rank"] == 1
    assert ranks.loc["worst", "datasets"].unique() == [6]
    assert ranks.loc["common", "datasets"].unique() == [5]
    assert ranks.loc[("worst", "sedr"), "mean_rank"] > ranks.loc[("worst", "pca"), "mean_rank"] - 1
    pairs = tables["pairs"].query("policy == 'worst'").set_index(["one", "other"])
    assert len(pairs) == 3 and (pairs["p_holm"] >= pairs["p"]).all()
    # all of six datasets on one side: p = 2 / 2^6
    assert np.isclose(pairs.loc[("pca", "stague"), "p"], 2 / 64)


def test_few_datasets_say_why_there_is_no_test():
    results = six_datasets()
    few = ranking_tables(results[results["dataset"].isin(["d0", "d1"])], "kmeans")
    assert set(few["ranks"]["note"]) == {"no test is possible: 2 datasets, at least 5 are needed"}
    assert few["pairs"].empty and set(few["ranks"]["tied_groups"]) == {"1"}


def test_the_picture_has_a_row_per_method_and_names_the_test():
    ranking = rankings(six_datasets(), "kmeans")["worst"]
    figure = critical_difference(ranking, {"stague": "STAGUE"}, "ranks")
    axes = figure.axes[0]
    assert axes.get_yticklabels()[0].get_text() == "STAGUE"
    assert len(axes.get_yticklabels()) == 3
    assert "Friedman" in axes.get_xlabel() and "6 datasets" in axes.get_xlabel()
