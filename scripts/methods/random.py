"""Control: noise, independent of the tissue. The score of chance for every clusterer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from stbench.fitting.interface import Fit, Recorder

N_COLUMNS = 30


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Standard normal noise, (n, 30), drawn from the seed."""
    noise = np.random.default_rng(seed).standard_normal((adata.n_obs, N_COLUMNS))
    return Fit(embedding=noise.astype(np.float32))
