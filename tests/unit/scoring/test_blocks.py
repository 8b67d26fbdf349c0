"""Blocks of a tissue are compact, of equal size, and the same for any order of the rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stbench.scoring.blocks import spatial_blocks


def scattered(n, seed=0, stretch=1.0):
    return np.random.default_rng(seed).uniform(size=(n, 2)) * [stretch, 1]


def test_blocks_by_hand():
    # A strip twice as long as wide: halves along x, then each square piece along x or y.
    coords = np.array([[x, y] for y in range(4) for x in range(8)], dtype=float)
    assert spatial_blocks(coords, 2).reshape(4, 8).tolist() == [[0] * 4 + [1] * 4] * 4
    assert spatial_blocks(coords, 4).reshape(4, 8).tolist() == [[0, 0, 1, 1, 2, 2, 3, 3]] * 4
    # Three blocks: a third, then two thirds cut across their own longer axis, y.
    tall = np.array([[x, y] for y in range(8) for x in range(3)], dtype=float)
    assert spatial_blocks(tall, 3).reshape(8, 3)[:, 0].tolist() == [0, 0, 0, 1, 1, 1, 2, 2]


@given(st.integers(1, 3000), st.integers(1, 60), st.integers(0, 5))
def test_sizes_differ_by_one_at_most_and_small_tissues_have_fewer(n, n_blocks, seed):
    blocks = spatial_blocks(scattered(n, seed), n_blocks)
    sizes = np.bincount(blocks)
    assert len(sizes) == max(1, min(n_blocks, n // 8))
    assert sizes.max() - sizes.min() <= 1
    assert sizes.min() >= min(8, n)


def test_blocks_do_not_depend_on_the_order_of_rows():
    lattice = np.array([[x, y] for x in range(30) for y in range(31)], dtype=float)
    order = np.random.default_rng(1).permutation(len(lattice))
    assert (spatial_blocks(lattice[order]) == spatial_blocks(lattice)[order]).all()


def test_blocks_are_compact():
    # Squares of equal area in 48 blocks have sides of 1/7; no block is much longer.
    coords = scattered(4800)
    blocks = spatial_blocks(coords)
    assert len(np.unique(blocks)) == 48
    longest = max(np.ptp(coords[blocks == block], axis=0).max() for block in range(48))
    assert longest < 2.5 / 48**0.5


def test_blocks_of_a_long_tissue_cut_it_across():
    blocks = spatial_blocks(scattered(480, stretch=1000.0), 6)
    order = np.argsort(scattered(480, stretch=1000.0)[:, 0])
    assert (np.diff(blocks[order]) >= 0).all()


def test_no_cell_and_no_block_are_refused():
    with pytest.raises(ValueError, match="0 cells in 48 blocks"):
        spatial_blocks(np.empty((0, 2)))
    with pytest.raises(ValueError, match="16 cells in 0 blocks"):
        spatial_blocks(scattered(16), 0)
