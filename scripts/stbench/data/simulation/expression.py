"""Expression of types, domains and trends, before counts are drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stbench.data.simulation.cells import Cells
from stbench.data.simulation.gene_statistics import read_gene_statistics
from stbench.data.simulation.tissue import Tissue

if TYPE_CHECKING:
    import scipy.sparse as sp

# Chosen so that PCA alone scores low and averaging over neighbors scores high, but below 1.
_BASE_SD = 1.0  # of the genes' log means
_MARKER_SHARE, _MARKER_SD = 0.15, 1.2  # genes that mark a cell type, and by how much (log)
_SHIFT_SHARE, _SHIFT_SD = 0.15, 0.6  # genes that a domain shifts, and by how much (log)
_TREND_SHARE = 0.3  # genes that follow a trend
_DISPERSION = (0.2, 1.0)  # variance = mean + dispersion * mean^2
_COUNTS_PER_GENE = 1.5
_LIBRARY_SD = 0.35
_SMOOTH_LIBRARY = 0.1  # share of the variance of log library sizes; with a reference


@dataclass(frozen=True)
class Expression:
    """Expression of genes by cells, before counts are drawn.

    Attributes:
        base: (genes,) log means.
        by_type: (types, genes) additions of cell types, mostly zero.
        by_domain: (domains, genes) additions of domains, mostly zero.
        by_trend: (trends, genes) additions of trends, mostly zero.
        dispersion: (genes,) of the negative binomial.
        dropout: (genes,) share of the counts that are set to zero.
        library: median of the library sizes.
        library_sd: (2,) sd of the log library sizes: of their smooth part, and of the rest.
    """

    base: np.ndarray
    by_type: np.ndarray
    by_domain: np.ndarray
    by_trend: np.ndarray
    dispersion: np.ndarray
    dropout: np.ndarray
    library: float
    library_sd: tuple[float, float]

    @classmethod
    def draw(cls, tissue: Tissue, rng: np.random.Generator) -> Expression:
        def sparse_effects(rows: int, share: float, sd: float) -> np.ndarray:
            shape = (rows, tissue.n_genes)
            return rng.normal(0, sd, shape) * (rng.random(shape) < share)

        drawn = cls(
            base=rng.normal(0, _BASE_SD, tissue.n_genes),
            by_type=sparse_effects(tissue.n_types, _MARKER_SHARE, _MARKER_SD),
            by_domain=tissue.contrast * sparse_effects(tissue.n_domains, _SHIFT_SHARE, _SHIFT_SD),
            dispersion=rng.uniform(*_DISPERSION, tissue.n_genes),
            by_trend=sparse_effects(tissue.n_trends, _TREND_SHARE, tissue.gradient),
            dropout=np.full(tissue.n_genes, tissue.dropout),
            library=_COUNTS_PER_GENE * tissue.n_genes,
            library_sd=(0.0, _LIBRARY_SD),
        )
        return drawn.like(tissue.reference, rng) if tissue.reference else drawn

    def like(self, reference: str, rng: np.random.Generator) -> Expression:
        """The same with genes and library sizes of a real section.

        Genes are drawn without replacement, or with it if the section has too few.
        """
        statistics = read_gene_statistics(reference)
        n_genes, known = len(self.base), len(statistics.mean)
        genes = rng.choice(known, n_genes, replace=n_genes > known)
        mean, dropout = statistics.mean[genes], statistics.dropout[genes]
        before_dropout = mean / (1 - dropout)
        sd = statistics.library_sd
        return replace(
            self,
            base=np.log(before_dropout),
            dispersion=statistics.dispersion[genes],
            dropout=1 - (1 - dropout) * (1 - self.dropout),
            library=before_dropout.sum() * math.exp(-(sd**2) / 2),
            library_sd=(sd * math.sqrt(_SMOOTH_LIBRARY), sd * math.sqrt(1 - _SMOOTH_LIBRARY)),
        )

    def shares(self, cells: Cells, rows: slice, raised: sp.csr_matrix | None = None) -> np.ndarray:
        """Share of each gene in the molecules of some cells, (rows, genes).

        ``raised``: additions to the log means of these cells.
        """
        log_means = self.base + self.by_type[cells.types[rows]]
        log_means += self.by_domain[cells.domains[rows]]
        log_means += cells.trends[rows] @ self.by_trend
        if raised is not None:
            log_means += raised.toarray()
        means = np.exp(log_means - log_means.max(axis=1, keepdims=True))
        return means / means.sum(axis=1, keepdims=True)
