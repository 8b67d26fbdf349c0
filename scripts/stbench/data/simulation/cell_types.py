"""Cell types: their mixture in each domain, and the type of each cell."""

from __future__ import annotations

import numpy as np

from stbench.data.simulation.tissue import Tissue

_MIXTURE = 3.0  # concentration of the domains' mixtures at contrast 1


def draw_mixtures(tissue: Tissue, rng: np.random.Generator) -> np.ndarray:
    """The share of each cell type in each domain, (domains, types).

    Mixtures are Dirichlet around the mixture of the whole tissue, closer with smaller contrast.
    """
    overall = rng.dirichlet(np.full(tissue.n_types, 5.0))
    mixtures = np.tile(overall, (tissue.n_domains, 1))
    if tissue.contrast > 0:
        concentration = _MIXTURE / tissue.contrast**2
        mixtures = rng.dirichlet(concentration * overall + 1e-3, tissue.n_domains)
    return mixtures


def draw_types(
    domains: np.ndarray,
    mixtures: np.ndarray,
    rng: np.random.Generator,
    log_odds: np.ndarray | None = None,
) -> np.ndarray:
    """A cell type for each cell, (n,), from its domain's mixture.

    ``log_odds``: (n, types) additions to the log shares of the types at each cell.
    """
    shares = mixtures[domains]
    if log_odds is not None:
        shares = shares * np.exp(log_odds)
        shares /= shares.sum(axis=1, keepdims=True)
    ladder = shares.cumsum(axis=1)
    ladder[:, -1] = 1
    return (rng.random(len(domains))[:, None] > ladder).sum(axis=1)
