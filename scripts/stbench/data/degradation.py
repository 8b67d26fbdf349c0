"""Controlled degradation of data: fewer counts, fewer cells, dropout, noise on positions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from stbench.common.constants import Way
from stbench.common.errors import InputError, NotApplicableError
from stbench.data.validation import MIN_CELLS, labels_count

if TYPE_CHECKING:
    from anndata import AnnData


def degrade(adata: AnnData, way: Way, level: float, name: str, draw: int = 0) -> AnnData:
    """A dataset (``results/data``) at one level of one way of degradation; see ``WAYS``.

    ``draw`` is the seed of all random numbers. Cells without any remaining count are dropped, and
    the number of domains is that of the remaining cells, unless another one than that of the labels
    was requested.

    Raises:
        NotApplicableError: the way needs counts, and there are none.
        InputError: too few cells remain.
    """
    facts = dict(adata.uns["dataset"])
    follows_labels = np.array_equal(facts["n_domains"], labels_count(adata))
    if way in ("counts", "dropout") and facts["kind"] != "counts":
        raise NotApplicableError(f"{way} needs counts, this dataset holds {facts['kind']}")
    features = facts["kind"] == "features"
    remaining = degraded_copy(adata, way, level, draw, keep_empty=features)
    if remaining.n_obs < MIN_CELLS:
        raise InputError(f"{name}: only {remaining.n_obs} cells remain; choose a milder level")
    for column in ("section", "cluster", "celltype"):
        if column in remaining.obs:
            remaining.obs[column] = remaining.obs[column].cat.remove_unused_categories()
    if follows_labels:
        facts["n_domains"] = labels_count(remaining)
    derived_from = f"{facts['id']}, {way} {level:g}, draw {draw}"
    remaining.uns["dataset"] = {**facts, "id": name, "derived_from": derived_from}
    remaining.uns.pop("true_triples", None)
    remaining.obsp.pop("true_interactions", None)
    return remaining


def degraded_copy(
    adata: AnnData, way: Way, level: float, draw: int = 0, keep_empty: bool = False
) -> AnnData:
    """A degraded copy at one level of one way; see ``WAYS``.

    Args:
        adata: cells, or spots, by genes (CSR), with ``obsm['spatial']``.
        way, level: see ``WAYS``.
        draw: seed of all random numbers.
        keep_empty: whether rows without a count are kept.
    """
    rng = np.random.default_rng(draw)
    adata = adata.copy()
    kept = WAYS[way](adata, level, rng)
    if not keep_empty:
        adata.X.eliminate_zeros()
        kept = kept & (np.asarray(adata.X.sum(axis=1)).ravel() > 0)
    return adata[kept].copy()


def _thin_counts(adata: AnnData, level: float, rng: np.random.Generator) -> np.ndarray:
    """Keep every count with this probability: binomial thinning, like shallower sequencing."""
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


# Each changes the data in place and returns the mask of the remaining cells (n_cells,).
WAYS: dict[Way, Callable[[AnnData, float, np.random.Generator], np.ndarray]] = {
    "counts": _thin_counts,
    "cells": _drop_cells,
    "dropout": _drop_counts,
    "jitter": _jitter_positions,
}
