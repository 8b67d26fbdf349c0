"""Rows and columns of spots are found again from coordinates alone."""

import numpy as np
import pytest

from stbench.graphs.lattice import adjacent, find_lattice, lattice_of
from stbench.graphs.neighbors import knn

STEPS = {
    "hexagonal": {(0, 2), (0, -2), (1, 1), (1, -1), (-1, 1), (-1, -1)},
    "square": {(0, 1), (0, -1), (1, 0), (-1, 0)},
}


def spots(kind, turn=0.0, pitch=137.0, jitter=0.02, missing=0.15, rows=60, seed=0):
    """Coordinates of a lattice with gaps, turned, in random order, a little off their places."""
    rng = np.random.default_rng(seed)
    row, col = (axis.ravel() for axis in np.mgrid[:rows, :40])
    if kind == "hexagonal":
        exact = np.column_stack([col + (row % 2) / 2, row * np.sqrt(3) / 2])
    else:
        exact = np.column_stack([col, row]).astype(float)
    exact += rng.normal(0, jitter, exact.shape)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    kept = rng.permutation(len(exact))[: int(len(exact) * (1 - missing))]
    return pitch * exact[kept] @ rotation + [1e4, -3e3]


@pytest.mark.parametrize("kind", STEPS)
@pytest.mark.parametrize("turn", [0.0, 0.12, -0.5, 1.3])
@pytest.mark.parametrize("pitch", [0.01, 137.0])
def test_neighbors_on_the_lattice_are_those_of_the_tissue(kind, turn, pitch):
    coords = spots(kind, turn, pitch)
    lattice = find_lattice(coords)
    assert lattice.kind == kind
    assert lattice.row.min() == lattice.col.min() == 0
    places = {
        place: spot
        for spot, place in enumerate(zip(lattice.row.tolist(), lattice.col.tolist(), strict=True))
    }
    assert len(places) == len(coords)
    distances, neighbors = knn(coords, 6)
    for spot, (row, col) in enumerate(zip(lattice.row.tolist(), lattice.col.tolist(), strict=True)):
        near = {
            int(n) for n, d in zip(neighbors[spot], distances[spot], strict=True) if d < 1.2 * pitch
        }
        linked = {places.get((row + r, col + c)) for r, c in STEPS[kind]} - {None}
        assert linked == near


@pytest.mark.parametrize("kind", STEPS)
def test_adjacent_spots_are_one_step_apart(kind):
    lattice = find_lattice(spots(kind, turn=0.3))
    pairs = adjacent(lattice)
    place = np.column_stack([lattice.row, lattice.col])
    steps = {tuple(step) for step in (place[pairs[:, 1]] - place[pairs[:, 0]]).tolist()}
    assert steps == STEPS[kind]
    places = set(map(tuple, place.tolist()))
    links = sum((r + dr, c + dc) in places for r, c in places for dr, dc in STEPS[kind])
    assert len(pairs) == links / 2
    assert (pairs[:, 0] < pairs[:, 1]).all()


@pytest.mark.parametrize(
    "coords",
    [
        np.random.default_rng(0).random((500, 2)),
        spots("hexagonal", jitter=0.2),
        np.zeros((20, 2)),
        np.column_stack([np.arange(50.0), np.zeros(50)]),
        spots("square")[:5],
    ],
    ids=["random", "far off", "one place", "a line", "too few"],
)
def test_what_is_no_lattice_is_none(coords):
    assert find_lattice(coords) is None


def test_one_spot_in_a_hundred_may_be_off_its_place():
    coords = np.stack(np.mgrid[:10, :10], axis=-1).reshape(-1, 2).astype(float)
    coords[[11, 12]] += [0.35, 0]
    assert find_lattice(coords) is None
    coords[12] -= [0.35, 0]
    lattice = find_lattice(coords)
    assert lattice.kind == "square" and lattice.row.max() == lattice.col.max() == 9


def test_two_spots_on_one_place_are_no_lattice():
    coords = spots("hexagonal")
    assert find_lattice(np.vstack([coords, coords[:1] + 5.0])) is None


def joined(*sections):
    """A dataset of these sections, side by side."""
    import pandas as pd
    from anndata import AnnData

    from stbench.data.sections import side_by_side

    coords = side_by_side(sections)
    names = np.repeat([f"s{i}" for i in range(len(sections))], [len(one) for one in sections])
    obs = pd.DataFrame(
        {"section": pd.Categorical(names)}, index=[str(i) for i in range(len(names))]
    )
    return AnnData(np.zeros((len(names), 1)), obs, obsm={"spatial": coords})


@pytest.mark.parametrize("kind", STEPS)
def test_joined_sections_keep_their_neighbors_and_get_no_others(kind):
    parts = [spots(kind, turn=0.1, rows=31, seed=1), spots(kind, turn=-0.4, rows=24, seed=2)]
    whole = joined(*parts)
    lattice = lattice_of(whole)
    alone = [find_lattice(part) for part in parts]
    first = whole.obs["section"].to_numpy() == "s0"
    assert lattice.kind == kind
    assert np.array_equal(lattice.row[first], alone[0].row)
    assert np.array_equal(lattice.col[~first], alone[1].col)
    assert len(set(lattice.row[~first] - alone[1].row)) == 1
    assert lattice.row[~first].min() - lattice.row[first].max() > 2
    if kind == "hexagonal":  # as in one section, rows and columns are even together or odd
        parity = (lattice.row + lattice.col) % 2
        assert len(set(parity[first])) == len(set(parity[~first])) == 1


def test_sections_of_two_kinds_or_without_a_lattice_have_none():
    scattered = np.random.default_rng(0).random((300, 2))
    assert lattice_of(joined(spots("hexagonal"), spots("square"))) is None
    assert lattice_of(joined(spots("hexagonal"), scattered)) is None
