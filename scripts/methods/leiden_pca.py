"""Leiden communities of the principal components: clustering without spatial information."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from stbench.fitting.interface import Fit, Recorder
from stbench.graphs.communities import communities


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Communities of the 15-nearest-neighbor graph of the components of the preprocessed dataset.

    The resolution is bisected to the requested number of domains. If no resolution gives that
    number, the labels are those of the nearest number reached; ``info`` holds the number and the
    resolution.
    """
    components = np.asarray(adata.obsm["X_pca"], dtype=np.float64)
    labels, resolution = communities(components, n_domains, "leiden", seed)
    n_communities = len(np.unique(labels))
    return Fit(labels=labels, info={"resolution": resolution, "domains": n_communities})
