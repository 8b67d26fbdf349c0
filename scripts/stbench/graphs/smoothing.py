"""Values averaged over nearby cells."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from stbench.graphs.neighbors import knn


def smoothed(
    values: np.ndarray | sp.csr_matrix, coords: np.ndarray, n_neighbors: int
) -> np.ndarray | sp.csr_matrix:
    """Means over a cell and its ``n_neighbors`` nearest others.

    Args:
        values: (n_cells, columns), dense or sparse.
        coords: (n_cells, 2) positions.
        n_neighbors: number of nearest other cells.

    Returns:
        (n_cells, columns) float32, dense or sparse as given.
    """
    _, neighbors = knn(coords, n_neighbors)
    total = values.copy()
    for column in neighbors.T:
        total += values[column]
    return (total / (neighbors.shape[1] + 1)).astype(np.float32)
