"""Data made worse on purpose, to see how methods bear it: fewer counts, fewer cells, noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from stbench.common.constants import Way
from stbench.common.errors import InputError, NotApplicableError
from stbench.data.validation import MIN_CELLS

if TYPE_CHECKING:
    from anndata import AnnData


def degrade(adata: AnnData, way: Way, level: float, name: str, seed: int = 0) -> AnnData:
    """A dataset (``results/data``) at one level of one way of getting worse; see ``WAYS``.

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
    adata: AnnData, way: Way, level: float, seed: int = 0, keep_empty: bool = False
) -> AnnData:
    """A copy at one level of one way of getting worse; see ``WAYS``.

    Args:
        adata: cells, or spots, by genes (CSR), with ``obsm['spatial']``.
        way, level: see ``WAYS``.
        seed: of everything random.
        keep_empty: whether rows without a count stay.
    """
    rng = np.random.default_rng(seed)
    adata = adata.copy()
    kept = WAYS[way](adata, level, rng)
    if not keep_empty:
        adata.X.eliminate_zeros()
        kept = kept & (np.asarray(adata.X.sum(axis=1)).ravel() > 0)
    return adata[kept].copy()


def _thin_counts(adata: AnnData, level: float, rng: np.random.Generator) -> np.ndarray:
    """Keep every count with this probability: binomial thinning, a shallower sequencing."""
    adata.X.data[:] = rng.binomial(adata.X.data.astype(np.int64), level)
    return np.ones(adata.n_obs, dtype=bool)


def _drop_cells(adata: AnnData, level: float, rng: np.random.Generator) -> np.ndarray:
    """Keep this share of the cells."""
    kept = np.ones(adata.n_obs, dtype=bool)
    kept[rng.permutation(adata.n_obs)[round(level * adata.n_obs) :]] = False
    return kept


def _drop_counts(adata: AnnData, level: float, rng: np.random.Generator) -> np.ndarray:
    """Set this share of the counts that are not zero to zero."""
    adata.X.data[rng.random(len(adata.X.data)) < level] = 0
    return np.ones(adata.n_obs, dtype=bool)


def _jitter_positions(adata: AnnData, level: float, rng: np.random.Generator) -> np.ndarray:
    """Move positions by a normal distance of this sd, in median distances to the nearest cell."""
    from stbench.graphs.neighbors import knn

    spacing = np.median(knn(adata.obsm["spatial"], 1)[0])
    adata.obsm["spatial"] += rng.normal(0, level * spacing, adata.obsm["spatial"].shape)
    return np.ones(adata.n_obs, dtype=bool)


# Each changes the data in place and returns which cells (n_cells,) stay.
WAYS: dict[Way, Callable[[AnnData, float, np.random.Generator], np.ndarray]] = {
    "counts": _thin_counts,
    "cells": _drop_cells,
    "dropout": _drop_counts,
    "jitter": _jitter_positions,
}
