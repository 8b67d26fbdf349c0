"""SEDR's spatial graph and the pairs of cells whose links it learns to predict."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from stbench.common.errors import NotApplicableError
from stbench.graphs.neighbors import knn_pairs


class SpatialGraph(NamedTuple):
    """Nearest cells in space, linked if either lists the other; every cell is linked to itself.

    Attributes:
        links: (n, n) CSR of ones, both directions and the loops.
        adjacency: the same, symmetrically normalized.
        norm: weight of the link loss, n^2 / (2 (n^2 - number of entries)).
    """

    links: sp.csr_matrix
    adjacency: sp.csr_matrix
    norm: float


def spatial_graph(coords: np.ndarray, n_neighbors: int) -> SpatialGraph:
    """The graph of (n, d) coordinates.

    Raises:
        NotApplicableError: all cells are linked, so no unlinked pair exists.
    """
    pairs, n = knn_pairs(coords, n_neighbors), len(coords)
    rows = np.concatenate([pairs[:, 0], pairs[:, 1], np.arange(n)])
    columns = np.concatenate([pairs[:, 1], pairs[:, 0], np.arange(n)])
    links = sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(n, n))
    if links.nnz == n * n:
        raise NotApplicableError(f"each of the {n} cells is among the neighbors of all others")
    scale = sp.diags_array(1 / np.sqrt(np.asarray(links.sum(axis=1)).ravel()))
    return SpatialGraph(
        links, sp.csr_matrix(scale @ links @ scale), n * n / (2 * (n * n - links.nnz))
    )


class Pairs(NamedTuple):
    """Directed pairs of cells, sorted, and whether they are linked (float32, 1 or 0)."""

    rows: Tensor
    columns: Tensor
    linked: Tensor

    def to(self, device: torch.device | str) -> Pairs:
        return Pairs(*(part.to(device) for part in self))


def draw_positions(links: sp.csr_matrix, generator: torch.Generator) -> np.ndarray:
    """For every cell as many distinct numbers as it has links, below the number of unlinked cells.

    It takes n^2 random numbers, once: 5 ns each.

    Returns:
        (2, m) int64: the cell, the number drawn for it.
    """
    n, counts = links.shape[0], np.diff(links.indptr)
    drawn = [
        # A copy: a view would keep the whole permutation in memory, n numbers for every cell.
        torch.randperm(n - int(count), generator=generator)[: int(count)].numpy().copy()
        for count in counts
    ]
    return np.stack([np.repeat(np.arange(n), [len(part) for part in drawn]), np.concatenate(drawn)])


def labeled_pairs(links: sp.csr_matrix, drawn: np.ndarray) -> Pairs:
    """All links, and at most as many unlinked pairs.

    Two properties of the original are kept. The numbers drawn for a cell are POSITIONS in the list
    of the cells that it is not linked to, but they are used as cell indices, so that the last cells
    are never drawn. A draw that hits a link, or the cell itself, is dropped, so that there are
    slightly fewer unlinked pairs than links.

    Args:
        drawn: (2, m), see ``draw_positions``.
    """
    n = links.shape[0]
    positive = np.repeat(np.arange(n), np.diff(links.indptr)) * n + links.indices
    negative = drawn[0].astype(np.int64) * n + drawn[1]
    negative = negative[~np.isin(negative, positive)]
    keys = np.concatenate([positive, negative])
    linked = np.repeat(np.array([1, 0], np.float32), [len(positive), len(negative)])
    order = np.argsort(keys)
    rows, columns = np.divmod(keys[order], n)
    return Pairs(torch.from_numpy(rows), torch.from_numpy(columns), torch.from_numpy(linked[order]))
