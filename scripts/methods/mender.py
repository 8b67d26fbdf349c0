"""MENDER: which cell states are around a cell, ring by ring, and Leiden (Yuan, Nature
Communications 2024), re-implemented, because its package pins numpy 1.22.

Cell states are Leiden communities of expression at a high resolution. A cell is described by the
number of cells of each state in rings around it; these counts are treated like counts of genes:
normalized, reduced to components and divided by Leiden into the requested number of domains.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.spatial import cKDTree

from stbench.fitting.interface import Fit, Recorder
from stbench.fitting.raw_input import need_above_zero, need_cells
from stbench.graphs.compiled import keep_compiled
from stbench.graphs.lattice import adjacent, lattice_of
from stbench.graphs.neighbors import knn

_FIRST_RESOLUTION, _STEP, _TRIES = 0.1, 0.05, 12


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Components of the counts of states, (n, at most 50), and Leiden's labels.

    ``resolution`` is that of the states, ``n_scales`` the number of rings. On a lattice a ring
    is a ring of spots; elsewhere it is ``radius`` wide (0: the median distance to the nearest cell,
    as the package estimates it). If the search does not find the requested number of domains, the
    labels are those of the resolution at which it ends.

    Raises:
        InputError: a parameter is not above 0.
        NotApplicableError: fewer cells than domains.
    """
    need_above_zero("mender", params, ("resolution", "n_scales"))
    need_cells(adata.n_obs, max(n_domains, 3), f"makes {n_domains} domains")
    import scanpy as sc
    from anndata import AnnData

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # scanpy's other Leiden
        cells = AnnData(np.asarray(adata.obsm["X_pca"]))
        states = leiden(neighbors(cells, seed), float(params["resolution"]), seed)
        around = neighborhoods(adata, float(params["radius"]), int(params["n_scales"]))
        context = AnnData(count_states(states, around).astype(np.float32))
        sc.pp.normalize_total(context)
        sc.pp.log1p(context)
        sc.pp.pca(context)
        labels, resolution = search(neighbors(context, seed, "X_pca"), n_domains, seed)
    return Fit(
        embedding=context.obsm["X_pca"],
        labels=labels,
        info={
            "states": int(states.max()) + 1,
            "domains": int(labels.max()) + 1,
            "resolution": resolution,
        },
    )


def neighborhoods(adata: Any, radius: float, n_scales: int) -> Iterator[sp.csr_matrix]:
    """For each scale the cells (columns) up to that ring around each cell (rows), with itself."""
    lattice, n = lattice_of(adata), adata.n_obs
    if lattice is not None:
        step = _links(adjacent(lattice), n)
        within = sp.identity(n, format="csr")
        for _ in range(n_scales):
            within = ((within @ step) > 0).astype(np.float64)
            yield within
        return
    coords = np.asarray(adata.obsm["spatial"], dtype=np.float64)
    radius = radius or float(np.median(knn(coords, 1)[0]))
    pairs = cKDTree(coords).query_pairs(n_scales * radius, output_type="ndarray")
    distances = np.linalg.norm(coords[pairs[:, 0]] - coords[pairs[:, 1]], axis=1)
    for scale in range(1, n_scales + 1):
        yield _links(pairs[distances <= scale * radius], n)


def _links(pairs: np.ndarray, n: int) -> sp.csr_matrix:
    """The symmetric matrix of the pairs and of every cell with itself."""
    linked = sp.csr_matrix((np.ones(len(pairs)), pairs.T), shape=(n, n))
    return (linked + linked.T + sp.identity(n)).tocsr()


def count_states(states: np.ndarray, around: Iterator[sp.csr_matrix]) -> np.ndarray:
    """Cells of each state in each ring, (n, rings x states), ring by ring."""
    of_state = np.eye(states.max() + 1)[states]
    within = [reach @ of_state for reach in around]
    return np.hstack([within[0], *np.diff(within, axis=0)])


def neighbors(table: Any, seed: int, use_rep: str = "X") -> Any:
    """The table with scanpy's graph of 15 similar cells."""
    import scanpy as sc

    keep_compiled()
    sc.pp.neighbors(table, min(15, table.n_obs - 1), use_rep=use_rep, random_state=seed)
    return table


def leiden(table: Any, resolution: float, seed: int) -> np.ndarray:
    """Labels from 0 of scanpy's Leiden, the largest community first."""
    import scanpy as sc

    sc.tl.leiden(table, resolution, flavor="leidenalg", random_state=seed)
    return table.obs["leiden"].astype(int).to_numpy()


def search(table: Any, n_domains: int, seed: int) -> tuple[np.ndarray, float]:
    """Labels and their resolution, found in steps that are halved where they pass the number."""
    resolution, step = _FIRST_RESOLUTION, _STEP
    labels = leiden(table, resolution, seed)
    for _ in range(_TRIES):
        found = labels.max() + 1
        if found == n_domains:
            break
        sign = 1 if found < n_domains else -1
        tried = leiden(table, resolution + sign * step, seed)
        if tried.max() + 1 == n_domains or sign == (1 if tried.max() + 1 < n_domains else -1):
            resolution, labels = resolution + sign * step, tried
        else:
            step /= 2
    return labels, resolution
