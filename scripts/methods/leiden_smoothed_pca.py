"""Control: Leiden communities of ``smoothed_pca``, for methods whose labels are such communities.

Without it the lead of such a method over ``smoothed_pca`` could be that of Leiden over k-means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from methods import smoothed_pca
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
    """Communities of the 15-nearest-neighbor graph of the smoothed components, as ``leiden_pca``.

    The resolution is bisected to the requested number of domains. If no resolution gives that
    number, the labels are those of the nearest number reached; ``info`` holds both.
    """
    components = smoothed_pca.fit(adata, n_domains, seed, device, params, record).embedding
    points = np.asarray(components, dtype=np.float64)
    labels, resolution = communities(points, n_domains, "leiden", seed)
    n_communities = len(np.unique(labels))
    return Fit(labels=labels, info={"resolution": resolution, "domains": n_communities})
