"""Positions of simulated cells."""

from __future__ import annotations

import math

import numpy as np


def scatter_cells(n_cells: int, rng: np.random.Generator) -> np.ndarray:
    """Positions in the unit square: a hexagonal grid, jittered, with some positions left empty.

    Returns:
        (n_cells, 2), in random order, so that a cell's number does not depend on its position.
    """
    places = 1.1 * n_cells
    columns = math.ceil(math.sqrt(places * math.sqrt(0.75)))
    rows = math.ceil(places / columns)
    x, y = np.meshgrid(np.arange(columns, dtype=float), np.arange(rows, dtype=float))
    x += np.where(y % 2 == 0, 0.5, 1.0)
    grid = np.column_stack([x.ravel(), y.ravel() + 0.5])
    grid += rng.uniform(-0.35, 0.35, grid.shape)
    return rng.permutation(grid)[:n_cells] / [columns + 0.5, rows]


def thin_cells(
    domains: np.ndarray, log_density: np.ndarray, n_cells: int, rng: np.random.Generator
) -> np.ndarray:
    """Positions to keep, so that domains differ in density.

    Args:
        domains: (n,) domain of each position.
        log_density: (domains,) relative to each other.
        n_cells: number of positions to keep, not less than the domains.
        rng: source of all random numbers.

    Returns:
        (n_cells,) indices in ascending order; every domain keeps a position.
    """
    # The largest sums of log weight and Gumbel noise are a weighted sample without replacement.
    keys = log_density[domains] + rng.gumbel(size=len(domains))
    keys[np.unique(domains, return_index=True)[1]] = np.inf
    return np.sort(np.argsort(-keys, kind="stable")[:n_cells])
