"""SpaGCN (Hu et al., Nature Methods 2021), by its maintained package, unmodified, without images.

The package's default, ``spagcn-1.2.7``, keeps the published numerics. Clusters are initialized by
k-means, with the number of domains. The result is labels; the epochs of its clustering have no
embedding to record. The kernel over all pairs of cells is dense n x n.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from stbench.common.errors import InputError
from stbench.fitting.interface import Fit, Recorder
from stbench.fitting.raw_input import need_above_zero, need_cells, need_room, raw_table
from stbench.graphs.neighbors import knn


def log_expression(table: Any, kind: str, min_cells: int) -> None:
    """Rare genes, spike-ins and mitochondrial genes dropped, totals equalized, log; in place.

    Intensities are treated the same way, but without filters; features are not changed.

    Raises:
        InputError: the filters leave fewer than two genes.
    """
    import scanpy as sc
    from SpaGCN import prefilter_genes, prefilter_specialgenes

    if kind == "features":
        return
    if kind == "counts":
        prefilter_genes(table, min_cells=min_cells)
        prefilter_specialgenes(table)
        if table.n_vars < 2:
            raise InputError(
                f"spagcn: {table.n_vars} genes are detected in {min_cells} cells or more; "
                "lower min_cells"
            )
    sc.pp.normalize_per_cell(table, min_counts=0)  # no cell is dropped
    sc.pp.log1p(table)


def length_scale(distances: np.ndarray, spacing: float, params: Mapping[str, Any]) -> float:
    """The kernel width at which other cells contribute the share ``p`` of a cell's neighborhood.

    It is searched for between ``l_start`` and ``l_end`` in the unit of the coordinates, which suits
    pixels and micrometers, then in units of the spacing of cells, which suits any unit.

    Args:
        distances: (n, n) distances of cells.
        spacing: median distance to the nearest cell at another position.
        params: the method's parameters.

    Raises:
        InputError: no width has this share.
    """
    from SpaGCN import search_l

    start, end, p = params["l_start"], params["l_end"], params["p"]
    for unit in (1.0, spacing):
        width = search_l(
            p, distances, start=start * unit, end=end * unit, tol=params["l_tol"], max_run=100
        )
        if width is not None:
            return width
    raise InputError(
        f"spagcn: no l from {start:g} to {end:g} gives p = {p:g}, nor does one from "
        f"{start * spacing:g} to {end * spacing:g}; change l_start or l_end"
    )


def cell_spacing(coords: np.ndarray) -> float:
    """The median distance to the nearest cell at another position."""
    return float(np.median(knn(np.unique(coords, axis=0), 1)[0]))


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Train SpaGCN on a preprocessed AnnData, on the CPU; the result is labels.

    Raises:
        InputError: a parameter is invalid.
        NotApplicableError: too many cells, or fewer cells than domains.
        FloatingPointError: the labels' probabilities are not finite.
    """
    from SpaGCN import SpaGCN, calculate_adj_matrix

    need_above_zero("spagcn", params, ("epochs", "lr", "n_components", "p", "l_tol"))
    need_room(adata.n_obs, params["max_cells"])
    need_cells(adata.n_obs, n_domains, f"makes {n_domains} clusters")
    table = raw_table(adata)
    x, y = table.obsm["spatial"][:, :2].T.tolist()
    distances = calculate_adj_matrix(x=x, y=y, histology=False)
    log_expression(table, adata.uns["dataset"]["kind"], params["min_cells"])
    model = SpaGCN()
    spacing = cell_spacing(table.obsm["spatial"][:, :2])
    model.set_l(length_scale(distances, spacing, params))
    # Components, k-means and weights are drawn from the global generators.
    random.seed(seed)
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    model.train(
        table,
        distances,
        num_pcs=min(params["n_components"], min(table.shape) - 1),
        init_spa=True,
        init="kmeans",
        n_clusters=n_domains,
        tol=params["tol"],
        lr=params["lr"],
        max_epochs=params["epochs"],
    )
    labels, probabilities = model.predict()
    if not np.isfinite(probabilities).all():
        raise FloatingPointError("the probabilities of the labels are not finite")
    return Fit(labels=labels, info={"l": float(model.l), "genes": table.n_vars})
