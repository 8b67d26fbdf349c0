"""Control of integration: Harmony's components averaged over nearby cells, as in ``smoothed_pca``.

It is the baseline for every score on joined sections.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from methods import harmony
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
    """Mean corrected components of a cell and its ``n_neighbors`` nearest others, (n, <= 30).

    Raises:
        NotApplicableError: as ``harmony``.
    """
    corrected = harmony.fit(adata, n_domains, seed, device, params, record)
    components = np.asarray(corrected.embedding, dtype=np.float64)
    averaged = smoothed(components, adata.obsm["spatial"], int(params["n_neighbors"]))
    return Fit(embedding=averaged, info=corrected.info)
