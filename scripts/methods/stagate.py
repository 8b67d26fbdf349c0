"""STAGATE (Dong and Zhang, Nature Communications 2022), by its maintained package, unmodified.

Input and graph are computed as in the package's tutorials. Its graph of nearest neighbors is
directed and a cell aggregates from the cells that list it, so links are made symmetric unless
``mutual_links`` is off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from stbench.common.errors import InputError
from stbench.fitting.interface import Fit, Recorder
from stbench.fitting.raw_input import (
    need_above_zero,
    need_cells,
    need_counts_to_choose,
    need_links,
    raw_table,
)
from stbench.fitting.training_hooks import WatchedTraining
from stbench.graphs.radius import radius_for


def log_expression(table: Any, kind: str, params: Mapping[str, Any]) -> None:
    """Variable genes flagged on counts (all of a panel), totals scaled, log; in place.

    Intensities are treated the same way; features are not changed.
    """
    import scanpy as sc

    if kind == "features":
        return
    n_genes = params["n_genes"]
    need_counts_to_choose(table, n_genes, kind)
    if table.n_vars > n_genes:
        sc.pp.highly_variable_genes(table, flavor="seurat_v3", n_top_genes=n_genes)
    sc.pp.normalize_total(table, target_sum=params["target_sum"])
    sc.pp.log1p(table)


def spatial_net(table: Any, params: Mapping[str, Any]) -> None:
    """Put the package's table of linked cells into ``uns['Spatial_Net']``.

    ``graph`` is ``knn`` (``n_neighbors`` nearest) or ``radius`` (in the unit of the coordinates;
    0: the one that gives a cell ``n_neighbors`` neighbors on average).
    """
    import pandas as pd
    from STAGATE_pyG import Cal_Spatial_Net

    if params["graph"] == "radius":
        positions = table.obsm["spatial"]
        radius = params["radius"] or radius_for(positions, params["n_neighbors"])
        Cal_Spatial_Net(table, rad_cutoff=radius, model="Radius")
    elif params["graph"] == "knn":
        k = params["n_neighbors"]
        need_cells(table.n_obs, k + 1, f"links {k} neighbors")
        Cal_Spatial_Net(table, k_cutoff=k, model="KNN")
    else:
        raise InputError(f"stagate: graph is {params['graph']!r}: must be knn or radius")
    if params["mutual_links"]:
        links = table.uns["Spatial_Net"]
        reverse = links.rename(columns={"Cell1": "Cell2", "Cell2": "Cell1"})
        both = pd.concat([links, reverse], ignore_index=True)
        table.uns["Spatial_Net"] = both.drop_duplicates(["Cell1", "Cell2"])


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Train STAGATE on a preprocessed AnnData; the embedding is (n, 30).

    The number of domains is not used.

    Raises:
        InputError: a parameter is invalid.
        NotApplicableError: too few cells, no link, or genes to choose without counts.
    """
    from STAGATE_pyG import STAGATE, train_STAGATE

    names = ("epochs", "lr", "gradient_clipping", "n_genes", "target_sum", "n_neighbors")
    need_above_zero("stagate", params, (*names, "record_every"))
    table = raw_table(adata)
    log_expression(table, adata.uns["dataset"]["kind"], params)
    spatial_net(table, params)
    net = table.uns["Spatial_Net"]
    unlinked = need_links(net[["Cell1", "Cell2"]].to_numpy(dtype=str), table.n_obs)

    def embed(network: nn.Module, inputs: tuple[Any, ...]) -> np.ndarray:
        return network(*inputs)[0].cpu().numpy()

    with WatchedTraining(STAGATE, embed, params["record_every"], record) as training:
        train_STAGATE(
            table,
            hidden_dims=params["hidden_dims"],
            n_epochs=params["epochs"],
            lr=params["lr"],
            weight_decay=params["weight_decay"],
            gradient_clipping=params["gradient_clipping"],
            random_seed=seed,
            verbose=False,
            device=torch.device(device),
        )
    embedding = table.obsm["STAGATE"]
    training.finish(embedding)
    return Fit(embedding=embedding, info={"links": len(net), **unlinked})
