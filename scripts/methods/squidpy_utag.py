"""UTAG as one of squidpy's niches: expression averaged over near cells, components and Leiden (Kim
et al., Nature Methods 2022; Palla et al., Nature Methods 2022), by the package squidpy, unmodified.

Genes are the variable ones of the preprocessed dataset. A cell itself is not part of its mean.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from stbench.fitting.interface import Fit, Recorder
from stbench.fitting.raw_input import need_above_zero, need_cells
from stbench.fitting.requirements import require
from stbench.graphs.communities import bisected
from stbench.graphs.lattice import lattice_of

_ON_LATTICE = {"hexagonal": 6, "square": 4}


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Labels of Leiden, whose resolution is bisected to the requested number of domains.

    ``n_near`` nearest cells are averaged (on a lattice the adjacent spots), ``n_similar`` is the
    number of neighbors of Leiden's graph. Squidpy fixes all seeds.

    Raises:
        InputError: a parameter is not above 0.
        NotApplicableError: the package is missing, or there are too few cells.
    """
    require("squidpy", "cellcharter")
    need_above_zero("squidpy_utag", params, ("n_near", "n_similar"))
    table = niche_table(adata, int(params["n_near"]))
    from squidpy.gr import calculate_niche

    def labels_at(resolution: float) -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # scanpy's other Leiden
            calculate_niche(
                table,
                flavor="utag",
                n_neighbors=int(params["n_similar"]),
                resolutions=[resolution],
            )
        return table.obs.pop(f"utag_niche_res={resolution}").astype(int).to_numpy()

    labels, resolution = bisected(labels_at, n_domains)
    return Fit(labels=labels, info={"resolution": resolution, "domains": int(labels.max()) + 1})


def niche_table(adata: Any, n_near: int) -> Any:
    """Log-normalized variable genes, with squidpy's graph of near cells, of each section alone.

    Raises:
        NotApplicableError: too few cells.
    """
    import squidpy as sq
    from anndata import AnnData

    logging.getLogger("spatialdata._logging").setLevel(logging.ERROR)
    table = AnnData(sp.csr_matrix(adata.X[:, adata.var["highly_variable"].to_numpy()]))
    table.obsm["spatial"] = np.asarray(adata.obsm["spatial"])
    sections = None
    if "section" in adata.obs:
        sections = "section"
        table.obs[sections] = adata.obs[sections].to_numpy()
        table.obs[sections] = table.obs[sections].astype("category")
    sizes = [adata.n_obs] if sections is None else table.obs[sections].value_counts()
    need_cells(min(sizes), n_near + 1, f"takes {n_near} neighbors")
    lattice = lattice_of(adata)
    sq.gr.spatial_neighbors(
        table,
        coord_type="grid" if lattice else "generic",
        n_neighs=_ON_LATTICE[lattice.kind] if lattice else n_near,
        library_key=sections,
    )
    return table
