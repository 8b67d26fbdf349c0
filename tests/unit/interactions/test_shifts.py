"""Ligands and receptors compared with the shifted tissue, which keeps smooth patterns."""

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from stbench.interactions.shifts import against_shifts, shifted_cells

SIDE = 20
GRID = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="ij"), -1).reshape(-1, 2)
EDGES = pd.DataFrame(
    cKDTree(GRID).query_pairs(1.1, output_type="ndarray"), columns=["source", "target"]
)

ONE = np.zeros(len(GRID), np.int64)  # a single section
PLACES = (GRID.astype(float), ONE)


def smooth(rng):
    """Smooth positive values on the grid, as a gene that varies across a tissue."""
    return np.exp(gaussian_filter(rng.normal(size=(SIDE, SIDE)), 3, mode="wrap") * 6).ravel()


def test_every_shift_moves_the_whole_pattern():
    (cells,) = shifted_cells(GRID.astype(float), ONE, 1, np.random.default_rng(3))
    moved = GRID[cells] - GRID
    inside = (np.abs(moved) < SIDE / 2).all(axis=1)
    vectors, times = np.unique(moved % (SIDE - 1), axis=0, return_counts=True)
    assert times.max() > 0.7 * len(GRID) and inside.any() and not (vectors[0] == 0).all()
    still = np.repeat([[1.0, 2.0]], 5, axis=0)  # all cells at one place
    assert (next(shifted_cells(still, ONE[:5], 1, np.random.default_rng(0))) < 5).all()


def test_a_receptor_beside_its_ligand_is_found_and_one_apart_is_not():
    rng = np.random.default_rng(0)
    values = {"L": smooth(rng), "apart": smooth(rng)}
    values["beside"] = values["L"] + 0.1 * rng.random(len(GRID))
    found = against_shifts(
        EDGES, values.__getitem__, [("L", "beside"), ("L", "apart")], PLACES, 200, 0
    )
    assert found["p_shifted"][0] < 0.01 < 0.05 < found["p_shifted"][1]
    assert found["z_shifted"][0] > 1.5
    assert (found["q_shifted"] >= found["p_shifted"]).all()
    ligand, receptor = values["L"], values["beside"]
    source, target = EDGES["source"], EDGES["target"]
    mean = (ligand[source] @ receptor[target] + ligand[target] @ receptor[source]) / 2 / len(EDGES)
    assert mean > found["expected_shifted"][0]


def test_independent_smooth_genes_are_significant_as_often_as_they_should():
    rng = np.random.default_rng(1)
    values = {f"g{i}": smooth(rng) for i in range(120)}
    pairs = [(f"g{i}", f"g{i + 60}") for i in range(60)]
    found = against_shifts(EDGES, values.__getitem__, pairs, PLACES, 200, 0)
    assert (found["p_shifted"] < 0.05).mean() <= 0.15
    assert found["p_shifted"].mean() == pytest.approx(0.5, abs=0.12)


def test_a_receptor_that_is_high_where_edges_are_many_is_not_significant_for_that():
    rng = np.random.default_rng(2)
    dense = np.exp(-((GRID - 5.0) ** 2).sum(axis=1) / 20)
    ends = EDGES.loc[rng.random(len(EDGES)) < 0.1 + 0.9 * dense[EDGES["source"]]]
    values = {f"g{i}": smooth(rng) for i in range(60)} | {"dense": 0.1 + dense}
    pairs = [(f"g{i}", "dense") for i in range(60)]
    found = against_shifts(ends, values.__getitem__, pairs, PLACES, 200, 0)
    assert (found["p_shifted"] < 0.05).mean() <= 0.15


def test_a_gene_without_variation_has_no_z():
    ones = np.ones(len(GRID), np.float32)
    found = against_shifts(EDGES, lambda name: ones, [("a", "b")], PLACES, 20, 0)
    assert np.isnan(found["z_shifted"][0]) and found["p_shifted"][0] == 1


def test_joined_sections_move_apart_from_each_other():
    both = np.vstack([GRID, GRID + 1000]).astype(float)
    sections = np.repeat([0, 1], len(GRID))
    for cells in shifted_cells(both, sections, 5, np.random.default_rng(0)):
        assert (sections[cells] == sections).all()
        assert (cells[: len(GRID)] != cells[len(GRID) :] - len(GRID)).any()
