"""SEDR: input, graph, sampled pairs, masks, the two stages, repeatability."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scanpy as sc
import scipy.sparse as sp
import torch
from anndata import AnnData
from hypothesis import given
from hypothesis import strategies as st

from methods.sedr.graph import draw_positions, labeled_pairs, spatial_graph
from methods.sedr.model import Settings, draw, fit, sharpened
from methods.sedr.preprocessing import scaled_components
from stbench.common.errors import InputError, NotApplicableError
from stbench.fitting.interface import Fit

PARAMS: dict[str, Any] = {
    "epochs": 3,
    "dec_epochs": 3,
    "lr": 1e-2,
    "weight_decay": 1e-2,
    "min_cells": 0,
    "min_counts": 0.0,
    "target_sum": 1e6,
    "n_genes": 2000,
    "n_components": 200,
    "n_neighbors": 6,
    "feat_hidden1": 16,
    "feat_hidden2": 5,
    "gcn_hidden1": 12,
    "gcn_hidden2": 4,
    "dropout": 0.2,
    "bn_momentum": 0.01,
    "bn_eps": 1e-3,
    "mask_rate": 0.8,
    "masked_evaluation": True,
    "rec_weight": 10.0,
    "gcn_weight": 0.1,
    "self_weight": 1.0,
    "dec_kl_weight": 1.0,
    "dec_clusters": 10,
    "dec_interval": 2,
    "record_every": 1,
}


def tissue(n: int = 60, genes: int = 20, kind: str = "counts", seed: int = 0) -> AnnData:
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
    return result, seen


def test_the_seed_decides() -> None:
    adata = tissue()
    one = run(adata)[0].embedding
    torch.manual_seed(99)  # what others drew before does not matter
    again, other = run(adata)[0].embedding, run(adata, 1)[0].embedding
    assert one.dtype == np.float32
    assert one.shape == (60, 9)
    assert one.tobytes() == again.tobytes()
    assert not np.array_equal(one, other)


def test_observing_does_not_change_the_training() -> None:
    adata = tissue()

    def disturb(epoch: int, embedding: np.ndarray) -> None:
        torch.rand(7)
        np.random.random(7)  # noqa: NPY002
        embedding[:] = 0

    disturbed = fit(adata, 3, 0, "cpu", PARAMS, disturb).embedding
    seldom, seen = run(adata, record_every=4)
    often, seen_often = run(adata)
    assert sorted(seen) == [0, 4, 6]
    assert sorted(seen_often) == list(range(7)), "the stages' epochs count on"
    for embedding in (disturbed, seldom.embedding, seen_often[6]):
        assert np.array_equal(embedding, often.embedding)
    assert np.array_equal(seen[4], seen_often[4])


def test_the_first_stage_alone() -> None:
    adata = tissue()
    alone, seen = run(adata, dec_epochs=0)
    both = run(adata)[1]
    assert sorted(seen) == [0, 1, 2, 3]
    assert alone.info["clustering_stage"] is False
    for epoch in (0, 1, 2):
        assert np.array_equal(seen[epoch], both[epoch])


def test_masks_are_active_in_evaluation_unless_switched_off() -> None:
    adata = tissue()
    masked, unmasked = run(adata)[1], run(adata, masked_evaluation=False)[1]
    assert np.array_equal(masked[0], unmasked[0]), "the token is zero before training"
    assert not np.array_equal(masked[2], unmasked[2])
    # Training itself is the same until the centers are taken from an evaluation pass.
    token_free = run(adata, mask_rate=0.01, epochs=1, dec_epochs=0)[0].embedding
    assert np.isfinite(token_free).all()


def test_draws() -> None:
    s, generator = Settings(**PARAMS), torch.Generator().manual_seed(0)
    draws = draw(1001, s, generator)
    assert int(draws.masked.sum()) == 800
    assert draws.kept is not None
    assert [tuple(part.shape) for part in draws.kept] == [(1001, w) for w in (16, 5, 5, 12, 12, 9)]
    assert np.mean([part.mean() for part in draws.kept]) == pytest.approx(0.8, abs=0.01)
    assert draws.noise.std() == pytest.approx(1, abs=0.05)


def test_training_lowers_the_loss() -> None:
    adata = tissue()
    losses = [run(adata, epochs=epochs, dec_epochs=0)[0].info["loss"] for epochs in (1, 80)]
    assert losses[1] < 0.9 * losses[0]


def test_tiny_tissue() -> None:
    assert np.isfinite(run(tissue(30, 4))[0].embedding).all()
    assert np.isfinite(run(tissue(30, 4), n_neighbors=12)[0].embedding).all()
    small = tissue(8, 2)
    with pytest.raises(NotApplicableError, match="at least 10 cells, this dataset has 8"):
        run(small, n_neighbors=2)
    assert run(small, n_neighbors=2, dec_epochs=0)[0].embedding.shape == (8, 9)
    with pytest.raises(NotApplicableError, match="each of the 8 cells is among the neighbors"):
        run(small, n_neighbors=7)


def test_coincident_cells_and_cells_without_counts() -> None:
    adata = tissue()
    adata.obsm["spatial"][30:] = adata.obsm["spatial"][:30]
    counts = adata.layers["counts"].toarray()
    counts[:4], counts[:, :3] = 0, 0
    adata.layers["counts"] = sp.csr_matrix(counts)
    assert np.isfinite(run(adata)[0].embedding).all()


def test_input_by_hand() -> None:
    adata = tissue(80, 12)
    counts = adata.layers["counts"].toarray()
    counts[:, 3] = 0
    counts[:2, 3] = 50  # seen often enough, in too few cells
    counts[:, 4] = 0
    counts[:9, 4] = 1  # seen in enough cells, too seldom
    adata.layers["counts"] = sp.csr_matrix(counts)
    ours = scaled_components(adata, PARAMS | {"min_cells": 5, "min_counts": 10})
    kept = counts[:, [0, 1, 2, *range(5, 12)]]
    scaled = kept / kept.sum(axis=1, keepdims=True) * 1e6
    scores = (scaled - scaled.mean(axis=0)) / scaled.std(axis=0, ddof=1)
    assert ours.shape == (80, 9)
    u, d, _ = np.linalg.svd(scores, full_matrices=False)
    assert np.allclose(np.abs(ours), np.abs(u * d)[:, :9], atol=1e-3)


def test_variable_genes_are_chosen_before_and_totals_are_over_all() -> None:
    adata = tissue(200, 60)
    counts = adata.layers["counts"].toarray()
    marks = sc.pp.highly_variable_genes(
        AnnData(adata.layers["counts"]), flavor="seurat_v3", n_top_genes=5, inplace=False
    )
    chosen = marks["highly_variable"].to_numpy()
    shares = (counts / counts.sum(axis=1, keepdims=True))[:, chosen]
    scores = (shares - shares.mean(axis=0)) / shares.std(axis=0, ddof=1)
    variances = np.linalg.svd(scores, compute_uv=False)[:4] ** 2 / 199
    ours = scaled_components(adata, PARAMS | {"n_genes": 5})
    assert np.allclose(ours.var(axis=0, ddof=1), variances, rtol=1e-4)
    assert scaled_components(adata, PARAMS | {"n_genes": 0}).shape == (200, 59)


def test_a_filter_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="0 genes are detected in 61 cells"):
        run(tissue(), min_cells=61)


def test_intensities_are_scaled_unfiltered_and_features_left_alone() -> None:
    strict = PARAMS | {"min_cells": 61}
    assert np.array_equal(
        scaled_components(tissue(kind="intensities"), strict), scaled_components(tissue(), PARAMS)
    )
    features = tissue(kind="features")
    assert np.array_equal(scaled_components(features, strict), features.layers["counts"].toarray())
    assert run(features)[0].embedding.shape == (60, 9)
    with pytest.raises(NotApplicableError, match="chooses 10 of 20 genes"):
        run(tissue(kind="intensities"), n_genes=10)


def test_a_broken_loss_is_reported() -> None:
    adata = tissue(kind="features")
    adata.layers["counts"][3, 3] = 1e30
    with pytest.raises(FloatingPointError, match="epoch 1"):
        run(adata)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"dec_epochs": -1}, "dec_epochs is -1"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"mask_rate": 0.0}, "mask_rate is 0.0"),
    ],
)
def test_unusable_parameters_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run(tissue(), **change)


def test_graph_by_hand() -> None:
    """Cells at 0, 1, 3, 7 in a row, one neighbor each: a path, with loops."""
    graph = spatial_graph(np.array([[0.0, 0], [1, 0], [3, 0], [7, 0]]), 1)
    links = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1], [0, 0, 1, 1]])
    scale = 1 / np.sqrt(links.sum(axis=1))
    assert np.array_equal(graph.links.toarray(), links)
    assert np.allclose(graph.adjacency.toarray(), scale[:, None] * links * scale)
    assert graph.norm == 16 / (2 * (16 - 10))


@given(st.integers(10, 40), st.integers(1, 5), st.integers(0, 9))
def test_sampled_pairs(n: int, k: int, seed: int) -> None:
    links = spatial_graph(np.random.default_rng(seed).uniform(0, 1, (n, 2)), k).links
    drawn = draw_positions(links, torch.Generator().manual_seed(seed))
    counts = np.diff(links.indptr)
    assert np.array_equal(np.bincount(drawn[0], minlength=n), np.minimum(counts, n - counts))
    assert (drawn[1] < n - counts[drawn[0]]).all()
    pairs = labeled_pairs(links, drawn)
    rows, columns, linked = (part.numpy() for part in pairs)
    assert np.array_equal(linked, links.toarray()[rows, columns])
    keys = rows * n + columns
    assert (np.diff(keys) > 0).all(), "sorted, each pair once"
    assert linked.sum() == links.nnz
    others = set(map(tuple, drawn.T.tolist())) - set(zip(*map(list, links.nonzero()), strict=True))
    assert len(keys) == links.nnz + len(others)


def test_the_target_of_the_clusters_is_sharper_and_balanced() -> None:
    q = torch.tensor([[0.6, 0.4], [0.7, 0.3]])
    p = sharpened(q)
    assert torch.allclose(p.sum(dim=1), torch.ones(2))
    by_hand = np.array([0.36 / 1.3, 0.16 / 0.7])
    assert np.allclose(p[0], by_hand / by_hand.sum())
