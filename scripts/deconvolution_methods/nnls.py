"""Non-negative least squares on the mean counts of each type: a simple baseline.

A spot's counts are modeled as a sum of whole cells, so coefficients are numbers of cells and not
shares of molecules. Genes are weighted by one over the square root of their mean, because the
variance of counts grows with it (Lawson and Hanson 1974; ``scipy.optimize.nnls``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from stbench.deconvolution.gene_matching import shared_counts
from stbench.deconvolution.proportions import normalized_rows


def signatures(reference: Any) -> np.ndarray:
    """(genes, types) mean counts of a cell of each type."""
    codes = reference.obs["celltype"].cat.codes.to_numpy()
    n_types = len(reference.obs["celltype"].cat.categories)
    means = [np.asarray(reference.X[codes == code].mean(axis=0)).ravel() for code in range(n_types)]
    return np.column_stack(means)


def fit(
    spots: Any, reference: Any, seed: int, device: str, params: Mapping[str, Any]
) -> pd.DataFrame:
    """Proportions of the reference's types; the seed is not used.

    Raises:
        FloatingPointError: a spot has no count in any gene of the reference's types.
    """
    spots, reference = shared_counts(spots, reference)
    means = signatures(reference)
    overall = means.mean(axis=1)
    used = overall > 0
    weights = 1 / np.sqrt(overall[used])
    scaled = means[used] * weights[:, None]
    counts = spots.X[:, used].toarray() * weights
    cells = np.array([nnls(scaled, row)[0] for row in counts])
    types = reference.obs["celltype"].cat.categories
    return normalized_rows(cells, types, "cells")
