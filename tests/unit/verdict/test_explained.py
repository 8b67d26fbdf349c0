"""Shares of the variance of made scores, of which the parts are known."""

import itertools

import numpy as np
import pandas as pd
import pytest

from helpers.results import made_results, scores_of
from stbench.clustering.stage import LABELS_ONLY
from stbench.figures.explained import explained_bars
from stbench.verdict.explained import (
    classes_of_methods,
    explained,
    explained_sentences,
    runs_of,
)
from stbench.verdict.tissues import tissue_facts

TISSUE = {"T1": -0.2, "T2": 0.0, "T3": 0.2}
METHOD = {"stague": -0.1, "sedr": 0.1}


def made(value, tissues=TISSUE, seeds=(0,)):
    """Runs with ARI ``value(tissue, method, clusterer, seed)``."""
    keys = itertools.product(tissues, METHOD, ("kmeans", "gmm"), seeds)
    rows = [
        {"tissue": t, "method": m, "clusterer": c, "seed": s, "ARI": value(t, m, c, s)}
        for t, m, c, s in keys
    ]
    places = {name: float(i) for i, name in enumerate(tissues)}
    runs = pd.DataFrame(rows).assign(settings="default", same_label=0.8, in_layers=0.1, spots=1.0)
    return runs.assign(
        unit=runs["tissue"],
        technology=runs["tissue"].map(lambda name: "A" if name == "T1" else "B"),
        cells=runs["tissue"].map(places),
        **{"class": runs["method"].map({"stague": "trained", "sedr": "smoothed"})},
    )


def shares(runs):
    return explained(runs).set_index("source")["share"]


def test_additive_effects_are_divided_by_their_sums_of_squares():
    found = shares(made(lambda t, m, c, s: TISSUE[t] + METHOD[m]))
    # Sums of squares of 12 rows: tissues 8 x .04, methods 12 x .01.
    assert found["tissue"] == pytest.approx(0.32 / 0.44)
    assert found["method"] == pytest.approx(0.12 / 0.44)
    assert found["class"] == pytest.approx(found["method"])  # two methods of two classes
    assert found["cells"] == pytest.approx(found["tissue"])  # linear in it
    assert found["technology"] == pytest.approx(0.24 / 0.44)  # T1 is .2 below, T2 and T3 share .1
    others = found[["clusterer", "method x tissue", "rest"]]
    assert others.to_numpy() == pytest.approx(0, abs=1e-9)
    assert not {"settings", "kind", "seed"} & set(found.index)  # they do not vary


def test_an_interaction_and_seeds_are_not_main_effects():
    sign = {"T1": 1, "T2": 0, "T3": -1}
    found = shares(made(lambda t, m, c, s: sign[t] * METHOD[m] + 0.1 * (2 * s - 1), seeds=(0, 1)))
    assert found["method x tissue"] == pytest.approx(16 * 0.01 / (16 * 0.01 + 24 * 0.01))
    assert found["seed"] == pytest.approx(24 * 0.01 / (16 * 0.01 + 24 * 0.01))
    assert found[["tissue", "method", "clusterer", "rest"]].to_numpy() == pytest.approx(0, abs=1e-9)


def test_a_missing_run_does_not_move_effects_between_sources():
    whole = made(lambda t, m, c, s: TISSUE[t] + METHOD[m])
    found = shares(whole.drop(index=[0, 1]))
    assert found["clusterer"] == pytest.approx(0, abs=1e-9)
    assert found["rest"] == pytest.approx(0, abs=1e-9)


def test_shuffled_facts_explain_as_much_as_chance():
    table = explained(made(lambda t, m, c, s: TISSUE[t] + METHOD[m])).set_index("source")
    # One of two degrees of freedom of three tissues, on average over their orders.
    assert table.loc["cells", "by_chance"] == pytest.approx(0.5 * 0.32 / 0.44, abs=0.06)
    assert np.isnan(table.loc["tissue", "by_chance"])
    assert list(table[table["within"] == "tissue"].index) == ["technology", "cells"]


