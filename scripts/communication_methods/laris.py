"""LARIS (2025): spatially specific pairs of ligands and receptors, between cell types.

Ligand and receptor are smoothed over the 20 nearest cells and multiplied; the score of two types
combines how specific the product is for places and for types.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from anndata import AnnData

from stbench.common.errors import NotApplicableError
from stbench.interactions.communication import Communication


def infer(adata: AnnData, pairs: Sequence[tuple[str, str]], distance: float) -> Communication:
    """A score for each ordered pair of types; it uses a number of cells instead of ``distance``."""
    if "celltype" not in adata.obs:
        raise NotApplicableError("LARIS needs cell types")
    import laris

    resource = pd.DataFrame(pairs, columns=["ligand", "receptor"])
    smoothed = laris.tl.prepareLRInteraction(adata, resource, use_rep_spatial="spatial")
    _, table = laris.tl.runLARIS(
        smoothed,
        adata,
        use_rep="spatial",
        use_rep_spatial="spatial",
        groupby="celltype",
        calculate_pvalues=False,
        remove_lowly_expressed=False,
        remove_lowly_expressed_celltype=False,
    )
    types = np.unique(adata.obs["celltype"].astype(str))
    number = {name: place for place, name in enumerate(types)}
    place = {pair: k for k, pair in enumerate(pairs)}
    scores = np.zeros((len(pairs), len(types), len(types)))
    for row in table.itertuples(index=False):
        pair = place[row.ligand, row.receptor]
        scores[pair, number[str(row.sender)], number[str(row.receiver)]] = row.interaction_score
    return Communication(types=scores)
