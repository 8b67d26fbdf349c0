"""CCST as a method: repeatable, observable, usable on any kind of data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.infomax_data import tissue
from methods.ccst import (
    components,
    distance_graph,
    features_of,
    fit,
    self_weighted,
    share_of_total,
    threshold_for,
)
from stbench.common.errors import InputError

PARAMS = {
    "epochs": 6,
    "lr": 1e-3,
    "n_hidden": 12,
    "lambda_self": 0.3,
    "threshold": 0.0,
    "mean_neighbors": 6.0,
    "recipe": "spots",
    "min_cells": 5,
    "exclude_highly_expressed": False,
    "n_pcs": 200,
    "min_mean": 1.0,
    "min_variance": 0.4,
    "n_components": 30,
    "record_every": 1,
}


def ignore(epoch: int, embedding: np.ndarray) -> None:
    pass


def run(adata: Any, seed: int = 0, record: Callable = ignore, **params: Any) -> np.ndarray:
    return fit(adata, 2, seed, "cpu", {**PARAMS, **params}, record).embedding


def test_a_seed_repeats_and_another_differs() -> None:
    adata = tissue()
    first, again = (run(adata, 1) for _ in range(2))
    assert first.dtype == np.float32
    assert first.shape == (30, 12)
    assert first.tobytes() == again.tobytes()
    assert not np.allclose(first, run(adata, 2))


def test_records_are_thinned_and_change_nothing() -> None:
    seen: dict[int, np.ndarray] = {}
    result = run(tissue(), record=seen.__setitem__, record_every=4, n_components=5)
    assert list(seen) == [0, 4, 6]
    assert np.array_equal(seen[6], result)
    assert result.shape == (30, 5)
    assert not np.allclose(seen[0], seen[4])
    assert np.array_equal(result, run(tissue(), record_every=1, n_components=5))


@pytest.mark.parametrize("kind", ["intensities", "features"])
def test_other_kinds_are_trained_on(kind: str) -> None:
    assert np.isfinite(run(tissue(kind=kind))).all()


def test_the_recipe_for_single_cells_is_a_switch() -> None:
    adata = tissue()
    spots = features_of(adata, PARAMS)
    single = features_of(adata, {**PARAMS, "recipe": "single_cell"})
    assert spots.shape == (30, 19)
    np.testing.assert_allclose(single.sum(axis=1), 1e4, rtol=1e-5)
    assert np.isfinite(run(adata, recipe="single_cell")).all()


def test_the_totals_can_leave_highly_expressed_genes_out() -> None:
    counts = np.full((8, 50), 2.0)
    counts[3, 10] = 40  # more than 5 % of the cell's counts
    whole = share_of_total(sp.csr_matrix(counts), False).toarray()
    np.testing.assert_allclose(whole.sum(axis=1), 1)
    without = share_of_total(sp.csr_matrix(counts), True).toarray()
    np.testing.assert_allclose(np.delete(without, 10, axis=1).sum(axis=1), 1)
    assert without[3, 10] == pytest.approx(40 / 98)


def test_a_gene_of_exactly_five_percent_stays_and_an_empty_total_divides_by_one() -> None:
    counts = np.ones((2, 20))
    np.testing.assert_allclose(share_of_total(sp.csr_matrix(counts), True).sum(axis=1), 1)
    counts = np.array([[3.0, 0], [0, 0]])
    np.testing.assert_array_equal(share_of_total(sp.csr_matrix(counts), True).toarray(), counts)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(8, 80), st.sampled_from([2.0, 4.0, 6.0]))
def test_the_threshold_gives_the_wanted_neighbors(seed: int, n: int, mean: float) -> None:
    coords = np.random.default_rng(seed).uniform(0, 1e4, (n, 2))
    coords[1] = coords[0]
    pairs = distance_graph(coords, threshold_for(coords, mean))
    assert abs(2 * len(pairs) / n - mean) <= 2 / n + 1e-9  # pairs of the twin cells come in twos


def test_equally_long_pairs_stay_together() -> None:
    grid = np.stack(np.meshgrid(np.arange(12.0), np.arange(12.0)), axis=-1).reshape(-1, 2)
    # One ring of neighbors gives 3.7 on average, two give 7.0.
    assert threshold_for(grid, 4) == 1
    assert threshold_for(grid, 6) == pytest.approx(np.sqrt(2))


def test_pairs_by_distance_are_exact() -> None:
    coords = np.array([[0.0, 0], [180, 240], [0, 0], [0, 300.0001]])
    pairs = distance_graph(coords, 300)
    assert pairs.tolist() == [[0, 1], [1, 2], [1, 3]]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 1))
def test_the_weighted_graph_is_symmetric_and_keeps_lonely_cells(seed: int, share: float) -> None:
    coords = np.random.default_rng(seed).uniform(0, 10, (25, 2))
    coords[7] = 1e3
    graph = self_weighted(distance_graph(coords, 3), 25, share).toarray()
    np.testing.assert_allclose(graph, graph.T)
    assert np.abs(np.linalg.eigvalsh(graph)).max() <= 1 + 1e-9
    assert graph[7, 7] == pytest.approx(1)


def test_components_are_exact() -> None:
    values = np.random.default_rng(0).normal(size=(40, 9)).astype(np.float32)
    ours = components(values, 4)
    singular = np.linalg.svd(values - values.mean(axis=0))[1]
    np.testing.assert_allclose(np.linalg.norm(ours, axis=0), singular[:4], rtol=1e-5)


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"recipe": "bulk"}, "recipe is 'bulk'"),
        ({"lambda_self": 1.5}, "lambda_self is 1.5"),
        ({"threshold": -1.0}, "threshold is -1"),
        ({"mean_neighbors": 0.0}, "mean_neighbors is 0"),
        ({"record_every": 0}, "record_every is 0"),
        ({"min_cells": 100}, "0 genes are left"),
        ({"recipe": "single_cell", "min_mean": 1e6}, "0 genes are left"),
    ],
)
def test_what_cannot_be_used_is_refused(params: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        run(tissue(), **params)


def test_cells_at_one_place_are_refused() -> None:
    adata = tissue()
    adata.obsm["spatial"] = np.zeros((30, 2))
    with pytest.raises(InputError, match="coordinates"):
        run(adata)
