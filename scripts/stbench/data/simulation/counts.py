"""Counts of molecules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stbench.data.simulation.expression import Expression

if TYPE_CHECKING:
    import scipy.sparse as sp

_COUNTS_PER_GENE = 1.5
_LIBRARY_SD = 0.35
_VALUES_AT_ONCE = 4_000_000


def draw_counts(
    expression: Expression,
    domains: np.ndarray,
    types: np.ndarray,
    dropout: float,
    rng: np.random.Generator,
    raised: sp.csr_matrix | None = None,
) -> sp.csr_matrix:
    """Negative binomial counts, (cells, genes) CSR float32, in blocks of cells.

    ``raised``: additions to the log means of single cells, (cells, genes). A cell without
    any count gets one, because it would not have been detected otherwise.
    """
    import scipy.sparse as sp

    n_cells, n_genes = len(domains), len(expression.base)
    library = _COUNTS_PER_GENE * n_genes * rng.lognormal(0, _LIBRARY_SD, n_cells)
    shape = 1 / expression.dispersion
    block = max(_VALUES_AT_ONCE // n_genes, 1)
    parts = []
    for start in range(0, n_cells, block):
        cells = slice(start, start + block)
        own = None if raised is None else raised[cells]
        shares = expression.shares(domains[cells], types[cells], own)
        rate = shares * library[cells, None] * rng.standard_gamma(shape, shares.shape) / shape
        counts = rng.poisson(rate)
        if dropout > 0:
            counts[rng.random(counts.shape) < dropout] = 0
        for cell in np.flatnonzero(~counts.any(axis=1)):
            counts[cell, rng.choice(n_genes, p=shares[cell])] = 1
        parts.append(sp.csr_matrix(counts, dtype=np.float32))
    return sp.vstack(parts, format="csr")
