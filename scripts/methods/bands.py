"""Control: equal bands across the longer axis of the tissue, whatever the cells express.

Cortical layers are bands, so this is what their arrangement alone is worth.
"""

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
    """Labels: ``n_domains`` bands with equal numbers of cells, in the order of the positions along
    their first principal axis, which is the longer one."""
    centered = adata.obsm["spatial"] - adata.obsm["spatial"].mean(axis=0)
    axis = np.linalg.svd(centered, full_matrices=False)[2][0]
    axis *= np.sign(axis[np.abs(axis).argmax()])  # of a fixed direction on every machine
    labels = np.empty(adata.n_obs, dtype=np.int64)
    places = np.argsort(centered @ axis, kind="stable")
    labels[places] = np.arange(adata.n_obs) * n_domains // adata.n_obs
    return Fit(labels=labels)
