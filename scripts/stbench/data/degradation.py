"""Data made worse on purpose, to see how methods bear it: fewer counts, fewer cells, noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stbench.common.errors import InputError, NotApplicableError
from stbench.data.validation import MIN_CELLS

if TYPE_CHECKING:
    from anndata import AnnData

"""The ways, and the level at which each changes nothing.

``counts``: every count is kept with this probability (binomial thinning, a shallower sequencing).
``cells``: this share of the cells is kept. ``dropout``: this share of the counts that are not zero
is set to zero. ``jitter``: positions are moved by a normal distance of this standard deviation, in
median distances to the nearest other cell.
"""


def degrade(adata: AnnData, way: str, level: float, name: str, seed: int = 0) -> AnnData:
    """A dataset (``results/data``) at one level of one way of getting worse; see ``UNTOUCHED``.

    Cells that are left without a count are dropped, and the number of domains is that of the cells
    that remain.

    Raises:
        NotApplicableError: the way needs counts, and there are none.
        InputError: too little is left.
    """
    facts = dict(adata.uns["dataset"])
    if way in ("counts", "dropout") and facts["kind"] != "counts":
        raise NotApplicableError(f"{way} can be taken from counts, not from {facts['kind']}")
    features = facts["kind"] == "features"
    left = worsened(adata, way, level, seed, keep_empty=features)
    if left.n_obs < MIN_CELLS:
        raise InputError(f"{name}: only {left.n_obs} cells are left; choose a milder level")
    for column in ("section", "cluster", "celltype"):
        if column in left.obs:
            left.obs[column] = left.obs[column].cat.remove_unused_categories()
    if "cluster" in left.obs:
        facts["n_domains"] = int(left.obs["cluster"].nunique())
    left.uns["dataset"] = {**facts, "id": name, "derived_from": f"{facts['id']}, {way} {level:g}"}
    left.uns.pop("true_triples", None)
    left.obsp.pop("true_interactions", None)
    return left


def worsened(
    adata: AnnData, way: str, level: float, seed: int = 0, keep_empty: bool = False
) -> AnnData:
    """A copy at one level of one way of getting worse; see ``UNTOUCHED``.

    Args:
        adata: cells, or spots, by genes (CSR), with ``obsm['spatial']``.
        way, level: see ``UNTOUCHED``.
        seed: of everything random.
        keep_empty: whether rows without a count stay.
    """
    rng = np.random.default_rng(seed)
    adata = adata.copy()
    if way == "counts":
        adata.X.data[:] = rng.binomial(adata.X.data.astype(np.int64), level)
    elif way == "dropout":
        adata.X.data[rng.random(len(adata.X.data)) < level] = 0
    elif way == "jitter":
        from stbench.graphs.neighbors import knn

        spacing = np.median(knn(adata.obsm["spatial"], 1)[0])
        adata.obsm["spatial"] += rng.normal(0, level * spacing, adata.obsm["spatial"].shape)
    kept = np.ones(adata.n_obs, dtype=bool)
    if way == "cells":
        kept[rng.permutation(adata.n_obs)[round(level * adata.n_obs) :]] = False
    if not keep_empty:
        adata.X.eliminate_zeros()
        kept &= np.asarray(adata.X.sum(axis=1)).ravel() > 0
    return adata[kept].copy()
