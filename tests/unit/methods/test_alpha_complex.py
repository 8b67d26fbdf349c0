"""Cell graphs from an alpha complex: every edge has the smallest empty circle it claims."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.scanit.alpha_complex import alpha_graph, delaunay_alpha, mean_neighbor_distance
from stbench.common.errors import InputError, NotApplicableError


def smallest_empty_circles(coords: np.ndarray) -> dict[tuple[int, int], float]:
    """By definition: over all pairs, the squared radius of the smallest circle through both cells
    with no cell inside; pairs that have none are left out."""
    found = {}
    n = len(coords)
    for i in range(n):
        for j in range(i + 1, n):
            middle, along = (coords[i] + coords[j]) / 2, coords[j] - coords[i]
            across = np.array([-along[1], along[0]])
            # The center is middle + t * across; every other cell bounds t from one side.
            low, high = -np.inf, np.inf
            for k in set(range(n)) - {i, j}:
                to = coords[k] - middle
                side = to @ across
                bound = (to @ to - along @ along / 4) / (2 * side)
                low, high = (low, min(high, bound)) if side > 0 else (max(low, bound), high)
            if low < high:
                t = np.clip(0, low, high)
                found[i, j] = (along @ along) * (0.25 + t * t)
    return found


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 14))
def test_edges_and_values_are_those_of_the_definition(seed: int, n: int) -> None:
    coords = np.random.default_rng(seed).uniform(0, 100, (n, 2))
    edges, alpha_squared = delaunay_alpha(coords)
    expected = smallest_empty_circles(coords)
    assert list(map(tuple, edges)) == sorted(expected)
    np.testing.assert_allclose(alpha_squared, [expected[i, j] for i, j in sorted(expected)])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 60))
def test_the_graph_turns_and_grows_with_the_tissue(seed: int, n: int) -> None:
    coords = np.random.default_rng(seed).normal(size=(n, 2))
    turned = 1000 + 7 * coords @ np.array([[0.6, -0.8], [0.8, 0.6]])
    for layers in (1, 2, 3):
        np.testing.assert_array_equal(
            alpha_graph(coords, 5, layers), alpha_graph(turned, 5, layers)
        )


def test_a_bound_on_the_radius_keeps_edges_longer_than_the_cut() -> None:
    coords = np.random.default_rng(0).uniform(0, 100, (300, 2))
    cut = mean_neighbor_distance(coords, 5)
    edges = alpha_graph(coords, 5, 1)
    lengths = np.linalg.norm(coords[edges[:, 0]] - coords[edges[:, 1]], axis=1)
    assert cut < lengths.max() <= 2 * cut


def test_layers_of_a_hexagonal_tissue() -> None:
    row, column = np.divmod(np.arange(49), 7)
    coords = np.column_stack([column + 0.5 * (row % 2), row * np.sqrt(0.75)])
    middle = 24

    def degree(layers: int) -> int:
        return int((alpha_graph(coords, 6, layers) == middle).sum())

    assert degree(1) == 6
    assert degree(2) == 18
    assert degree(3) == 36  # walks of three edges reach every cell within three hops


def test_three_layers_are_walks_of_exactly_three_edges() -> None:
    line = np.column_stack([np.arange(6.0), np.zeros(6)])
    pairs = {(int(j) - int(i)) for i, j in alpha_graph(line, 2, 3)}
    assert pairs == {1, 3}


def test_one_of_several_cells_at_a_place_has_edges() -> None:
    coords = np.random.default_rng(1).uniform(0, 10, (30, 2))
    coords[[4, 9]] = coords[17]
    edges = delaunay_alpha(coords)[0]
    assert sum(cell in edges for cell in (4, 9, 17)) == 1
    assert set(range(30)) - set(edges.ravel()) < {4, 9, 17}


@pytest.mark.parametrize("n", [2, 3, 10])
def test_cells_on_a_line_are_joined_to_the_next(n: int) -> None:
    place = np.random.default_rng(2).permutation(n).astype(float)
    edges, alpha_squared = delaunay_alpha(np.column_stack([place, 2 * place]))
    assert len(edges) == n - 1
    np.testing.assert_array_equal(np.abs(place[edges[:, 0]] - place[edges[:, 1]]), 1)
    np.testing.assert_allclose(alpha_squared, 5 / 4)


def test_mean_distance_leaves_cells_at_the_same_place_out() -> None:
    coords = np.array([[0.0, 0], [0, 0], [3, 4]])
    assert mean_neighbor_distance(coords, 2) == 5


def test_what_cannot_be_used_is_refused() -> None:
    coords = np.random.default_rng(3).uniform(size=(10, 2))
    with pytest.raises(InputError, match="n_layer is 4"):
        alpha_graph(coords, 5, 4)
    with pytest.raises(NotApplicableError, match="all nearest cells are at the same position"):
        alpha_graph(np.zeros((10, 2)), 5, 1)
