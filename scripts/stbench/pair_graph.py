"""Cell graphs from undirected pairs of cells, and their symmetric normalisation."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp


def adjacency(pairs: np.ndarray, n: int, loops: bool = False) -> sp.csr_matrix:
    """(n, n) CSR with a one for both directions of each of the (m, 2) different pairs.

    Args:
        loops: whether every cell is linked to itself, too.
    """
    cells = np.arange(n if loops else 0)
    rows = np.concatenate([pairs[:, 0], pairs[:, 1], cells])
    columns = np.concatenate([pairs[:, 1], pairs[:, 0], cells])
    return sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(n, n))


def normalised(graph: sp.csr_matrix) -> sp.csr_matrix:
    """D^-1/2 A D^-1/2 with the weighted degree D; cells without links stay without."""
    degree = np.asarray(graph.sum(axis=1), dtype=np.float64).ravel()
    scale = 1 / np.sqrt(np.where(degree > 0, degree, np.inf))
    return sp.csr_matrix(sp.diags_array(scale) @ graph @ sp.diags_array(scale))
