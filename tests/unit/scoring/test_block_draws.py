"""The variance of block draws against known variances, with and without correlated cells."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from stbench.scoring.block_draws import DRAWS, BlockDraws

SIDE = 24
GRID = np.array([(x, y) for x in range(SIDE) for y in range(SIDE)], dtype=float)
DRAWN = BlockDraws.of(GRID)


def means(fields):
    """Weighted means of fields (tissues, cells) in every draw: (tissues, 2 * DRAWS)."""
    return fields @ (DRAWN.weights / DRAWN.weights.sum(axis=1, keepdims=True)).T


def test_blocks_are_drawn_whole_and_as_often_as_there_are_blocks():
    assert (DRAWN.n_small, DRAWN.n_large) == (48, 12)
    assert DRAWN.weights.shape == (2 * DRAWS, SIDE * SIDE)
    assert (DRAWN.weights.sum(axis=1) == SIDE * SIDE).all()  # blocks of equal size
    first = GRID[DRAWN.weights[0] > 0]
    assert len(np.unique(DRAWN.weights[:DRAWS], axis=1).T) == 48
    assert 0 < len(first) < SIDE * SIDE


def test_the_variance_of_a_mean_of_independent_cells_is_that_of_the_textbook():
    fields = np.random.default_rng(0).normal(size=(150, len(GRID)))
    found = np.mean([DRAWN.variance(values) for values in means(fields)])
    # The larger of two estimates is taken, so the mean is a little above 1 / n.
    assert 1.0 < found * len(GRID) < 1.4


def test_the_variance_with_neighbors_alike_is_not_much_too_small():
    rng = np.random.default_rng(0)
    fields = np.array(
        [gaussian_filter(rng.normal(size=(SIDE + 16,) * 2), 1.5)[8:-8, 8:-8] for _ in range(150)]
    ).reshape(150, -1)
    true = fields.mean(axis=1).var()
    found = np.mean([DRAWN.variance(values) for values in means(fields)])
    assert 0.85 < found / true < 1.3
    single = fields.var(axis=1).mean() / len(GRID)
    assert single / true < 0.1  # what drawing single cells estimates


def test_draws_without_a_value_are_left_out():
    values = means(np.random.default_rng(0).normal(size=(1, len(GRID))))[0]
    holed = values.copy()
    holed[::10] = np.nan
    assert DRAWN.variance(holed) == pytest.approx(DRAWN.variance(values), rel=0.2)
    assert np.isnan(DRAWN.variance(np.full(2 * DRAWS, np.nan)))
    assert DRAWN.variance(np.ones(2 * DRAWS)) == 0


def test_a_tissue_of_one_block_has_no_variance():
    small = BlockDraws.of(GRID[:15])
    assert (small.n_small, small.n_large) == (1, 1)
    assert np.isnan(small.variance(np.arange(2.0 * DRAWS)))
