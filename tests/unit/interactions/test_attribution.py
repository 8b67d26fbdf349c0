"""Genes behind edges: completeness, gradients, planted genes, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import torch

from methods import pca
from methods.stague import model as stague
from stbench.common.errors import InputError, NotApplicableError
from stbench.fitting.edge_scorer import EdgeScorer, edge_scorer
from stbench.fitting.interface import Fit
from stbench.interactions.attribution import (
    Attribution,
    EdgeSet,
    attribute_genes,
    integrated_gradients,
    ranked_genes,
)
from stbench.interactions.chosen_edges import Edges, mark
from stbench.interactions.edge_genes import edge_sets, genes_behind_edges, read_weights, remark
from stbench.interactions.edges import edge_table, undirected
from stbench.interactions.tissue import LearnedGraph, Tissue

SMALL = {"epochs": 15, "lr": 2e-3, "exp_out": 32, "hidden_dim": 16, "rep_dim": 8, "proj_dim": 8,
         "k": 8, "record_every": 99}  # fmt: skip
CELLS, GENES = 120, 12


def tissue(planted: int = 3) -> ad.AnnData:
    """A little noise, and one gene that colors a checkered board; gene 0 is not read."""
    rng = np.random.default_rng(0)
    x = rng.normal(1, 0.05, (CELLS, GENES)).astype(np.float32)
    coords = rng.random((CELLS, 2)) * 100
    x[:, planted] += 2 * ((coords // 34).sum(axis=1) % 2)
    adata = ad.AnnData(x)
    adata.var_names = [f"g{i}" for i in range(GENES)]
    adata.obsm["spatial"] = coords
    adata.var["highly_variable"] = np.arange(GENES) > 0
    return adata


@cache
def trained(**params: object) -> tuple[ad.AnnData, dict, Fit, np.ndarray, np.ndarray]:
    adata, params = tissue(), SMALL | params
    fit = stague.fit(adata, 2, 0, "cpu", params, lambda *_: None)
    return adata, params, fit, *undirected(fit.adj_raw, CELLS)


def scorer_of(**params: object) -> tuple[EdgeScorer, np.ndarray]:
    adata, used, fit, pairs, scores = trained(**params)
    return edge_scorer(stague, adata, used, fit.weights, pairs), scores


def above_and_below(scores: np.ndarray) -> dict[str, EdgeSet]:
    above = scores > np.quantile(scores, 0.8)
    return {"all": EdgeSet(above, ~above)}


@pytest.mark.parametrize("params", [{}, {"no_bn": True}, {"nlayers": 3}, {"adj_weight": 0.2}])
def test_the_scorer_gives_the_scores_of_the_fit(params: dict) -> None:
    scorer, scores = scorer_of(**params)
    np.testing.assert_allclose(scorer.score(scorer.expression), scores, atol=2e-6)
    assert list(scorer.genes) == [f"g{i}" for i in range(1, GENES)]
    assert scorer.expression.shape == (CELLS, GENES - 1)


def test_gradients_equal_finite_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    """In float64, since differences need the digits."""

    def in_float64(*args: object) -> stague.Stague:
        model = untouched(*args).double()
        pattern, values = model.learner_graph
        model.learner_graph = pattern, values.double()
        return model

    untouched, read = stague.seeded_model, stague.expression
    trained()
    monkeypatch.setattr(stague, "seeded_model", in_float64)
    monkeypatch.setattr(stague, "expression", lambda adata: read(adata).double())
    scorer, scores = scorer_of()
    rng = np.random.default_rng(1)
    weights = torch.from_numpy(rng.normal(size=len(scores)))
    x = scorer.expression.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(scorer.score(x) @ weights, x)
    for gene in range(GENES - 1):
        way = torch.zeros_like(x)
        way[:, gene] = torch.from_numpy(rng.normal(size=CELLS))
        there, back = (scorer.score(x.detach() + step * way) @ weights for step in (1e-7, -1e-7))
        by_hand = float(there - back) / 2e-7
        assert float((gradient * way).sum()) == pytest.approx(by_hand, rel=1e-4, abs=1e-6)


def test_attributions_sum_to_the_difference() -> None:
    scorer, scores = scorer_of()
    check = attribute_genes(scorer, above_and_below(scores), steps=64).checks.iloc[0]
    difference = check["contrast"] - check["contrast_baseline"]
    assert difference > 0.01
    assert abs(check["completeness_error"]) < 0.01 * difference
    few = attribute_genes(scorer, above_and_below(scores), steps=4).checks.iloc[0]
    assert abs(few["completeness_error"]) > abs(check["completeness_error"])


def test_the_attributions_of_a_linear_score_are_exact() -> None:
    """A score that is linear in expression has coefficient x deviation, whatever the steps."""
    rng = np.random.default_rng(0)
    x, slopes = torch.from_numpy(rng.normal(size=(2, 6, 4)))
    scorer = EdgeScorer(np.array(list("abcd")), x, lambda y: (y * slopes)[:3].sum(1))
    weights = torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]], dtype=torch.float64)
    by_hand = weights @ (slopes * (x - x.mean(0)))[:3]
    np.testing.assert_allclose(integrated_gradients(scorer, weights, x.mean(0), 3), by_hand)


def test_the_planted_gene_comes_first_by_both_measures() -> None:
    scorer, scores = scorer_of()
    genes = ranked_genes([attribute_genes(scorer, above_and_below(scores))])
    assert genes["gene"].iloc[0] == "g3"
    assert genes["share"].iloc[0] > 3 * genes["share"].iloc[1]
    assert genes["share"].sum() == pytest.approx(1)
    assert genes.loc[genes["occlusion"].idxmax(), "gene"] == "g3"
    assert list(genes["rank"]) == list(range(1, GENES))
    assert (genes["attribution"].abs().diff().dropna() <= 0).all()


def test_edges_are_compared_with_their_own_scores_of_shuffled_cells(tmp_path) -> None:
    adata, params, fit, pairs, scores = trained()
    np.savez(tmp_path / "weights.npz", **fit.weights)
    graph = LearnedGraph(3, tmp_path, params, pairs, scores, fit.null_scores, None)
    mean = edge_table(pairs, scores, adata.obsm["spatial"], 5)
    edges = Edges(mean, mean.assign(seed=3))
    coords, one = adata.obsm["spatial"], np.zeros(CELLS, int)
    tissue = Tissue("t", "mouse", adata.obs_names, coords, adata.X, adata.var, None, None, one)

    def marked(graph: LearnedGraph, number: float = 0.95) -> tuple[Edges, str]:
        return mark(
            *(edges, [graph], tissue, number, "null_quantile"),
            module=stague,
            adata=adata,
            structureless=None,
        )

    (consensus, by_seed, _), note = marked(graph)
    assert "expected by chance, and more because the network was trained on these data" in note
    np.testing.assert_array_equal(consensus["p"], by_seed["p"])
    np.testing.assert_array_equal(consensus["above"], consensus["p"] <= 0.05 + 1e-9)
    own = edge_scorer(
        stague, adata, params, fit.weights, consensus[["source", "target"]].to_numpy()
    )
    drawn = [
        own.score(own.expression[torch.randperm(CELLS, generator=torch.Generator().manual_seed(s))])
        for s in range(300)
    ]
    share = (torch.stack(drawn).numpy() >= consensus["score"].to_numpy() - 1e-6).mean(axis=0)
    assert np.abs(share - consensus["p"]).mean() < 0.05
    other = replace(graph, scores=scores[::-1].copy())  # not what the weights give
    (plain, _, _), note = marked(other)
    assert "p" not in plain and "score above" in note
    assert note.endswith("no p of single edges: the scores could not be repeated from the weights")
    with pytest.raises(InputError, match="use at most 0"):
        marked(graph, 0.999)


def test_a_gene_that_the_learner_ignores_has_no_part() -> None:
    adata, params, fit, pairs, scores = trained()
    first = fit.weights["cell_encoder.0.weight"].copy()
    first[:, 4:] = 0
    weights = {**fit.weights, "cell_encoder.0.weight": first}
    scorer = edge_scorer(stague, adata, params, weights, pairs)
    found = attribute_genes(scorer, above_and_below(scores))
    assert (found.attribution[0, 4:] == 0).all()
    assert (found.occlusion[0, 4:] == 0).all()
    assert (found.attribution[0, :4] != 0).all()


def test_a_constant_gene_has_no_part() -> None:
    adata = tissue()
    adata.X[:, 5] = 0.1
    _, params, fit, pairs, scores = trained()
    scorer = edge_scorer(stague, adata, params, fit.weights, pairs)
    found = attribute_genes(scorer, above_and_below(scores))
    assert found.attribution[0, 4] == found.occlusion[0, 4] == 0


def test_genes_in_another_order_give_the_same_parts() -> None:
    adata, params, fit, pairs, scores = trained()
    order = np.random.default_rng(3).permutation(np.arange(1, GENES)) - 1
    columns = fit.weights["cell_encoder.0.weight"][:, order]
    weights = {**fit.weights, "cell_encoder.0.weight": columns}
    shuffled = adata[:, np.concatenate([[0], order + 1])].copy()
    there = attribute_genes(
        edge_scorer(stague, shuffled, params, weights, pairs), above_and_below(scores)
    )
    here = attribute_genes(scorer_of()[0], above_and_below(scores))
    np.testing.assert_allclose(there.attribution, here.attribution[:, order], atol=2e-6)
    np.testing.assert_allclose(there.occlusion, here.occlusion[:, order], atol=2e-6)


def test_two_runs_give_the_same_bytes() -> None:
    first, again = (attribute_genes(s, above_and_below(v)) for s, v in (scorer_of(), scorer_of()))
    assert first.attribution.tobytes() == again.attribution.tobytes()
    assert first.occlusion.tobytes() == again.occlusion.tobytes()


def test_sets_are_explained_one_by_one_as_together() -> None:
    scorer, scores = scorer_of()
    sets = above_and_below(scores)
    top = {"top": EdgeSet(scores > np.quantile(scores, 0.95), sets["all"].others)}
    both, alone = attribute_genes(scorer, sets | top), attribute_genes(scorer, top)
    assert both.edge_sets == ["all", "top"]
    np.testing.assert_array_equal(both.attribution[1], alone.attribution[0])


def test_few_occlusions_cover_the_top_and_a_sample() -> None:
    scorer, scores = scorer_of()
    found = attribute_genes(scorer, above_and_below(scores), occluded=6)
    known = np.isfinite(found.occlusion[0])
    assert known.sum() == 6 == found.checks["occluded"].iloc[0]
    assert known[np.argsort(-np.abs(found.attribution[0]))[:3]].all()
    every = attribute_genes(scorer, above_and_below(scores))
    np.testing.assert_array_equal(found.occlusion[0, known], every.occlusion[0, known])


def test_without_others_the_mean_score_is_explained() -> None:
    scorer, scores = scorer_of()
    members = above_and_below(scores)["all"].members
    edges = {"all": EdgeSet(members, np.zeros_like(members))}
    check = attribute_genes(scorer, edges).checks.iloc[0]
    assert check["contrast"] == pytest.approx(check["score"])
    assert check["score"] == pytest.approx(scores[members].mean())


def test_seeds_are_averaged_and_ranked_anew() -> None:
    def one(sets: list[str], attribution: list, occlusion: list) -> Attribution:
        genes = np.array(["a", "b", "c"])
        return Attribution(sets, genes, np.array(attribution), np.array(occlusion), pd.DataFrame())

    nan = np.nan
    table = ranked_genes(
        [
            one(["all", "x - y"], [[3.0, 0, 1], [1, 1, 1]], [[1.0, nan, nan], [nan] * 3]),
            one(["all"], [[-1.0, 0, -5]], [[2.0, 4, nan]]),
        ]
    )
    every = table[table["edge_set"] == "all"]
    assert every["gene"].tolist() == ["c", "a", "b"]
    assert every["attribution"].tolist() == [-2, 1, 0]
    np.testing.assert_array_equal(every["occlusion"], [nan, 1.5, 4])
    np.testing.assert_allclose(every["share"], [2 / 3, 1 / 3, 0])
    assert table[table["edge_set"] == "x - y"]["gene"].tolist() == ["a", "b", "c"]


def test_sets_are_all_edges_and_the_commonest_type_pairs() -> None:
    def types(values: str) -> pd.Categorical:
        return pd.Categorical([v if v != "?" else None for v in values], categories=["b", "a"])

    edges = pd.DataFrame(
        {
            "source": [0, 1, 2, 3, 4, 5, 6, 7],
            "target": [1, 2, 3, 4, 5, 6, 0, 8],
            "type_source": types("aabbb?aa"),
            "type_target": types("bbababba"),
        }
    )
    above = np.array([True, True, True, True, False, True, False, False])
    sets = edge_sets(edges, above)
    assert list(sets) == ["all", "b - a", "b - b"]
    assert sets["b - a"].members.tolist() == [True] * 3 + [False] * 5
    assert sets["b - a"].others.tolist() == [False] * 6 + [True, False]  # 6 - 0 has the cell 0
    assert sets["all"].others.tolist() == [False] * 4 + [True, False, True, False]
    assert list(edge_sets(edges, above, type_pairs=1)) == ["all", "b - a"]
    assert list(edge_sets(edges[["source", "target"]], above)) == ["all"]
    with pytest.raises(NotApplicableError, match="no candidate below"):
        edge_sets(edges, above | True)


def test_from_edges_to_tables() -> None:
    adata, params, fit, pairs, scores = trained()
    types = pd.Categorical(np.where(adata.obsm["spatial"][:, 0] > 50, "right", "left"))
    edges = edge_table(pairs, scores, adata.obsm["spatial"], 5, types)
    above = (edges["score"] > edges["score"].quantile(0.8)).to_numpy()
    fits = {0: (params, fit.weights), 4: (params, fit.weights)}
    genes, checks = genes_behind_edges(stague, adata, fits, edges, above)
    assert list(genes) == ["edge_set", "rank", "gene", "attribution", "share", "occlusion"]
    assert set(genes["edge_set"]) >= {"all", "left - left", "right - right"}
    assert (genes.groupby("edge_set").size() == GENES - 1).all()
    assert set(checks["seed"]) == {0, 4}
    assert "11 genes" in remark(checks)

    with pytest.raises(NotApplicableError, match="no edges above"):
        genes_behind_edges(stague, adata, fits, edges, above & False)


def test_methods_without_a_scorer_say_so() -> None:
    with pytest.raises(NotApplicableError, match="pca does not provide"):
        edge_scorer(pca, None, {}, {}, np.empty((0, 2), int))
    with pytest.raises(NotApplicableError, match=r"no weights\.npz"):
        edge_scorer(stague, None, {}, None, np.empty((0, 2), int))
    assert isinstance(stague, ModuleType)


def test_weights_and_edges_of_another_fit_are_refused() -> None:
    adata, params, fit, pairs, _ = trained()
    with pytest.raises(InputError, match="not match the data: Error"):
        edge_scorer(stague, adata[:, :-1].copy(), params, fit.weights, pairs)
    with pytest.raises(InputError, match=r"not from a fit of STAGUE"):
        edge_scorer(stague, adata, params, {"w": np.zeros(3)}, pairs)
    far = np.array([[adata.obsm["spatial"][:, 0].argmin(), adata.obsm["spatial"][:, 0].argmax()]])
    with pytest.raises(InputError, match="not in the pattern"):
        edge_scorer(stague, adata, params, fit.weights, far)


def test_scores_that_are_no_numbers_stop_it() -> None:
    _, params, fit, pairs, scores = trained()
    broken = tissue()
    broken.X[3, 4] = np.nan
    scorer = edge_scorer(stague, broken, params, fit.weights, pairs)
    with pytest.raises(FloatingPointError, match="not finite"):
        attribute_genes(scorer, above_and_below(scores))


def test_an_empty_set_is_named() -> None:
    scorer, scores = scorer_of()
    with pytest.raises(ValueError, match="'none' is empty"):
        attribute_genes(scorer, {"none": EdgeSet(scores < -1, scores > 0)})


def test_weights_are_read_from_the_folder_of_a_fit(tmp_path: Path) -> None:
    assert read_weights(tmp_path) is None
    np.savez_compressed(tmp_path / "weights.npz", a=np.arange(3))
    assert read_weights(tmp_path)["a"].tolist() == [0, 1, 2]
    whole = (tmp_path / "weights.npz").read_bytes()
    for broken in (b"", b"junk", whole[: len(whole) // 2]):
        (tmp_path / "weights.npz").write_bytes(broken)
        with pytest.raises(InputError, match=r"weights\.npz: not a readable"):
            read_weights(tmp_path)