def test_sections_of_one_study_exchange_facts_together():
    four = {"T1": -0.2, "T2": -0.1, "T3": 0.1, "T4": 0.2}
    runs = made(lambda t, m, c, s: four[t] + METHOD[m], tissues=four)
    technology = runs["tissue"].map(lambda name: "A" if name in ("T1", "T2") else "B")
    apart = explained(runs.assign(technology=technology)).set_index("source").loc["technology"]
    assert apart["by_chance"] < apart["share"] / 2
    studies = explained(runs.assign(technology=technology, unit=technology)).set_index("source")
    # Two studies have only two ways to exchange a technology, which both explain the same.
    assert studies.loc["technology", "by_chance"] == pytest.approx(apart["share"])


def test_ranges_are_those_without_one_study():
    two = {"T1": 0.0, "T2": 0.3}
    few = made(lambda t, m, c, s: two[t] + METHOD[m], tissues=two)
    assert explained(few)[["low", "high"]].isna().all(axis=None)
    assert "[" not in explained_sentences(explained(few), few)[0]
    many = {f"T{i}": 0.1 * (i % 3) for i in range(6)}
    runs = made(lambda t, m, c, s: many[t] + METHOD[m], tissues=many)
    table = explained(runs).set_index("source")
    without = [
        explained(runs[runs["unit"] != unit]).set_index("source")["share"]
        for unit in runs["unit"].unique()
    ]
    for source in ("tissue", "method"):
        shares = [found[source] for found in without]
        row = table.loc[source]
        assert (row["low"], row["high"]) == pytest.approx((min(shares), max(shares)))
        assert row["low"] < row["high"]
    sentences = explained_sentences(table.reset_index(), runs)
    assert len(sentences) == 3 and "[" in sentences[0] and "by chance" in sentences[1]


RESULTS = made_results(
    scores_of("T1", "stague", [0.7, 0.8], untrained=[0.1, 0.1]),
    scores_of("T1", "smoothed_pca", [0.5, 0.5]),
    scores_of("T1", "pca", [0.2, 0.2]),
    scores_of("T2", "stague", [0.3, 0.4], untrained=[0.1, 0.1]),
)


def test_runs_are_those_of_ranked_methods_with_the_facts_of_their_tissues():
    of_first = {"technology": "10x Visium", "cells": 100, "same_label": 0.9, "in_layers": 1.0}
    facts = tissue_facts(RESULTS, {"T1": of_first}, "kmeans")
    assert list(facts["kind"]) == ["layered", ""]
    assert facts.loc["T1", "spots"] == 1 and np.isnan(facts.loc["T2", "spots"])
    runs = runs_of(RESULTS, facts)
    assert set(runs["method"]) == {"stague", "smoothed_pca"}
    assert runs.groupby("tissue").size().to_dict() == {"T1": 4, "T2": 2}
    assert runs.loc[runs["tissue"] == "T1", "cells"].unique() == [2.0]
    assert runs.loc[runs["tissue"] == "T2", "cells"].isna().all()
    of_stague = RESULTS["method"] == "stague"
    copied = RESULTS.assign(reason=RESULTS["reason"].mask(of_stague, LABELS_ONLY))
    again = copied[of_stague].assign(clusterer="gmm")
    both = runs_of(pd.concat([copied, again], ignore_index=True), facts)
    assert both.groupby("tissue").size().to_dict() == {"T1": 4, "T2": 2}
    classes = classes_of_methods(RESULTS)
    assert classes[["stague", "smoothed_pca"]].to_list() == ["trained", "smoothed"]


def test_the_figure_has_a_bar_for_each_source():
    import matplotlib.pyplot as plt

    table = explained(made(lambda t, m, c, s: TISSUE[t] + METHOD[m]))
    figure = explained_bars(table, "What explains a score")
    ax = figure.axes[0]
    assert len(ax.patches) == len(table)
    longest = max(bar.get_width() for bar in ax.patches)
    assert longest == pytest.approx(100 * table["share"].max())
    assert ax.get_yticklabels()[0].get_text() == "tissue"
    plt.close(figure)
