"""Neighbors and candidate pairs against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from stbench.common.errors import InputError
from stbench.graphs import neighbors
from stbench.graphs.neighbors import candidate_pairs, knn, knn_pairs


def brute_knn(coords: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    distances = np.sqrt(np.square(coords[:, None] - coords[None]).sum(2))
    np.fill_diagonal(distances, np.inf)
    cells = np.broadcast_to(np.arange(len(coords)), distances.shape)
    order = np.lexsort((cells, distances))[:, :k]
    return np.take_along_axis(distances, order, 1), order


def brute_candidates(coords: np.ndarray, k: int, sparse: bool, cap: int = 1000) -> set:
    rounded = coords.astype(np.float32).astype(np.float64)
    distances = cdist(rounded, rounded).astype(np.float32)
    others = distances.copy()
    np.fill_diagonal(others, np.inf)
    k = min(k, len(coords) - 1)
    kth = np.sort(np.sort(others, axis=1)[:, k - 1])
    low, high = kth[(len(kth) - 1) // 2], kth[len(kth) // 2]
    if not sparse:
        pairs = np.argwhere((distances > 0) & (distances <= low))
    else:
        rank = np.lexsort((np.broadcast_to(np.arange(len(kth)), others.shape), others)).argsort(1)
        pairs = np.argwhere((others <= (low + high) / np.float32(2)) & (rank < cap))
    return {(min(i, j), max(i, j)) for i, j in pairs.tolist()}


def cloud(n: int, seed: int = 0) -> np.ndarray:
    """Random cells; the first two, and three more, lie at the same place."""
    coords = np.random.default_rng(seed).random((n, 2)) * 1000
    coords[1] = coords[0]
    coords[3] = coords[4] = coords[2]
    return coords


@given(
    points=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=40),
    k=st.integers(1, 12),
)
@settings(deadline=None, max_examples=60)
def test_knn_equals_brute_force_with_ties_and_coincident_cells(points: list, k: int) -> None:
    coords = np.array(points, dtype=float)
    distances, indices = knn(coords, k)
    expected_distances, expected = brute_knn(coords, min(k, len(coords) - 1))
    np.testing.assert_array_equal(distances, expected_distances)
    np.testing.assert_array_equal(indices, expected)


def test_many_cells_at_one_place() -> None:
    coords = np.zeros((60, 2))
    coords[50:] = 1
    distances, indices = knn(coords, 5)
    assert (distances == 0).all()
    assert indices[0].tolist() == [1, 2, 3, 4, 5]
    assert indices[3].tolist() == [0, 1, 2, 4, 5]
    assert indices[59].tolist() == [50, 51, 52, 53, 54]


def test_knn_of_a_single_cell_is_empty() -> None:
    distances, indices = knn(np.zeros((1, 2)), 3)
    assert distances.shape == indices.shape == (1, 0)


def test_knn_pairs_are_the_union_of_both_directions() -> None:
    coords = np.array([[0.0, 0], [1, 0], [3, 0], [10, 0]])
    assert knn_pairs(coords, 1).tolist() == [[0, 1], [1, 2], [2, 3]]


@pytest.mark.parametrize("n", [40, 61, 200, 333])
@pytest.mark.parametrize("sparse", [False, True])
def test_candidates_equal_brute_force(n: int, sparse: bool) -> None:
    coords = cloud(n)
    found = candidate_pairs(coords, 7, sparse)
    assert set(map(tuple, found.pairs.tolist())) == brute_candidates(coords, 7, sparse)
    assert (found.pairs[:, 0] < found.pairs[:, 1]).all()
    expected = np.linalg.norm(coords[found.pairs[:, 0]] - coords[found.pairs[:, 1]], axis=1)
    np.testing.assert_allclose(found.distances, expected, rtol=1e-5, atol=1e-3)


def test_only_the_sparse_learner_joins_cells_at_one_place() -> None:
    assert (0, 1) not in set(map(tuple, candidate_pairs(cloud(50), 7).pairs.tolist()))
    assert (0, 1) in set(map(tuple, candidate_pairs(cloud(50), 7, sparse=True).pairs.tolist()))


def test_the_dense_cut_is_the_lower_median() -> None:
    coords = np.array([[0.0, 0], [1, 0], [10, 0], [13, 0]])  # nearest: 1 1 3 3
    assert candidate_pairs(coords, 1).cut == 1.0
    assert candidate_pairs(coords, 1, sparse=True).cut == 2.0


@pytest.mark.parametrize("seed", range(5))
def test_pairs_that_lie_on_the_cut_stay_with_large_coordinates(seed: int) -> None:
    coords = np.random.default_rng(seed).random((81, 2)) * 3e4 + 1e5
    found = candidate_pairs(coords, 15)
    assert set(map(tuple, found.pairs.tolist())) == brute_candidates(coords, 15, False)
    assert found.distances.max() == np.float32(found.cut)


def test_the_sparse_cap_keeps_pairs_of_one_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbors, "_SPARSE_CAP", 6)
    coords = cloud(80)
    found = set(map(tuple, candidate_pairs(coords, 12, sparse=True).pairs.tolist()))
    assert found == brute_candidates(coords, 12, True, cap=6)
    assert len(found) < len(brute_candidates(coords, 12, True))


def test_fewer_cells_than_k_use_all_others() -> None:
    assert len(candidate_pairs(cloud(6), 15, sparse=True).pairs) > 0


def test_too_few_or_coincident_cells_are_refused() -> None:
    with pytest.raises(InputError, match="at least 2"):
        candidate_pairs(np.zeros((1, 2)), 5)
    with pytest.raises(InputError, match="same position"):
        candidate_pairs(np.zeros((9, 2)), 5)
