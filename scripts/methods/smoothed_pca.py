"""Control: principal components averaged over nearby cells. The baseline for every score.

It is not tuned: 15 neighbors, one hop, on every dataset.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

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
    """Mean components of a cell and its ``n_neighbors`` nearest others, (n, at most 30)."""
    components = np.asarray(adata.obsm["X_pca"], dtype=np.float64)
    return Fit(smoothed(components, adata.obsm["spatial"], int(params["n_neighbors"])))
