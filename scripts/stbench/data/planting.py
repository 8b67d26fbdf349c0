"""Interactions planted into the counts of a real tissue.

Positions, cell types, domains and all other genes stay as they were measured. What
``stbench.data.planted_interactions`` adds to the log mean of a gene in a cell changes its count: a
rise by Poisson counts on top, a fall by thinning. The mean that rises is that of the gene in cells
of the type, or in all cells if that is larger, times the size of the cell.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from stbench.common.errors import InputError, NotApplicableError
from stbench.data.planted_interactions import plant
from stbench.data.validation import labels_count

if TYPE_CHECKING:
    from anndata import AnnData

_NEIGHBORS = 6
# As of simulation/tissue.py; importing it would give all planted tissues another key.
_REGIMES, _RANGES = ("complementary", "alike", "opposite"), ("radius", "contact", "secreted")


def spacing_of(coords: np.ndarray) -> float:
    """The mean spacing of cells: the side of the square that one cell has, in dense places.

    It is the median over cells of the distance to the sixth nearest cell, over what that distance
    is at one cell per unit of area; empty parts of the tissue do not count.
    """
    from stbench.graphs.neighbors import knn

    distances, _ = knn(coords, _NEIGHBORS)
    return float(np.median(distances[:, -1]) / math.sqrt(_NEIGHBORS / math.pi))


def central(coords: np.ndarray, n: int) -> np.ndarray:
    """The n cells nearest to the center of mass of the tissue, in ascending order."""
    distances = np.linalg.norm(coords - coords.mean(axis=0), axis=1)
    return np.sort(np.argsort(distances, kind="stable")[:n])


def plant_into(adata: AnnData, name: str, parameters: Mapping[str, Any]) -> AnnData:
    """A copy of a dataset (``results/data``) with planted interactions.

    Args:
        adata: counts, ``obsm['spatial']`` and ``obs['celltype']``; cells without a type take part
            in no interaction.
        name: id of the new dataset.
        parameters: regime, range, radius (in mean spacings of cells), n_triples, n_targets, effect
            and seed; with ``cells`` only so many cells nearest to the center of the tissue.

    Returns:
        The dataset with ``obsp['true_interactions']`` and ``uns['true_triples']``; the radius in it
        is in the unit of the coordinates.

    Raises:
        NotApplicableError: no counts or no cell types.
        InputError: a wrong parameter, too few pairs of types that touch, or too few genes.
    """
    _check(parameters, name)
    facts = dict(adata.uns["dataset"])
    if facts["kind"] != "counts":
        raise NotApplicableError(f"planting needs counts, this dataset holds {facts['kind']}")
    if "celltype" not in adata.obs:
        raise NotApplicableError("planting needs cell types")
    if "cells" in parameters:
        whole = adata
        adata = adata[central(adata.obsm["spatial"], parameters["cells"])].copy()
        if np.array_equal(facts["n_domains"], labels_count(whole)):
            facts["n_domains"] = labels_count(adata)
    typed = adata.obs["celltype"].notna().to_numpy()
    if not typed.any():
        raise NotApplicableError("planting needs cell types, no cell has one")
    types = adata.obs["celltype"][typed].cat.remove_unused_categories()
    coords = np.asarray(adata.obsm["spatial"], dtype=np.float64)
    radius = float(parameters["radius"]) * spacing_of(coords)
    counts = sp.csr_matrix(adata.X[typed], dtype=np.float64)
    n_genes, needed = counts.shape[1], parameters["n_triples"] * (2 + parameters["n_targets"])
    if needed > n_genes // 2:
        raise InputError(f"{name}: {needed} genes are needed, half of the panel is {n_genes // 2}")
    rng = np.random.default_rng([parameters["seed"], 2])
    planted = plant(
        coords[typed],
        np.asarray(types.cat.codes, dtype=np.int64),
        np.log(np.asarray(counts.mean(axis=0)).ravel() + 1e-9),
        parameters["n_triples"],
        parameters["n_targets"],
        parameters["effect"],
        radius,
        rng,
        parameters["regime"],
        parameters["range"],
    )
    changed = adata.copy()
    rows = np.flatnonzero(typed)
    changed.X = _changed(adata.X, rows, planted.raised, types.cat.codes.to_numpy(), rng)
    genes = adata.var_names.to_numpy(dtype=object)
    names = types.cat.categories.to_numpy(dtype=object)
    facts_of = {**{key: parameters[key] for key in ("effect", "regime", "range")}, "radius": radius}
    changed.uns["true_triples"] = {**planted.triples.named(names, genes), **facts_of}
    pairs = sp.coo_matrix(planted.interactions)
    one, other = pairs.coords
    shape = (adata.n_obs, adata.n_obs)
    changed.obsp["true_interactions"] = sp.csr_matrix((pairs.data, (rows[one], rows[other])), shape)
    part = f"{adata.n_obs} cells, " if "cells" in parameters else ""
    derived_from = f"{facts['id']}, {part}planted"
    changed.uns["dataset"] = {**facts, "id": name, "derived_from": derived_from}
    return changed


def _check(parameters: Mapping[str, Any], name: str) -> None:
    """Refuse what a configuration cannot have, too (config/schemas/planted.schema.yaml)."""
    needed = {"regime", "range", "radius", "n_triples", "n_targets", "effect", "seed"}
    if odd := sorted(needed - set(parameters) | set(parameters) - {*needed, "cells", "into"}):
        raise InputError(f"{name}: parameters: {odd[0]} is missing or unknown")
    for key, known in (("regime", _REGIMES), ("range", _RANGES)):
        if parameters[key] not in known:
            raise InputError(f"{name}: {key}: {parameters[key]!r} is none of {', '.join(known)}")
    for key, least in (("n_triples", 1), ("n_targets", 1), ("cells", 50)):
        if parameters.get(key, least) < least:
            raise InputError(f"{name}: {key}: {parameters[key]}; at least {least} is needed")


def _changed(
    counts: Any,
    rows: np.ndarray,
    raised: sp.csr_matrix,
    types: np.ndarray,
    rng: np.random.Generator,
) -> sp.csr_matrix:
    """The counts (n, g) with the changes of the log means of these rows drawn as counts."""
    table = sp.csr_matrix(counts, dtype=np.float64)
    of_rows = table[rows]
    sizes = np.asarray(of_rows.sum(axis=1)).ravel()
    members = sp.csr_matrix((np.ones(len(types)), (types, np.arange(len(types)))))
    shares = (members @ of_rows).toarray() / np.maximum(members @ sizes, 1)[:, None]
    everywhere = np.asarray(of_rows.sum(axis=0)).ravel() / sizes.sum()
    changes = sp.coo_matrix(raised)
    cell, gene = changes.coords
    folds = np.exp(changes.data)
    means = sizes[cell] * np.maximum(shares[types[cell], gene], everywhere[gene])
    measured = np.asarray(of_rows[cell, gene]).ravel().astype(np.int64)
    added = rng.poisson(np.maximum(folds - 1, 0) * means)
    kept = rng.binomial(measured, np.minimum(folds, 1))
    values = sp.csr_matrix((added + kept - measured, (rows[cell], gene)), table.shape)
    result = sp.csr_matrix(table + values)
    result.eliminate_zeros()
    return result.astype(counts.dtype)
