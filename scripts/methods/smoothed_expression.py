"""Control: expression averaged over nearby cells, then its principal components.

The order of NichePCA, which averages before the components are chosen; ``smoothed_pca`` averages
after. It is not tuned: 15 neighbors, as there, on every dataset.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from stbench.data.preprocessing import principal_components
from stbench.fitting.interface import Fit, Recorder
from stbench.graphs.smoothing import smoothed


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Components (n, at most 30) of log-normalized expression, averaged over a cell and its
    ``n_neighbors`` nearest others; the genes are those of ``X_pca``."""
    genes = adata.var["highly_variable"].to_numpy()
    expression = sp.csr_matrix(adata.X[:, genes], dtype=np.float64)
    averaged = smoothed(expression, adata.obsm["spatial"], int(params["n_neighbors"]))
    return Fit(principal_components(averaged))
