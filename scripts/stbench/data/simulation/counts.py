"""Counts of molecules, and their spill-over to neighboring cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stbench.data.simulation.cells import Cells
from stbench.data.simulation.expression import Expression

if TYPE_CHECKING:
    import scipy.sparse as sp

_VALUES_AT_ONCE = 4_000_000
_NEIGHBORS = 6  # that get spilled molecules


def draw_counts(
    expression: Expression,
    cells: Cells,
    rng: np.random.Generator,
    raised: sp.csr_matrix | None = None,
) -> sp.csr_matrix:
    """Negative binomial counts, (cells, genes) CSR float32, in blocks of cells.

    ``raised``: additions to the log means of single cells, (cells, genes). A cell without
    any count gets one, because it would not have been detected otherwise.
    """
    import scipy.sparse as sp

    n_cells, n_genes = len(cells.domains), len(expression.base)
    smooth_sd, sd = expression.library_sd
    library = expression.library * rng.lognormal(smooth_sd * cells.depth, sd, n_cells)
    shape = 1 / expression.dispersion
    block = max(_VALUES_AT_ONCE // n_genes, 1)
    parts = []
    for start in range(0, n_cells, block):
        rows = slice(start, start + block)
        shares = expression.shares(cells, rows, None if raised is None else raised[rows])
        rate = shares * library[rows, None] * rng.standard_gamma(shape, shares.shape) / shape
        counts = rng.poisson(rate)
        if expression.dropout.any():
            counts[rng.random(counts.shape) < expression.dropout] = 0
        for cell in np.flatnonzero(~counts.any(axis=1)):
            counts[cell, rng.choice(n_genes, p=shares[cell])] = 1
        parts.append(sp.csr_matrix(counts, dtype=np.float32))
    return sp.vstack(parts, format="csr")


def spill_over(
    counts: sp.csr_matrix, coords: np.ndarray, share: float, rng: np.random.Generator
) -> sp.csr_matrix:
    """Move molecules to neighbors: each with this chance to a random one of the six nearest cells.

    Returns:
        (cells, genes) CSR float32 with the same total; no cell loses its last molecule.
    """
    import scipy.sparse as sp

    from stbench.graphs.neighbors import knn

    cell, gene = counts.nonzero()
    leaving = rng.binomial(counts.data.astype(np.int64), share)
    left = np.bincount(cell, counts.data - leaving, len(coords))
    leaving[left[cell] == 0] = 0
    source, moved = np.repeat(cell, leaving), np.repeat(gene, leaving)
    near = knn(coords, _NEIGHBORS)[1]
    target = near[source, rng.integers(near.shape[1], size=len(source))]
    ones = np.ones(len(moved), np.float32)
    spilled = sp.csr_matrix((ones, (target, moved)), counts.shape)
    kept = sp.csr_matrix((counts.data - leaving, counts.indices, counts.indptr), counts.shape)
    result = sp.csr_matrix(kept + spilled, dtype=np.float32)
    result.eliminate_zeros()
    return result
