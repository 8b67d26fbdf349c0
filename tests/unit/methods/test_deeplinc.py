"""DeepLinc: input, graph, held-out links, choice, learned graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from anndata import AnnData
from hypothesis import given
from hypothesis import strategies as st

from methods.deeplinc.adam import TensorFlowAdam
from methods.deeplinc.graph import adjacency, normalized, short_links, tied_neighbors
from methods.deeplinc.links import (
    best_threshold,
    hold_out,
    link_scores,
    predicted_graph,
    random_pair_scores,
)
from methods.deeplinc.model import (
    DeepLinc,
    Optimizers,
    Settings,
    fit,
    network_input,
    train_iteration,
)
from stbench.common.errors import InputError, NotApplicableError
from stbench.fitting.interface import Fit, checked

PARAMS: dict[str, Any] = {
    "epochs": 4,
    "autoencoder_steps": 3,
    "discriminator_steps": 1,
    "generator_steps": 1,
    "lr": 4e-4,
    "adversarial_lr": 8e-4,
    "min_cells": 0,
    "log_offset": 1.0,
    "n_neighbors": 3,
    "distance_cutoff": 0.98,
    "test_share": 0.1,
    "hidden_dim": 12,
    "code_dim": 7,
    "adversary_hidden1": 9,
    "adversary_hidden2": 8,
    "adversary_weight_sd": 0.01,
    "max_neighbors": 10,
    "record_every": 1,
}


def tissue(n: int = 80, genes: int = 20, kind: str = "counts", seed: int = 0) -> AnnData:
    rng = np.random.default_rng(seed)
    counts = sp.csr_matrix(rng.poisson(2, (n, genes)).astype(np.float32))
    return AnnData(
        counts,
        obsm={"spatial": rng.uniform(0, 100, (n, 2))},
        layers={"counts": counts},
        uns={"dataset": {"kind": kind}},
    )


def run(adata: AnnData, seed: int = 0, **params: Any) -> tuple[Fit, dict[int, np.ndarray]]:
    seen: dict[int, np.ndarray] = {}
    result = fit(adata, 3, seed, "cpu", PARAMS | params, seen.__setitem__)
    return checked(result, adata.n_obs), seen


def test_the_seed_decides() -> None:
    adata = tissue()
    one = run(adata)[0]
    torch.manual_seed(99)  # what others drew before does not matter
    np.random.seed(99)  # noqa: NPY002
    again, other = run(adata)[0], run(adata, 1)[0]
    assert one.embedding.dtype == np.float32
    assert one.embedding.shape == (80, 7)
    assert one.embedding.tobytes() == again.embedding.tobytes()
    assert one.adj_raw.data.tobytes() == again.adj_raw.data.tobytes()
    assert one.info == again.info
    assert not np.array_equal(one.embedding, other.embedding)


def test_observing_does_not_change_the_training() -> None:
    adata = tissue()

    def disturb(epoch: int, embedding: np.ndarray) -> None:
        torch.rand(7)
        np.random.random(7)  # noqa: NPY002
        embedding[:] = 0

    disturbed = fit(adata, 3, 0, "cpu", PARAMS, disturb).embedding
    seldom, seen = run(adata, record_every=3)
    often, seen_often = run(adata)
    assert sorted(seen) == [0, 3, 4]
    assert sorted(seen_often) == list(range(5))
    for embedding in (disturbed, seldom.embedding, seen_often[4]):
        assert np.array_equal(embedding, often.embedding)
    assert np.array_equal(seen[3], seen_often[3])


def test_recorded_epochs_are_the_candidates_and_then_the_chosen_one() -> None:
    adata = tissue(150)
    result, seen = run(adata, epochs=6, autoencoder_steps=6, lr=5e-3)
    links, _ = short_links(adata.obsm["spatial"], 3, 0.98)
    held_out = hold_out(links, 150, 0.1, np.random.default_rng(0))
    scores = [link_scores(seen[e], held_out.linked, held_out.unlinked) for e in range(6)]
    best = int(np.argmax([score.ap for score in scores]))
    assert result.info["chosen_iteration"] == best
    assert np.array_equal(result.embedding, seen[best])
    assert np.array_equal(result.embedding, seen[6])
    assert (result.info["edge_auroc"], result.info["edge_ap"]) == scores[best]
    assert (result.info["last_edge_auroc"], result.info["last_edge_ap"]) == scores[-1]
    assert result.info["held_out_links"] == len(links) // 10


def smooth_tissue() -> AnnData:
    """Expression that changes smoothly over the tissue."""
    adata = tissue(300, 30)
    x = adata.obsm["spatial"][:, :1] / 100
    rate = np.exp(2 * np.cos(2 * np.pi * (x * 2 + np.linspace(0, 1, 30))))
    adata.layers["counts"] = sp.csr_matrix(np.random.default_rng(0).poisson(rate), dtype=np.float32)
    return adata


def test_training_tells_links_that_were_held_out() -> None:
    info = run(smooth_tissue(), epochs=15, autoencoder_steps=20, lr=4e-3)[0].info
    assert info["mean_edge_auroc"] > 0.8
    assert info["edge_auroc"] > 0.7
    assert info["edge_ap"] > 0.7


def test_learned_graph() -> None:
    result, _ = run(tissue(), max_neighbors=4)
    graph = result.adj_raw
    assert graph.shape == (80, 80)
    assert (graph != graph.T).nnz == 0
    assert not graph.diagonal().any()
    assert graph.data.min() >= np.float32(result.info["threshold"])
    assert graph.data.max() <= 1
    assert graph.nnz == 2 * result.info["learned_links"] <= 2 * 4 * 80
    degree = np.asarray(graph.sum(axis=1)).ravel()
    scale = 1 / np.sqrt(np.where(degree > 0, degree, 1))
    by_hand = scale[:, None] * graph.toarray() * scale
    assert np.allclose(result.adj_normalized.toarray(), by_hand, atol=1e-6)


def test_the_graph_of_the_untrained_network(monkeypatch: pytest.MonkeyPatch) -> None:
    trained = {"epochs": 8, "autoencoder_steps": 20, "lr": 4e-3, "max_neighbors": 0}
    result, _ = run(smooth_tissue(), **trained)
    untrained, _ = run(smooth_tissue(), **trained | {"epochs": 1})  # it has no other candidate
    assert (result.adj_untrained != untrained.adj_raw).nnz == 0
    assert result.adj_untrained.nnz > result.adj_raw.nnz

    monkeypatch.setattr("methods.deeplinc.links._MOST_PAIRS", result.adj_raw.nnz)
    without, _ = run(smooth_tissue(), **trained)
    assert without.adj_untrained is None
    assert (without.adj_raw != result.adj_raw).nnz == 0


@pytest.mark.parametrize("top", [0, 1, 5, 39, 200])
def test_predicted_graph_against_the_dense_one(top: int) -> None:
    points = np.random.default_rng(1).normal(0, 1, (40, 6)).astype(np.float32)
    logits = points.astype(np.float64) @ points.T.astype(np.float64)
    np.fill_diagonal(logits, -np.inf)
    probability = 1 / (1 + np.exp(-logits))
    rank = np.argsort(np.argsort(-logits, axis=1), axis=1)
    kept = (probability > 0.6) & (rank < (top or 40))
    dense = np.where(kept | kept.T, probability, 0)
    assert np.allclose(predicted_graph(points, 0.6, top).toarray(), dense, atol=1e-6)


def test_one_block_or_many_predict_the_same_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(1).normal(0, 1, (50, 6)).astype(np.float32)
    whole = predicted_graph(points, 0.7, 5)
    monkeypatch.setattr("methods.deeplinc.links._BLOCK_VALUES", 7 * 50)
    parts = predicted_graph(points, 0.7, 5)
    assert np.array_equal(whole.indices, parts.indices)
    assert np.allclose(whole.data, parts.data, atol=1e-6)


def test_graphs_of_too_many_links_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.ones((40, 3), np.float32)
    assert predicted_graph(points, 0.6).nnz == 40 * 39
    monkeypatch.setattr("methods.deeplinc.links._MOST_PAIRS", 1000)
    with pytest.raises(NotApplicableError, match="more than 1000 of the 1600 pairs of cells; set"):
        predicted_graph(points, 0.6)
    assert predicted_graph(points, 0.6, 5).nnz <= 2 * 40 * 5


def test_one_block_of_pairs_or_many_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(1).normal(0, 1, (50, 7)).astype(np.float32)
    whole = random_pair_scores(points, 0)
    monkeypatch.setattr("methods.deeplinc.links._BLOCK_VALUES", 7 * 11)
    assert whole.tobytes() == random_pair_scores(points, 0).tobytes()


def test_losses_that_are_not_computed_do_not_change_the_training() -> None:
    links, _ = short_links(np.random.default_rng(4).uniform(0, 1, (50, 2)), 3, 0.98)
    features = np.random.default_rng(5).normal(size=(50, 12)).astype(np.float32)
    trained = []
    for every_loss in (True, False):
        generator = torch.Generator().manual_seed(0)
        model = DeepLinc(Settings(**PARAMS), features, links, generator)

        def draw(generator: torch.Generator = generator) -> torch.Tensor:
            return torch.randn(50, model.settings.code_dim, generator=generator)

        losses = train_iteration(model, Optimizers(model), draw, draw(), every_loss=every_loss)
        trained.append((*model.state_dict().values(), losses[0][-1], *losses[1:]))
        assert losses[0][:-1, 0].isfinite().all() == every_loss
    assert all(torch.equal(*both) for both in zip(*trained, strict=True))


def test_adam_by_hand() -> None:
    weight = torch.nn.Parameter(torch.tensor([1.0, 1.0]))
    optimizer = TensorFlowAdam([weight], 0.1)
    m, v, by_hand = np.zeros(2), np.zeros(2), np.ones(2)
    for step in range(1, 6):
        gradient = np.array([1e-7, 3e-8]) * step
        weight.grad = torch.tensor(gradient, dtype=torch.float32)
        optimizer.step()
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        rate = 0.1 * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        by_hand -= rate * m / (np.sqrt(v) + 1e-8)
    assert np.allclose(weight.detach(), by_hand, atol=1e-6)


def test_short_links_by_hand() -> None:
    """Cells at 0, 1, 3, 7 in a row: 0-1 and 1-2 are near; the longest distance, 4, is cut off."""
    coords = np.array([[0.0, 0], [1, 0], [3, 0], [7, 0]])
    links, cutoff = short_links(coords, 1, 0.98)
    assert links.tolist() == [[0, 1], [1, 2]]
    assert cutoff == pytest.approx(np.quantile([1, 1, 2, 4], 0.98))
    assert short_links(coords, 1, 4.0)[0].tolist() == [[0, 1], [1, 2]], "strictly shorter"
    assert short_links(coords, 1, 4.5)[0].tolist() == [[0, 1], [1, 2], [2, 3]]


def test_ties_are_all_neighbors() -> None:
    cross = np.array([[0.0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]])
    cells, others, distances = tied_neighbors(cross, 1)
    assert others[cells == 0].tolist() == [1, 2, 3, 4]
    assert np.array_equal(distances, np.ones(8))
    same_place = np.zeros((4, 2))
    assert len(tied_neighbors(same_place, 2)[0]) == 12
    assert len(tied_neighbors(cross, 9)[0]) == 20


@given(st.integers(20, 60), st.integers(1, 4), st.floats(0.1, 0.5), st.integers(0, 9))
def test_held_out_links(n: int, k: int, share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    links, _ = short_links(rng.integers(0, 12, (n, 2)).astype(float), k, 1e6)
    held_out = hold_out(links, n, share, rng)
    assert len(held_out.linked) == len(held_out.unlinked) == int(share * len(links))
    parts = np.concatenate([held_out.train, held_out.linked])
    assert sorted(parts.tolist()) == links.tolist()
    unlinked = {frozenset(pair) for pair in held_out.unlinked.tolist()}
    assert len(unlinked) == len(held_out.unlinked)
    assert all(len(pair) == 2 for pair in unlinked)
    assert not unlinked & {frozenset(pair) for pair in links.tolist()}


def test_link_scores_by_hand() -> None:
    embedding = np.array([[1.0, 0], [2, 0], [0, 1], [-3, 0]], dtype=np.float32)
    linked, unlinked = np.array([[0, 1], [2, 3]]), np.array([[0, 3], [1, 2]])
    auroc, ap = link_scores(embedding, linked, unlinked)  # logits 2, 0 against -3, 0
    assert auroc == pytest.approx(3.5 / 4)
    assert ap == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    # The probabilities are .88, .5 and .05, .5: the first threshold with most pairs right.
    assert best_threshold(embedding, linked, unlinked) == pytest.approx(0.05)


def test_scores_do_not_saturate() -> None:
    embedding = np.array([[30.0], [30], [31], [-1]], dtype=np.float32)
    assert link_scores(embedding, np.array([[0, 2]]), np.array([[0, 1]])).auroc == 1


def test_cells_without_links_stay_without() -> None:
    graph = normalized(adjacency(np.array([[0, 1]]), 3))
    assert np.array_equal(graph.toarray(), [[0, 1, 0], [1, 0, 0], [0, 0, 0]])


def test_input_is_scaled_over_cells_then_over_genes() -> None:
    adata, s = tissue(), Settings(**PARAMS)
    counts = adata.layers["counts"].toarray().astype(np.float64)
    logs = np.log(counts + 1)
    genes = (logs - logs.mean(axis=0)) / logs.std(axis=0)
    cells = (genes - genes.mean(axis=1, keepdims=True)) / genes.std(axis=1, keepdims=True)
    values = network_input(adata, s)
    assert values.dtype == np.float32
    assert np.allclose(values, cells, atol=1e-6)
    assert np.array_equal(network_input(tissue(kind="intensities"), s), values)
    features = network_input(tissue(kind="features"), s)
    assert np.allclose(features.mean(axis=1), 0, atol=1e-6)
    assert not np.allclose(features, values, atol=0.1)
    as_they_are = network_input(adata, Settings(**PARAMS | {"log_offset": 0.0}))
    assert np.array_equal(as_they_are, counts)


def test_constant_genes_and_cells_without_counts() -> None:
    adata = tissue()
    counts = adata.layers["counts"].toarray()
    counts[:, :3], counts[:4] = 0, 0
    adata.layers["counts"] = sp.csr_matrix(counts)
    assert np.isfinite(network_input(adata, Settings(**PARAMS))).all()
    assert np.isfinite(run(adata)[0].embedding).all()


def test_rare_genes_are_dropped_from_counts_only() -> None:
    adata = tissue()
    counts = adata.layers["counts"].toarray()
    counts[:, 0] = np.eye(80)[0]
    adata.layers["counts"] = sp.csr_matrix(counts)
    s = Settings(**PARAMS | {"min_cells": 2})
    assert network_input(adata, s).shape == (80, 19)
    adata.uns["dataset"]["kind"] = "intensities"
    assert network_input(adata, s).shape == (80, 20)
    with pytest.raises(InputError, match="0 genes are detected in 81 cells"):
        run(tissue(), min_cells=81)


def test_intensities_without_a_logarithm_are_refused() -> None:
    adata = tissue(kind="intensities")
    adata.layers["counts"][0, 0] = -1.5
    with pytest.raises(InputError, match=r"a value is -1.5 and has no ln\(x \+ 1\)"):
        run(adata)


@pytest.mark.parametrize("kind", ["intensities", "features"])
def test_kinds(kind: str) -> None:
    adata = tissue(kind=kind)
    assert run(adata)[0].embedding.shape == (80, 7)
    adata.layers["counts"] = adata.layers["counts"].toarray()
    assert run(adata)[0].info["genes"] == 20


def test_tiny_tissues() -> None:
    assert np.isfinite(run(tissue(12, 2))[0].embedding).all()
    with pytest.raises(NotApplicableError, match=r"holds out 0.1 of the links, this graph has 5"):
        run(tissue(4, 3))
    with pytest.raises(NotApplicableError, match="not linked, this graph has 0"):
        run(tissue(5, 3), n_neighbors=4, distance_cutoff=1000.0)


def test_a_lattice_needs_a_distance() -> None:
    adata = tissue(81)
    adata.obsm["spatial"] = np.stack(np.divmod(np.arange(81.0), 9), axis=1)
    with pytest.raises(NotApplicableError, match="on a lattice, give distance_cutoff as a dist"):
        run(adata)
    assert run(adata, distance_cutoff=1.2)[0].info["links"] == 2 * 9 * 8


def test_coincident_cells() -> None:
    adata = tissue()
    adata.obsm["spatial"][60:] = adata.obsm["spatial"][:20]
    assert np.isfinite(run(adata)[0].embedding).all()


def test_broken_numbers_are_reported() -> None:
    adata = tissue()
    adata.layers["counts"] = adata.layers["counts"] * 1e6
    with pytest.raises(FloatingPointError, match="not finite"):
        run(adata, log_offset=0.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"generator_steps": 0}, "generator_steps is 0"),
        ({"lr": float("nan")}, "lr is nan"),
        ({"log_offset": -1.0}, "log_offset is -1.0"),
        ({"test_share": 1.0}, "test_share is 1.0"),
        ({"distance_cutoff": 0.0}, "distance_cutoff is 0.0"),
    ],
)
def test_unusable_parameters_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"deeplinc: {message}"):
        run(tissue(), **change)
