"""Tangram (Biancalani et al., Nature Methods 2021), by the package tangram-sc: cells are mapped so
that they reconstruct the spots, with the counts of the spots as their density; probabilities are
summed by type. As published, it is trained on marker genes of the types in the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch  # noqa: F401 - the device is chosen only if torch is loaded

from stbench.deconvolution.gene_matching import shared_counts
from stbench.deconvolution.mapping_memory import need_room
from stbench.deconvolution.proportions import normalized_rows
from stbench.fitting.requirements import require


def marker_genes(reference: Any, n_genes: int) -> list[str]:
    """The ``n_genes`` best markers of each type (t-test on log-normalized counts), once each."""
    import scanpy as sc

    table = reference.copy()
    sc.pp.normalize_total(table)
    sc.pp.log1p(table)
    sc.tl.rank_genes_groups(table, "celltype", n_genes=n_genes)
    return sorted({str(gene) for row in table.uns["rank_genes_groups"]["names"] for gene in row})


def fit(
    spots: Any, reference: Any, seed: int, device: str, params: Mapping[str, Any]
) -> pd.DataFrame:
    """Proportions of the reference's types.

    Raises:
        NotApplicableError: the package is missing, or cells x spots is larger than ``max_mapping``.
        FloatingPointError: a spot gets no cells.
    """
    require("tangram", "tangram")
    need_room(reference.n_obs, spots.n_obs, int(params["max_mapping"]))
    import scanpy as sc
    import tangram as tg

    spots, cells = shared_counts(spots, reference)
    genes = marker_genes(cells, int(params["genes_per_type"]))
    sc.pp.normalize_total(cells)
    for table in (spots, cells):
        table.X = sp.csr_matrix(table.X)
    tg.pp_adatas(cells, spots, genes=genes, gene_to_lowercase=False)
    # The package uses the genes in the order of a set; sorted, a seed is reproducible everywhere.
    for table in (spots, cells):
        table.uns["training_genes"] = sorted(table.uns["training_genes"])
    mapped = tg.map_cells_to_space(
        cells,
        spots,
        mode="cells",
        density_prior="rna_count_based",
        learning_rate=params["lr"],
        num_epochs=params["epochs"],
        device=device,
        random_state=seed,
        verbose=False,
    )
    tg.project_cell_annotations(mapped, spots, annotation="celltype")
    types = reference.obs["celltype"].cat.categories
    amounts = spots.obsm["tangram_ct_pred"].reindex(columns=types)
    return normalized_rows(np.asarray(amounts, dtype=float), types, "cells")
