"""SCAN-IT as a method: repeatable, observable, usable on any kind of data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from helpers.infomax_data import tissue
from methods.scanit.alpha_complex import alpha_graph
from methods.scanit.model import features_of, fit, run_seeds, spatially_variable
from stbench.common.errors import InputError

PARAMS = {
    "epochs": 6,
    "lr": 1e-2,
    "n_hidden": 8,
    "n_genes": 3000,
    "n_neighbors": 5,
    "n_layer": 1,
    "n_consensus": 1,
    "mds_components": 15,
    "mds_max_iter": 20,
    "mds_eps": 1e-6,
    "record_every": 1,
}


def ignore(epoch: int, embedding: np.ndarray) -> None:
    pass


def run(adata: Any, seed: int = 0, record: Callable = ignore, **params: Any) -> np.ndarray:
    return fit(adata, 2, seed, "cpu", {**PARAMS, **params}, record).embedding


@pytest.mark.parametrize("consensus", [1, 3])
def test_a_seed_repeats_and_another_differs(consensus: int) -> None:
    adata = tissue()
    first, again = (run(adata, 1, n_consensus=consensus) for _ in range(2))
    assert first.dtype == np.float32
    assert first.shape == (30, 8 if consensus == 1 else 15)
    assert first.tobytes() == again.tobytes()
    assert not np.allclose(first, run(adata, 2, n_consensus=consensus))


def test_records_are_thinned_and_change_nothing() -> None:
    seen: dict[int, np.ndarray] = {}
    result = run(tissue(), record=seen.__setitem__, record_every=4)
    assert list(seen) == [0, 4, 6]
    assert np.array_equal(seen[6], result)
    assert not np.allclose(seen[0], seen[4])
    assert np.array_equal(result, run(tissue(), record_every=1))


def test_a_consensus_lets_no_epochs_be_observed() -> None:
    seen: dict[int, np.ndarray] = {}
    run(tissue(), record=seen.__setitem__, n_consensus=2)
    assert seen == {}


def test_the_consensus_keeps_the_averaged_distances() -> None:
    from scipy.spatial.distance import pdist

    runs = [run(tissue(), seed) for seed in run_seeds(5, 3)]
    together = run(tissue(), 5, n_consensus=3, mds_max_iter=300)
    averaged = np.mean([pdist(embedding) for embedding in runs], axis=0)
    assert np.corrcoef(pdist(together), averaged)[0, 1] > 0.99


@pytest.mark.parametrize("kind", ["intensities", "features"])
def test_other_kinds_are_trained_on(kind: str) -> None:
    embedding = run(tissue(kind=kind))
    assert embedding.shape == (30, 8)
    assert np.isfinite(embedding).all()


def test_input_does_not_depend_on_depth() -> None:
    adata, pairs = tissue(), np.array([[0, 1]])
    expected = features_of(adata, pairs, 3000)
    np.testing.assert_allclose(expected.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(expected.std(axis=0, ddof=1), 1, rtol=1e-5)
    adata.layers["counts"] = sp.csr_matrix(adata.layers["counts"].toarray() * 3)
    # The target follows the depth, so values agree up to the logarithm's bend.
    deeper = features_of(adata, pairs, 3000)
    assert np.corrcoef(deeper.ravel(), expected.ravel())[0, 1] > 0.98


def test_constant_genes_and_empty_cells_do_no_harm() -> None:
    adata = tissue()
    counts = adata.layers["counts"].toarray()
    counts[:, 3] = 0
    counts[7] = 0
    adata.layers["counts"] = sp.csr_matrix(counts)
    features = features_of(adata, np.array([[0, 1]]), 3000)
    assert (features[:, 3] == 0).all()
    assert np.isfinite(run(adata)).all()


def test_genes_are_ranked_by_morans_i() -> None:
    generator = np.random.default_rng(0)
    n = 60
    pairs = np.column_stack([np.arange(n - 1), np.arange(1, n)])
    values = generator.normal(size=(n, 12)) + 5
    values[:, 4] = np.sin(np.arange(n) / 8)
    values[:, 9] = np.arange(n) / 30
    values[:, 2] = 1.0
    assert spatially_variable(sp.csr_matrix(values), pairs, 2).tolist() == [4, 9]
    dense = np.zeros((n, n))
    dense[pairs[:, 0], pairs[:, 1]] = dense[pairs[:, 1], pairs[:, 0]] = 1
    centered = np.delete(values, 2, axis=1)
    centered = centered - centered.mean(axis=0)
    moran = np.einsum("ig,ij,jg->g", centered, dense, centered) / np.square(centered).sum(axis=0)
    best = np.sort(np.delete(np.arange(12), 2)[np.argsort(-moran)[:6]])
    assert spatially_variable(sp.csr_matrix(values), pairs, 6).tolist() == best.tolist()


def test_genes_beyond_the_limit_are_left_out() -> None:
    assert features_of(tissue(), np.array([[0, 1], [1, 2]]), 7).shape == (30, 7)


def test_what_cannot_be_used_is_refused() -> None:
    with pytest.raises(InputError, match="n_consensus is 0"):
        run(tissue(), n_consensus=0)
    with pytest.raises(InputError, match="epochs is 0"):
        run(tissue(), epochs=0)
    with pytest.raises(InputError, match="n_neighbors is 0"):
        run(tissue(), n_neighbors=0)
    with pytest.raises(InputError, match="n_layer is 5"):
        run(tissue(), n_layer=5)


def test_cells_without_a_link_are_counted() -> None:
    adata = tissue()
    adata.obsm["spatial"][:4] = adata.obsm["spatial"][4:8]
    fitted = fit(adata, 2, 0, "cpu", PARAMS, ignore)
    linked = np.unique(alpha_graph(adata.obsm["spatial"], 5, 1))
    assert len(set(range(8)) & set(linked)) <= 4
    assert fitted.info is not None and fitted.info["cells_without_link"] == 30 - len(linked)


def test_numbers_that_are_not_finite_are_reported() -> None:
    adata = tissue(kind="features")
    adata.layers["counts"][3, 3] = np.nan
    with pytest.raises(FloatingPointError, match="not finite"):
        run(adata)
    with pytest.raises(FloatingPointError, match=r"epoch|not finite"):
        run(tissue(), lr=1e38)
