"""Control: principal components of the expression. The baseline without spatial information."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from stbench.fitting.interface import Fit, Recorder


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """The components of the preprocessed dataset, (n, at most 30), unchanged."""
    return Fit(embedding=np.asarray(adata.obsm["X_pca"], dtype=np.float32))
