"""SpatialFusion as a method of the benchmark: its input, its graphs, its result."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from anndata import AnnData
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from methods.spatialfusion.dropout import dropout
from methods.spatialfusion.feature_neighbors import nearest_by_correlation
from methods.spatialfusion.model import Settings, build_graphs, components_of_product, fit
from methods.spatialfusion.preprocessing import scaled_expression
from stbench.common.errors import InputError, NotApplicableError
from stbench.fitting.interface import Fit
from stbench.nn.sparse import SparseMatrix

PARAMS: dict[str, Any] = {
    "epochs": 3,
    "lr": 1e-3,
    "n_genes": 3000,
    "target_sum": 1e4,
    "max_value": 10.0,
    "n_spatial_neighbors": 3,
    "n_feature_neighbors": 20,
    "transposed_feature_graph": True,
    "n_hidden": 64,
    "n_heads": 4,
    "dropout": 0.1,
    "reconstruction_weight": 10.0,
    "contrastive_weight": 1.0,
    "n_components": 20,
    "record_every": 1,
}


def tissue(n: int = 60, genes: int = 40, kind: str = "counts") -> AnnData:
    rng = np.random.default_rng(5)
    counts = rng.poisson(0.3 + rng.gamma(1.0, 2.0, genes), (n, genes)).astype(np.float32)
    values = counts - 1.5 if kind == "features" else counts
    adata = AnnData(np.zeros_like(counts), uns={"dataset": {"kind": kind}})
    adata.layers["counts"] = values if kind == "features" else sp.csr_matrix(values)
    adata.obsm["spatial"] = rng.uniform(0, 100, (n, 2))
    return adata


def run(adata: AnnData, seed: int = 0, **changes: Any) -> tuple[Fit, dict[int, np.ndarray]]:
    seen: dict[int, np.ndarray] = {}
    result = fit(adata, 3, seed, "cpu", PARAMS | changes, seen.__setitem__)
    return result, seen


def test_the_result_is_what_was_recorded_last() -> None:
    result, seen = run(tissue())
    assert sorted(seen) == [0, 1, 2, 3]
    assert result.embedding.shape == (60, 20)
    assert result.embedding.dtype == np.float32
    assert np.isfinite(result.embedding).all()
    assert np.array_equal(result.embedding, seen[3])
    assert not np.array_equal(seen[0], seen[1])


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    adata = tissue()
    first, torch_state = run(adata)[0].embedding, torch.get_rng_state()
    torch.manual_seed(99)  # the global stream plays no part
    again = run(adata)[0].embedding
    assert first.tobytes() == again.tobytes()
    assert not np.allclose(first, run(adata, seed=1)[0].embedding, atol=1e-2)
    torch.set_rng_state(torch_state)


def test_observing_does_not_change_the_training() -> None:
    adata = tissue()

    def disturb(epoch: int, embedding: np.ndarray) -> None:
        torch.rand(7)
        np.random.random(7)  # noqa: NPY002
        embedding[:] = 0

    seldom, seen = run(adata, record_every=2)
    assert sorted(seen) == [0, 2, 3]
    often = run(adata)[1][3]
    assert np.array_equal(seldom.embedding, often)
    copies: list[np.ndarray] = []
    fit(adata, 3, 0, "cpu", PARAMS, lambda e, z: (copies.append(z.copy()), disturb(e, z))[0])
    assert np.array_equal(copies[-1], often)


def test_training_lowers_the_loss() -> None:
    adata = tissue()
    losses = [run(adata, epochs=epochs)[0].info["loss"] for epochs in (1, 60)]
    assert losses[1] < 0.9 * losses[0]


@pytest.mark.parametrize(("n", "genes"), [(30, 12), (30, 4), (5, 40), (2, 2)])
def test_tiny_tissues(n: int, genes: int) -> None:
    result = run(tissue(n, genes), epochs=1)[0]
    assert result.embedding.shape == (n, min(20, n - 1, genes - 1))
    assert np.isfinite(result.embedding).all()


def test_cells_without_counts_and_genes_without_counts() -> None:
    adata = tissue()
    counts = adata.layers["counts"].toarray()
    counts[:4], counts[:, :3] = 0, 0
    adata.layers["counts"] = sp.csr_matrix(counts)
    assert np.isfinite(run(adata)[0].embedding).all()


def test_input_is_logged_scaled_and_clipped() -> None:
    adata = tissue()
    counts = adata.layers["counts"].toarray()
    logged = np.log1p(counts / counts.sum(axis=1, keepdims=True) * 1e4)
    expected = np.minimum(logged / logged.std(axis=0, ddof=1), 2.0)
    ours = scaled_expression(adata, PARAMS | {"max_value": 2.0})
    assert ours.dtype == np.float32
    assert np.allclose(ours, expected, rtol=1e-5)


def test_variable_genes_are_chosen_before_and_totals_are_over_all() -> None:
    adata = tissue(200, 60)
    rng = np.random.default_rng(1)
    counts = adata.layers["counts"].toarray()
    counts[:, 7] = 10 * (rng.random(200) < 0.2)  # ordinary mean, extraordinary variance
    adata.layers["counts"] = sp.csr_matrix(counts)
    everything = scaled_expression(adata, PARAMS)
    chosen = scaled_expression(adata, PARAMS | {"n_genes": 10})
    assert chosen.shape == (200, 10)
    places = [np.flatnonzero((everything == gene[:, None]).all(0))[0] for gene in chosen.T]
    assert 7 in places
    assert places == sorted(places)


def test_intensities_are_logged_and_features_left_alone() -> None:
    intensities = tissue(kind="intensities")
    assert np.array_equal(
        scaled_expression(intensities, PARAMS), scaled_expression(tissue(), PARAMS)
    )
    features = tissue(kind="features")
    assert np.array_equal(scaled_expression(features, PARAMS), features.layers["counts"])
    assert run(features)[0].embedding.shape == (60, 20)


def test_choosing_genes_without_counts_is_not_applicable() -> None:
    with pytest.raises(NotApplicableError, match=r"chooses 10 of 40 genes .* holds intensities"):
        run(tissue(kind="intensities"), n_genes=10)


def test_genes_that_cannot_be_chosen_are_one_line() -> None:
    adata = tissue()
    counts = np.zeros((60, 40), np.float32)
    counts[0] = 1  # every gene is seen once: one mean, one variance
    adata.layers["counts"] = sp.csr_matrix(counts)
    with pytest.raises(InputError, match="seurat_v3 cannot choose 10 of 40 genes"):
        run(adata, n_genes=10)


def test_a_broken_loss_is_reported() -> None:
    adata = tissue(kind="features")
    adata.layers["counts"][3, 3] = 1e30
    with pytest.raises(FloatingPointError, match="epoch 1"):
        run(adata)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"n_heads": 5}, "multiple of n_heads"),
    ],
)
def test_unusable_parameters_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run(tissue(), **change)


def test_graphs_by_hand() -> None:
    """Four cells in a row at 0, 1, 3, 7; one neighbor each; cell 3 is listed by nobody."""
    coords = np.array([[0.0, 0], [1, 0], [3, 0], [7, 0]])
    features = np.array([[1.0, 2, 3], [1, 2, 3.1], [3, 2, 1], [1, 2, 2.9]])
    s = Settings(**PARAMS | {"n_spatial_neighbors": 1, "n_feature_neighbors": 1})
    graphs = build_graphs(features, coords, s)
    half = 1 / np.sqrt(2)
    spatial = [[1, half, 0, 0], [half, 1, 0.5, 0], [0, 0.5, 1, half], [0, 0, half, 1]]
    assert np.allclose(graphs.spatial.toarray(), spatial)
    neighborhood = [[1, 1, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]
    assert np.allclose(graphs.neighborhood.toarray(), np.array(neighborhood) / 2)
    listed = np.zeros((4, 4))  # row: the cell that lists
    distance = cdist(features, features, "correlation") + np.diag([np.inf] * 4)
    listed[np.arange(4), distance.argmin(axis=1)] = 1
    assert not np.array_equal(listed, listed.T)
    assert np.array_equal(graphs.feature.toarray(), listed.T + np.eye(4))
    straight = build_graphs(features, coords, replace(s, transposed_feature_graph=False))
    assert np.array_equal(straight.feature.toarray(), listed + np.eye(4))


@given(st.integers(2, 40), st.integers(1, 6), st.integers(1, 45), st.integers(0, 9))
def test_nearest_by_correlation(n: int, width: int, k: int, seed: int) -> None:
    # Small integers: equal correlations, copies of cells and constant cells are common.
    features = np.random.default_rng(seed).integers(0, 3, (n, width)).astype(np.float32)
    distance = np.round(np.nan_to_num(cdist(features, features, "correlation"), nan=1.0), 9)
    np.fill_diagonal(distance, np.inf)
    k_given = min(k, n - 1)
    expected = np.argsort(distance, axis=1, kind="stable")[:, :k_given]
    assert np.array_equal(nearest_by_correlation(features, k), expected)


def test_blocks_of_rows_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    features = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
    features[10:20] = features[:10]
    whole = nearest_by_correlation(features, 5)
    monkeypatch.setattr("methods.spatialfusion.feature_neighbors._VALUES_AT_ONCE", 150)
    assert np.array_equal(nearest_by_correlation(features, 5), whole)


def test_sparse_product_and_its_gradient() -> None:
    matrix = sp.random_array((6, 9), density=0.3, rng=np.random.default_rng(0)).tocsr()
    features = torch.randn(9, 4, requires_grad=True, generator=torch.Generator().manual_seed(0))
    product = SparseMatrix(matrix) @ features
    assert np.allclose(product.detach(), matrix @ features.detach().numpy(), atol=1e-6)
    weights = torch.arange(24.0).view(6, 4)
    (product * weights).sum().backward()
    assert np.allclose(features.grad, matrix.T @ weights.numpy(), atol=1e-5)


def test_dropout_keeps_its_share_and_the_mean() -> None:
    ones = torch.ones(301, 333)
    dropped = dropout(ones, 0.1, torch.Generator().manual_seed(0))
    assert abs((dropped == 0).float().mean().item() - 0.1) < 0.005
    assert torch.allclose(dropped[dropped > 0], torch.tensor(1 / 0.9))
    assert dropout(ones, 0.1, None) is ones


@pytest.mark.parametrize(("n", "width", "genes"), [(50, 8, 30), (12, 8, 5), (6, 16, 40)])
def test_components_without_forming_the_product(n: int, width: int, genes: int) -> None:
    from sklearn.decomposition import PCA

    rng = np.random.default_rng(3)
    code, decoder = rng.normal(size=(n, width)), rng.normal(size=(width, genes))
    ours = components_of_product(code, decoder, 4)
    theirs = PCA(4, svd_solver="full", random_state=42).fit_transform(code @ decoder)
    assert ours.dtype == np.float32
    assert np.allclose(ours, theirs, atol=1e-4)
