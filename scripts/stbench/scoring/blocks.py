"""Blocks of a tissue: what a spatial bootstrap draws in place of single cells or spots."""

from __future__ import annotations

import numpy as np

N_BLOCKS = 48
MIN_CELLS = 8


def spatial_blocks(coords: np.ndarray, n_blocks: int = N_BLOCKS) -> np.ndarray:
    """The block of each cell: compact pieces of the tissue with equal numbers of cells.

    The tissue is cut in two across its longer axis, each piece again across its own longer axis,
    and so on. A cut gives both sides cells in proportion to the blocks that they become, for an
    even number of blocks half each, that is at the median: sizes of blocks differ by one at most.
    Cells at the same place of one axis are in the order of the other axis, so that blocks depend on
    the order of the rows only for cells at one position.

    Neighbors have correlated errors. A bootstrap that draws cells takes them for independent and
    gives too short an interval; one that draws whole blocks keeps the correlation inside a block
    (Hall, Stochastic Processes and their Applications 1985).

    Args:
        coords: (n, d) positions, any unit.
        n_blocks: at most this many. A tissue of fewer than 8 cells for each block has n // 8
            blocks, and at least one.

    Returns:
        (n,) integers from 0 to the number of blocks - 1, each at least once.

    Raises:
        ValueError: no cell, or ``n_blocks`` below 1.
    """
    coords = np.asarray(coords, dtype=np.float64)
    if not len(coords) or n_blocks < 1:
        raise ValueError(f"{len(coords)} cells in {n_blocks} blocks: need one of both")
    blocks = np.empty(len(coords), dtype=np.int64)
    _cut(coords, np.arange(len(coords)), blocks, 0, max(1, min(n_blocks, len(coords) // MIN_CELLS)))
    return blocks


def _cut(coords: np.ndarray, cells: np.ndarray, blocks: np.ndarray, first: int, count: int) -> None:
    """Write the blocks ``first`` to ``first + count - 1`` of some cells."""
    if count == 1:
        blocks[cells] = first
        return
    some = coords[cells]
    longest = int(np.argmax(np.ptp(some, axis=0)))
    others = [some[:, axis] for axis in range(some.shape[1]) if axis != longest]
    cells = cells[np.lexsort([*others, some[:, longest]])]
    left = count // 2
    split = len(cells) * left // count
    _cut(coords, cells[:split], blocks, first, left)
    _cut(coords, cells[split:], blocks, first + left, count - left)
