"""The points in which maps are judged: smoothed components of one half of the counts.

Every count is split binomially into two halves, which are independent if counts are Poisson
(Neufeld et al., Biostatistics 2024). The embeddings of methods have seen all counts, so half a
judge is not an independent judge: the split only takes away the noise that a map and its judge
share, which favors methods that cluster the same components.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.sparse as sp

from stbench.clustering.selection import smoothed_components
from stbench.common.h5ad import read_elements
from stbench.data.preprocessing import log_normalize, principal_components


def half_of_counts(counts: sp.csr_matrix, seed: int = 0) -> sp.csr_matrix:
    """Each count replaced by a binomial draw with probability 1/2.

    Args:
        counts: (n_cells, n_genes) whole numbers.
        seed: of the draws.
    """
    half = sp.csr_matrix(counts, dtype=np.float64, copy=True)
    half.data = np.random.default_rng(seed).binomial(half.data.astype(np.int64), 0.5).astype(float)
    half.eliminate_zeros()
    return half


def judging_points(
    counts: sp.csr_matrix,
    kept: np.ndarray,
    variable: np.ndarray,
    coords: np.ndarray,
    norm_target: float = 0.0,
) -> np.ndarray:
    """Smoothed principal components (n_cells, d) of half of the counts.

    Args:
        counts: (n_cells, n_genes) whole numbers.
        kept: (n_genes,) genes that count in the total of a cell.
        variable: (n_genes,) genes of the components.
        coords: (n_cells, 2) positions.
        norm_target: total to scale each cell to; 0: the median.
    """
    normalized = log_normalize(half_of_counts(counts), kept, norm_target)
    return smoothed_components(principal_components(normalized[:, variable]), coords)


def read_judging_points(preprocessed: Path) -> np.ndarray | None:
    """The points (n_cells, d) of a preprocessed dataset; None if it does not hold counts."""
    found = read_elements(preprocessed, "layers/counts", "var", "obsm/spatial", "uns/dataset")
    about = found["uns/dataset"]
    if about["kind"] != "counts":
        return None
    genes = found["var"]
    return judging_points(
        found["layers/counts"],
        genes["kept"].to_numpy(bool),
        genes["highly_variable"].to_numpy(bool),
        found["obsm/spatial"],
        float(about.get("norm_target", 0)),
    )
