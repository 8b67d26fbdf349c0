"""SiGra's gene branch: input, graph, attention, repeatability."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from anndata import AnnData
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from methods.sigra.model import Settings, fit, log_expression
from methods.sigra.transformer_conv import TransformerConv, edge_dot, neighbor_softmax
from stbench.common.errors import InputError, NotApplicableError
from stbench.fitting.interface import Fit
from stbench.graphs.radius import radius_for, radius_pairs
from stbench.nn.gcn import EdgePattern

PARAMS: dict[str, Any] = {
    "epochs": 3,
    "lr": 1e-3,
    "weight_decay": 1e-4,
    "gradient_clipping": 5.0,
    "hidden_dim": 16,
    "code_dim": 6,
    "min_cells": 0,
    "excluded_prefixes": [],
    "n_genes": 3000,
    "target_sum": 1e4,
    "radius": 0.0,
    "n_neighbors": 6.0,
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
    one, again, other = (run(adata, seed)[0].embedding for seed in (0, 0, 1))
    assert one.dtype == np.float32
    assert one.shape == (60, 6)
    assert one.tobytes() == again.tobytes()
    assert not np.array_equal(one, other)


def test_observing_does_not_change_the_training() -> None:
    adata = tissue()

    def disturb(epoch: int, embedding: np.ndarray) -> None:
        torch.rand(7)
        embedding[:] = 0

    disturbed = fit(adata, 3, 0, "cpu", PARAMS, disturb).embedding
    seldom, seen = run(adata, record_every=2)
    assert sorted(seen) == [0, 2, 3]
    often, seen_often = run(adata)
    assert sorted(seen_often) == [0, 1, 2, 3]
    for embedding in (disturbed, seldom.embedding, seen_often[3]):
        assert np.array_equal(embedding, often.embedding)
    assert np.array_equal(seen[2], seen_often[2])


def test_an_epoch_is_recorded_after_its_step() -> None:
    adata = tissue()
    shorter = run(adata, epochs=2)[0].embedding
    assert np.array_equal(run(adata)[1][2], shorter)
    assert not np.array_equal(run(adata)[1][0], run(adata)[1][1])


def test_training_lowers_the_loss() -> None:
    adata = tissue()
    losses = [run(adata, epochs=epochs)[0].info["loss"] for epochs in (1, 60)]
    assert losses[1] < 0.8 * losses[0]


def test_tiny_tissue() -> None:
    assert np.isfinite(run(tissue(30, 4))[0].embedding).all()
    assert run(tissue(2, 2), n_neighbors=1.0)[0].embedding.shape == (2, 6)


def test_variable_genes_come_after_totals_and_filters_before() -> None:
    rng = np.random.default_rng(0)
    counts = rng.poisson(rng.uniform(0.5, 8, 60), (200, 60)).astype(np.float32)
    counts[:, 5] = 0
    counts[:2, 5] = 1  # seen in two cells only
    names = [f"g{i}" for i in range(58)] + ["MT-CO1", "ERCC-00002"]
    adata = AnnData(
        sp.csr_matrix(counts),
        var=pd.DataFrame(index=names),
        layers={"counts": sp.csr_matrix(counts)},
        uns={"dataset": {"kind": "counts"}},
    )
    s = Settings(**PARAMS | {"min_cells": 3, "excluded_prefixes": ["ERCC", "MT-"], "n_genes": 10})
    ours = log_expression(adata, s)
    kept = np.r_[0:5, 6:58]
    expected = np.log1p(counts[:, kept] / counts[:, kept].sum(axis=1, keepdims=True) * 1e4)
    assert ours.shape == (200, 10)
    for column in ours.T:
        assert np.isclose(column[:, None], expected, rtol=1e-5).all(axis=0).sum() == 1


def test_a_filter_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="0 genes are detected in 61 cells"):
        run(tissue(), min_cells=61)


def test_intensities_are_logged_and_features_left_alone() -> None:
    s = Settings(**PARAMS)
    assert np.array_equal(
        log_expression(tissue(kind="intensities"), s), log_expression(tissue(), s)
    )
    features = tissue(kind="features")
    assert np.array_equal(log_expression(features, s), features.layers["counts"].toarray())
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
        ({"radius": -1.0}, "radius is -1.0"),
        ({"radius": 1e-9}, "no two cells are within radius"),
    ],
)
def test_unusable_parameters_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run(tissue(), **change)


@pytest.mark.parametrize("shared", [2, 7, 40])
def test_the_radius_links_cells_even_where_many_share_places(shared: int) -> None:
    places = np.random.default_rng(0).uniform(0, 100, (20, 2))
    coords = np.repeat(places, shared, axis=0)
    for wanted in (0.5, 6):
        assert len(radius_pairs(coords, radius_for(coords, wanted))) > 0


def test_the_radius_is_inclusive_and_coincident_cells_are_not_linked() -> None:
    coords = np.array([[0.0, 0], [3, 4], [0, 0], [0, 5.1]])
    assert radius_pairs(coords, 5.0).tolist() == [[0, 1], [1, 2], [1, 3]]
    assert radius_pairs(coords, 4.9).tolist() == [[1, 3]]


@given(st.integers(2, 60), st.floats(0.5, 12), st.integers(0, 9))
def test_radius_for_a_mean(n: int, wanted: float, seed: int) -> None:
    coords = np.random.default_rng(seed).uniform(0, 1, (n, 2))
    coords[n // 2 :: 3] = coords[0]
    distances = cdist(coords, coords)
    radius = radius_for(coords, wanted)

    def mean(radius: float) -> float:
        return ((distances > 0) & (distances <= radius)).sum() / n

    assert mean(radius / 1.011) <= wanted
    assert mean(radius * 1.011) >= min(wanted, (distances > 0).sum() / n)


def test_a_lattice_gets_whole_rings() -> None:
    column, row = np.meshgrid(np.arange(30), np.arange(30))
    hexagonal = np.column_stack([column.ravel() + row.ravel() % 2 / 2, row.ravel() * np.sqrt(0.75)])
    assert 1 < radius_for(hexagonal, 6.0) < np.sqrt(3)
    pixels = np.rint(137 * hexagonal)  # as Visium's spots lie in the image
    pairs = radius_pairs(pixels, radius_for(pixels, 6.0))
    assert np.array_equal(pairs, radius_pairs(pixels, 150.0))


def test_no_radius_where_all_cells_coincide() -> None:
    assert radius_for(np.full((5, 2), 3.0), 6.0) == 0
    adata = tissue()
    adata.obsm["spatial"][:] = 1.0
    with pytest.raises(InputError, match="no two cells"):
        run(adata)


@pytest.fixture
def pattern() -> EdgePattern:
    # Cell 4 has no neighbor.
    return EdgePattern.from_pairs(np.array([[0, 1], [0, 2], [1, 2], [2, 3]]), 5)


def test_attention_by_hand(pattern: EdgePattern) -> None:
    torch.manual_seed(0)
    layer, x = TransformerConv(3, 4).double(), torch.randn(5, 3, dtype=torch.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = layer(x, pattern).detach()
    neighbors = [[1, 2], [0, 2], [0, 1, 3], [2], []]
    for cell, others in enumerate(neighbors):
        expected = layer.lin_skip(x[cell])
        if others:
            scores = layer.lin_key(x[others]) @ layer.lin_query(x[cell]) / 2.0
            expected = expected + scores.softmax(dim=0) @ layer.lin_value(x[others])
        assert torch.allclose(ours[cell], expected.detach())


def test_gradients_of_the_edge_functions(pattern: EdgePattern) -> None:
    torch.manual_seed(0)
    left, right = (torch.randn(5, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(lambda a, b: edge_dot(pattern, a, b), (left, right))
    scores = torch.randn(len(pattern.source), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a: neighbor_softmax(pattern, a), (scores,))


def test_large_scores_do_not_overflow(pattern: EdgePattern) -> None:
    scores = torch.linspace(-1e4, 1e4, len(pattern.source))
    weights = neighbor_softmax(pattern, scores)
    sums = torch.zeros(5).index_add(0, pattern.target, weights)
    assert torch.allclose(sums, torch.tensor([1.0, 1, 1, 1, 0]))
