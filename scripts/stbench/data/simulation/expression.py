"""Expression of types and domains, before counts are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stbench.data.simulation.tissue import Tissue

if TYPE_CHECKING:
    import scipy.sparse as sp

# Chosen so that PCA alone scores low and averaging over neighbors scores high, but below 1.
_BASE_SD = 1.0  # of the genes' log means
_MARKER_SHARE, _MARKER_SD = 0.15, 1.2  # genes that mark a cell type, and by how much (log)
_SHIFT_SHARE, _SHIFT_SD = 0.15, 0.6  # genes that a domain shifts, and by how much (log)
_DISPERSION = (0.2, 1.0)  # variance = mean + dispersion * mean^2


@dataclass(frozen=True)
class Expression:
    """Expression of genes by cells, before counts are drawn.

    Attributes:
        base: (genes,) log means.
        by_type: (types, genes) additions of cell types, mostly zero.
        by_domain: (domains, genes) additions of domains, mostly zero.
        dispersion: (genes,) of the negative binomial.
    """

    base: np.ndarray
    by_type: np.ndarray
    by_domain: np.ndarray
    dispersion: np.ndarray

    @classmethod
    def draw(cls, tissue: Tissue, rng: np.random.Generator) -> Expression:
        def sparse_effects(rows: int, share: float, sd: float) -> np.ndarray:
            shape = (rows, tissue.n_genes)
            return rng.normal(0, sd, shape) * (rng.random(shape) < share)

        return cls(
            base=rng.normal(0, _BASE_SD, tissue.n_genes),
            by_type=sparse_effects(tissue.n_types, _MARKER_SHARE, _MARKER_SD),
            by_domain=tissue.contrast * sparse_effects(tissue.n_domains, _SHIFT_SHARE, _SHIFT_SD),
            dispersion=rng.uniform(*_DISPERSION, tissue.n_genes),
        )

    def shares(
        self, domains: np.ndarray, types: np.ndarray, raised: sp.csr_matrix | None = None
    ) -> np.ndarray:
        """Share of each gene in the molecules of a cell, (cells, genes)."""
        log_means = self.base + self.by_type[types] + self.by_domain[domains]
        if raised is not None:
            log_means += raised.toarray()
        means = np.exp(log_means - log_means.max(axis=1, keepdims=True))
        return means / means.sum(axis=1, keepdims=True)
