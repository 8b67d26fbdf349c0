"""Control: positions alone. Shows which tissues can be segmented without expression."""

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
    """Centered positions, (n, 2), both axes divided by the same number."""
    centered = adata.obsm["spatial"] - adata.obsm["spatial"].mean(axis=0)
    scale = centered.std() or 1.0  # all cells at the same position: nothing to scale
    return Fit(embedding=(centered / scale).astype(np.float32))
