"""CellCharter: components of a cell and of the rings around it, and a Gaussian mixture model
(Varrone et al., Nature Genetics 2024), by the package cellcharter.

The published pipeline starts from a variational autoencoder's latent; here it starts from principal
components, like the other methods.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from stbench.common.errors import InputError
from stbench.fitting.interface import Fit, Recorder
from stbench.fitting.requirements import require

GRAPHS = ("delaunay", "grid")


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Features of the rings, (n, components x (layers + 1)), and the mixture's labels.

    ``graph`` is ``delaunay`` (links longer than the ``longest`` percentile are cut) or ``grid``
    (the 6 neighbors of a spot of 10x Visium). Of ``n_init`` mixtures the one with the
    highest likelihood is used; a single one often ends in a poor optimum.

    Raises:
        InputError: an unknown graph.
        NotApplicableError: the package is missing.
    """
    require("cellcharter", "cellcharter")
    if params["graph"] not in GRAPHS:
        raise InputError(f"cellcharter: graph is {params['graph']!r}: must be {', '.join(GRAPHS)}")
    import cellcharter as cc
    import squidpy as sq
    from anndata import AnnData

    components = np.asarray(adata.obsm["X_pca"][:, : int(params["n_components"])], np.float32)
    table = AnnData(np.zeros((adata.n_obs, 0), np.float32), obsm={"components": components})
    table.obsm["spatial"] = np.asarray(adata.obsm["spatial"])
    sections = None
    if "section" in adata.obs:  # each has its own graph
        sections = "section"
        table.obs[sections] = adata.obs[sections].to_numpy()
        table.obs[sections] = table.obs[sections].astype("category")
    if params["graph"] == "grid":
        sq.gr.spatial_neighbors(table, coord_type="grid", n_neighs=6, library_key=sections)
    else:
        sq.gr.spatial_neighbors(table, coord_type="generic", delaunay=True, library_key=sections)
        cc.gr.remove_long_links(table, distance_percentile=float(params["longest"]))
    cc.gr.aggregate_neighbors(table, n_layers=int(params["n_layers"]), use_rep="components")

    features = table.obsm["X_cellcharter"]
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    torch.manual_seed(seed)
    mixtures = []
    for _ in range(int(params["n_init"])):
        mixture = cc.tl.Cluster(n_clusters=n_domains, trainer_params=_trainer(device))
        mixture.fit(table, use_rep="X_cellcharter")
        mixtures.append(mixture)
    best = min(mixtures, key=lambda mixture: mixture.nll_)
    labels = best.predict(table, use_rep="X_cellcharter").codes.astype(np.int32)
    return Fit(
        embedding=features,
        labels=labels,
        info={"negative_log_likelihood": float(best.nll_), "domains": len(np.unique(labels))},
    )


def _trainer(device: str) -> dict[str, Any]:
    from lightning_fabric.plugins.environments import LightningEnvironment

    return {
        "accelerator": "gpu" if device == "cuda" else "cpu",
        "devices": 1,
        "plugins": [LightningEnvironment()],  # one process, also under Slurm
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
