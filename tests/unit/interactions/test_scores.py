"""Scores of planted interactions: the metrics, the nulls, the rows, the tables, the sentences."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from stbench.common.errors import InputError
from stbench.data.preprocessing import preprocess
from stbench.data.simulation import Tissue, simulate
from stbench.interactions import baselines
from stbench.interactions.baselines import cells_and_distance
from stbench.interactions.candidate_pairs import graph_scores, within_reach
from stbench.interactions.communication_scores import LEVELS
from stbench.interactions.metrics import (
    PERMUTED_TRUTH,
    PERMUTED_WITHIN,
    expected_hits,
    gene_recall,
    permuted_truth_auroc,
    true_pairs,
    truth_scores,
)
from stbench.interactions.scores import (
    COMMON_NULLS,
    KNOWING,
    METRICS,
    WITHIN,
    GraphFit,
    score_interactions,
)
from stbench.interactions.strata import strata_of
from stbench.interactions.tables import interaction_tables
from stbench.interactions.truth import Tissue as Known
from stbench.summary.interactions import interaction_sentences

PARAMS = {"adj_weight": 0.5, "gamma": 2.0, "k": 15, "sparse_learner": False}


@pytest.fixture(scope="module")
def planted():
    adata = simulate(Tissue(n_cells=400, n_triples=4, effect=2.0, seed=3), "planted")
    return adata, preprocess(adata)


def known(adata, clean, **more) -> Known:
    facts = {
        "name": "planted",
        "missing": "",
        "cells": adata.obs_names.to_numpy(),
        "coords": clean.obsm["spatial"],
        "expression": clean.X,
        "components": clean.obsm["X_pca"],
        "genes": clean.var_names.to_numpy(),
        "types": adata.obs["celltype"].astype(str).to_numpy(),
        "interactions": adata.obsp["true_interactions"],
        "triples": adata.uns["true_triples"],
    }
    return Known(**{**facts, **more})


def graph_of(pairs: np.ndarray, values: np.ndarray, n: int) -> sp.csr_matrix:
    rows, columns = np.concatenate([pairs, pairs[:, ::-1]]).T
    return sp.csr_matrix((np.tile(values, 2), (rows, columns)), (n, n))


def noisy_truth(planted, noise: float, seed: int = 0) -> sp.csr_matrix:
    adata, _ = planted
    c = within_reach(adata.obsm["spatial"], 15)
    truth = true_pairs(adata.obsp["true_interactions"], c.pairs)
    rng = np.random.default_rng(seed)
    return graph_of(c.pairs, 1 + truth + noise * rng.random(len(c)), c.n_cells)


def random_case(seed: int = 0, n: int = 5000):
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.08
    return truth, rng.normal(size=n) + truth


def test_a_perfect_scorer_gets_one_and_its_opposite_nothing():
    truth, _ = random_case()
    perfect = truth_scores(truth, truth.astype(float))
    assert (perfect["AUROC"], perfect["AUPRC"], perfect["precision"]) == (1, 1, 1)
    assert np.isfinite(perfect["odds_ratio"]) and perfect["odds_ratio"] > 1e5
    worst = truth_scores(truth, -truth.astype(float))
    assert (worst["AUROC"], worst["precision"]) == (0, 0)
    assert worst["odds_ratio"] < 0.02


@pytest.mark.parametrize("change", [np.exp, lambda s: 3 * s - 7, lambda s: s**3, np.arctan])
def test_only_the_order_of_scores_counts(change):
    truth, scores = random_case()
    assert truth_scores(truth, change(scores)) == truth_scores(truth, scores)


def test_permuted_truth_is_chance():
    truth, scores = random_case()
    assert truth_scores(truth, scores)["AUROC"] > 0.7
    assert permuted_truth_auroc(truth, scores, 0) == pytest.approx(0.5, abs=0.03)
    assert permuted_truth_auroc(truth, truth.astype(float), 1) == pytest.approx(0.5, abs=0.03)


def test_metrics_by_hand():
    truth = np.array([1, 0, 1, 0, 0], bool)
    found = truth_scores(truth, np.array([5.0, 4, 3, 2, 1]))
    assert found["AUROC"] == pytest.approx(5 / 6)
    assert found["AUPRC"] == pytest.approx((1 + 2 / 3) / 2)
    assert found["precision"] == 0.5
    assert found["odds_ratio"] == pytest.approx(1.5 * 2.5 / 1.5**2)


def test_ties_count_by_their_share_in_any_order():
    truth, scores = random_case(n=400)
    tied = np.round(scores)
    order = np.random.default_rng(1).permutation(len(truth))
    assert truth_scores(truth, tied) == pytest.approx(truth_scores(truth[order], tied[order]))
    rng = np.random.default_rng(2)
    n = int(truth.sum())
    broken = [expected_hits(truth, tied + 1e-6 * rng.random(400), n) for _ in range(2000)]
    assert expected_hits(truth, tied, n) == pytest.approx(np.mean(broken), rel=0.02)
    constant = truth_scores(truth, np.zeros(400))
    assert constant["AUROC"] == 0.5
    assert constant["AUPRC"] == constant["precision"] == pytest.approx(truth.mean())


@pytest.mark.parametrize("truth", [np.zeros(5, bool), np.ones(5, bool)])
def test_nothing_to_tell_is_refused(truth):
    with pytest.raises(ValueError, match="pairs are true"):
        truth_scores(truth, np.arange(5.0))
    with pytest.raises(ValueError, match="not finite"):
        truth_scores(np.array([True, False]), np.array([np.nan, 1]))


def test_candidates_are_all_pairs_within_reach():
    coords = np.random.default_rng(0).random((80, 2))
    gaps = np.linalg.norm(coords[:, None] - coords, axis=2)
    cut = np.sort(np.sort(gaps, axis=1)[:, 6])[39]
    c = within_reach(coords, 6)
    expected = {(i, j) for i in range(80) for j in range(i + 1, 80) if gaps[i, j] <= cut * 1.00001}
    assert set(map(tuple, c.pairs)) == expected


def test_pairs_outside_a_graph_lie_below_all_others():
    coords = np.random.default_rng(0).random((60, 2))
    c = within_reach(coords, 8)
    values = np.random.default_rng(1).random(len(c)) + 0.1
    half = np.arange(len(c)) % 2 == 0
    np.testing.assert_allclose(graph_scores(graph_of(c.pairs, values, 60), c), values, rtol=1e-6)
    found = graph_scores(graph_of(c.pairs[half], values[half], 60), c)
    assert (found[~half] == 0).all()
    found = graph_scores(graph_of(c.pairs[half], values[half] - 5, 60), c)
    assert found[~half].max() < found[half].min()
    assert (graph_scores(sp.csr_matrix((60, 60)), c) == 0).all()


def test_graphs_that_cannot_be_scored_are_refused():
    c = within_reach(np.random.default_rng(0).random((20, 2)), 5)
    with pytest.raises(InputError, match="not symmetric"):
        graph_scores(sp.csr_matrix(([1.0], ([0], [1])), (20, 20)), c)
    with pytest.raises(InputError, match="not square"):
        graph_scores(sp.csr_matrix((20, 30)), c)
    with pytest.raises(InputError, match="20 cells"):
        graph_scores(sp.csr_matrix((30, 30)), c)
    with pytest.raises(InputError, match="NaN"):
        graph_scores(graph_of(c.pairs[:1], np.array([np.nan]), 20), c)


def test_nulls_are_what_their_names_say(planted, monkeypatch):
    _, clean = planted
    c = within_reach(clean.obsm["spatial"], 15)
    monkeypatch.setattr(baselines, "_VALUES_AT_ONCE", 1000)  # many blocks
    dense = clean.X.toarray().astype(float)
    unit = dense / np.linalg.norm(dense, axis=1, keepdims=True)
    expected = (unit[c.pairs[:, 0]] * unit[c.pairs[:, 1]]).sum(axis=1)
    np.testing.assert_allclose(baselines.cosine(clean.X, c), expected, rtol=1e-6)
    np.testing.assert_allclose(baselines.cosine(dense, c), expected, rtol=1e-6)
    gaps = np.linalg.norm(np.diff(clean.obsm["spatial"][c.pairs], axis=1)[:, 0], axis=1)
    np.testing.assert_allclose(-baselines.distance(c), gaps, rtol=1e-5)
    near = np.argsort(np.linalg.norm(clean.obsm["spatial"] - clean.obsm["spatial"][0], axis=1))
    mine = c.pairs[(baselines.knn(clean.obsm["spatial"], c) > 0) & (c.pairs == 0).any(axis=1)]
    assert set(near[1:6]) <= set(mine.ravel())
    permuted = baselines.permuted(expected, 0)
    assert (np.sort(permuted) == np.sort(expected)).all() and (permuted != expected).any()
    pca = clean.obsm["X_pca"]
    mix = baselines.formula(pca, clean.obsm["spatial"], PARAMS, c)
    kernel = np.exp(-2 * (gaps / gaps.max()) ** 2)
    by_hand = 0.5 * np.maximum(baselines.cosine(pca, c), 0) + 0.5 * kernel
    np.testing.assert_allclose(mix, by_hand, rtol=1e-4)
    short = baselines.formula(pca, clean.obsm["spatial"], {**PARAMS, "k": 5}, c)
    assert ((short == 0) == (gaps > gaps[short > 0].max())).all() and (short == 0).any()


def test_a_cell_without_counts_is_like_none():
    c = within_reach(np.random.default_rng(0).random((10, 2)), 4)
    rows = np.ones((10, 3))
    rows[0] = 0
    for features in (rows, sp.csr_matrix(rows)):
        scores = baselines.cosine(features, c)
        assert (scores[(c.pairs == 0).any(axis=1)] == 0).all()
        assert scores[(c.pairs > 0).all(axis=1)] == pytest.approx(1)


def test_every_scorer_has_every_metric(planted):
    fits = [
        GraphFit("stague", s, "ok", "", noisy_truth(planted, 2, s), noisy_truth(planted, 9, s),
                 PARAMS, {"edge_auroc": 0.9, "edge_ap": 0.8})
        for s in (0, 1)
    ]  # fmt: skip
    fits += [GraphFit("other", 0, "oom", "too large"), GraphFit("other", 1, "ok", "")]
    genes = planted[0].var_names.tolist()
    table = score_interactions(known(*planted), fits, 15, {"stague": genes})
    assert not table.duplicated(["scorer", "method", "seed", "metric"]).any()
    assert (table["value"].isna() == (table["status"] != "ok")).all()
    assert (table.loc[table["status"] != "ok", "reason"] != "").all()
    keys = ["scorer", "method", "seed", "metric"]
    value = table.set_index(keys)["value"].sort_index()
    for scorer in (*COMMON_NULLS, *KNOWING):
        of_genes = LEVELS if scorer in ("distance", "knn", "ligand_receptor") else {}
        every = {*METRICS, *WITHIN, *of_genes, *PERMUTED_WITHIN, PERMUTED_TRUTH.name}
        assert value[(scorer, "", -1)].index.tolist() == sorted(every)
        permuted = value[(scorer, "", -1)].filter(like="AUROC_").filter(like="permuted").dropna()
        permuted = permuted[~permuted.index.str.startswith(("cells", "types"))]
        assert permuted.between(0.45, 0.55).all() and len(permuted) >= 2
    no_order = table[(table["scorer"] == "type_pair") & table["metric"].str.contains("types")]
    assert set(no_order["reason"]) == {"the scores are constant within strata: no signal to rank"}
    types_given, near, genes_given, trained = (
        value[scorer, "", -1, "AUPRC"]
        for scorer in ("type_pair_distance", "distance", "ligand_receptor", "supervised")
    )
    assert types_given > max(value["type_pair", "", -1, "AUPRC"], near)
    assert min(genes_given, trained) > 1.3 * value["permuted", "stague", 0, "AUPRC"]
    decoys = value["ligand_receptor_decoys", "", -1, "AUPRC"]
    assert decoys < genes_given
    assert value["truth", "", -1, "regime_complementary"] == 1
    assert value["truth", "", -1, "range_radius"] == 1
    assert value[("formula", "stague", -1, "AUPRC")] > 0
    for seed in (0, 1):
        mine = value["stague", "stague", seed]
        assert mine["AUPRC"] > value["untrained", "stague", seed, "AUPRC"]
        assert value["permuted", "stague", seed, "AUROC"] == pytest.approx(0.5, abs=0.06)
        assert mine["AUROC_permuted_truth"] == pytest.approx(0.5, abs=0.03)
        for scheme in ("distance", "types", "distance_and_types"):
            within = mine[f"AUROC_within_{scheme}_permuted_truth"]
            assert within == pytest.approx(0.5, abs=0.03)
            assert mine[f"AUROC_within_{scheme}"] > 0.55
        assert value["permuted_by_distance", "stague", seed, "AUROC_within_distance"] == (
            pytest.approx(0.5, abs=0.06)
        )
        expected = value["cells_and_distance", "stague", seed]
        assert 0.5 < expected["AUROC"] < mine["AUROC"]
        assert (mine["edge_AUROC"], mine["edge_AP"]) == (0.9, 0.8)
    assert value["truth", "", -1, "effect"] == 2
    assert 0 <= value["stague", "stague", -1, "recall_gene"] <= 1
    other = table[(table["scorer"] == "other") & (table["metric"] == "AUPRC")]
    assert other["status"].tolist() == ["oom", "not_applicable"]
    assert other["reason"].tolist() == ["too large", "the fit has no cell graph"]
    assert table[table["method"] == "other"]["value"].isna().all()


def test_permuted_scores_and_permuted_truth_are_permuted_apart(planted):
    near = within_reach(planted[0].obsm["spatial"], 15)
    truth = true_pairs(planted[0].obsp["true_interactions"], near.pairs)
    mixed = baselines.permuted(truth + 0.0, 3)  # as the truth would be with these draws
    assert permuted_truth_auroc(truth, mixed, 3) == pytest.approx(0.5, abs=0.02)


def test_what_cells_and_distance_expect_keeps_their_means_and_no_pair(planted):
    coords = planted[0].obsm["spatial"]
    near = within_reach(coords, 15)
    bins = strata_of(near, None)["distance"]
    rng = np.random.default_rng(0)
    of_cells, of_bins = rng.normal(size=len(coords)), rng.normal(size=bins.max() + 1)
    expected = of_cells[near.pairs].sum(axis=1) + of_bins[bins]
    assert cells_and_distance(expected, near, bins) == pytest.approx(expected, abs=1e-4)
    learned = expected + rng.normal(size=len(expected))
    fitted = cells_and_distance(learned, near, bins)
    for cell in (0, 7):
        mine = (near.pairs == cell).any(axis=1)
        assert fitted[mine].mean() == pytest.approx(learned[mine].mean(), abs=1e-4)
    assert np.corrcoef(learned - fitted, expected)[0, 1] == pytest.approx(0, abs=0.02)


def test_without_truth_only_held_out_edges_are_scored(planted):
    info = {"edge_auroc": 0.9, "edge_ap": 0.8}
    graph = noisy_truth(planted, 1)
    fits = [
        GraphFit("deeplinc", 0, "ok", "", graph, None, {}, info),
        GraphFit("stague", 0, "ok", "", graph, graph, PARAMS),
    ]
    real = known(*planted, interactions=None, triples=None)
    table = score_interactions(real, fits, 15, {})
    valued = table[table["value"].notna()]
    assert set(valued["metric"]) == {"edge_AUROC", "edge_AP"}
    assert set(valued["scorer"]) == {"deeplinc"}
    rest = table[table["value"].isna()]
    assert set(rest["status"]) == {"not_applicable"}
    held = rest[rest["metric"] == "edge_AP"]
    assert "none is held out" in held["reason"].iloc[0]
    gone = score_interactions(known(*planted, missing="no such file"), fits[:0], 15, {})
    assert set(gone["reason"]) == {"no such file"}


def test_a_truth_without_types_and_genes_is_scored_by_what_is_known(planted):
    fits = [GraphFit("stague", 0, "ok", "", noisy_truth(planted, 1), None, PARAMS)]
    table = score_interactions(known(*planted, triples=None, types=None), fits, 15, {})
    value = table.set_index(["scorer", "metric"])["value"]
    assert value["stague", "AUROC_within_distance"] > 0.6
    assert value["formula_of_types", "AUPRC"] > 0 and value["supervised", "AUROC"] > 0.5
    rest = table[table["value"].isna()].set_index(["scorer", "metric"])["reason"]
    assert rest["stague", "AUROC_within_types"] == "the cell types are not known"
    for scorer in ("type_pair", "ligand_receptor", "informed"):
        assert "of the interactions are not known" in rest[scorer, "AUPRC"]
    assert "recall_by_chance" not in value["truth"].index
    lift = interaction_tables(table)["interactions_lift"]
    assert set(lift["effect"]) == {"all"}


def test_a_graph_that_is_not_symmetric_is_an_error_of_that_method_alone(planted):
    bad = sp.csr_matrix(([1.0], ([0], [1])), (400, 400))
    table = score_interactions(known(*planted), [GraphFit("m", 0, "ok", "", bad)], 15, {})
    mine = table[(table["scorer"] == "m") & (table["metric"] == "AUROC")]
    assert mine["status"].tolist() == ["error"] and "not symmetric" in mine["reason"].iloc[0]
    assert (table.loc[table["scorer"] == "distance", "status"] == "ok").all()


def test_the_most_variable_genes_are_a_null_of_recall(planted):
    adata, clean = planted
    table = score_interactions(known(adata, clean), [], 15, {})
    value = table.set_index(["scorer", "metric"])["value"]
    variance = clean.X.toarray().var(axis=0)
    ranked = clean.var_names[np.argsort(-variance)].tolist()
    expected = gene_recall(ranked, adata.uns["true_triples"])["recall_gene"]
    assert value["variable_genes", "recall_gene"] == expected
    assert expected > value["truth", "recall_by_chance"]


def test_recall_of_genes():
    triples = {"ligand": ["l"], "receptor": ["r"], "targets": [["a", "b"]]}
    found = gene_recall(["a", "x", "l", "b", "r"], triples)
    assert found == {
        "recall_ligand": 1.0, "recall_receptor": 0.0, "recall_target": 1.0, "recall_gene": 0.75,
    }  # fmt: skip


def test_triples_without_targets_have_neither_their_recall_nor_rules(planted):
    triples = planted[0].uns["true_triples"]
    without = {**triples, "targets": np.empty((len(triples["ligand"]), 0), str)}
    fit = GraphFit("stague", 0, "ok", "", noisy_truth(planted, 1), None, PARAMS)
    genes = {"stague": list(planted[0].var_names)}
    table = score_interactions(known(*planted, triples=without), [fit], 15, genes)
    value = table[table["status"] == "ok"].set_index(["scorer", "metric"])["value"]
    assert ("stague", "recall_ligand") in value and ("informed", "AUPRC") not in value
    why = table[(table["scorer"] == "stague") & (table["metric"] == "recall_target")]["reason"]
    assert why.tolist() == ["no true targets are given"]


def test_without_planted_tissues_the_tables_stand_and_nothing_is_said(planted):
    real = known(*planted, interactions=None, triples=None)
    scores = score_interactions(real, [GraphFit("stague", 0, "ok", "", None)], 15, {})
    tables = interaction_tables(scores)
    lift = tables["interactions_lift"]
    assert set(lift["status"]) == {"not_applicable"}
    assert (lift["reason"] == "no tissue has planted interactions").all()
    assert not len(tables["interactions_auprc"])
    reported = list(interaction_sentences(tables["interactions_auprc"], lift, {"stague": "STAGUE"}))
    assert reported == []
