"""COMMOT (Cang et al., Nature Methods 2023): collective optimal transport of ligands to receptors.

Within the distance, ligands of all pairs compete for receptors. The scores of cells and of pairs of
types are COMMOT's own summaries of the transport: sums sent and received, and means over the pairs
of cells of two types.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from anndata import AnnData

from stbench.common.errors import NotApplicableError
from stbench.interactions.communication import Communication, from_links

MOST_CELLS = 15_000  # it holds the distances of all pairs of cells


def infer(adata: AnnData, pairs: Sequence[tuple[str, str]], distance: float) -> Communication:
    """A score for each ordered pair of cells within the distance."""
    if adata.n_obs > MOST_CELLS:
        raise NotApplicableError(f"COMMOT holds all pairs of cells; more than {MOST_CELLS} cells")
    vars(np).setdefault("Inf", np.inf)  # COMMOT 0.0.3 uses this name, which NumPy 2 has removed
    import commot

    resource = pd.DataFrame([(*pair, "all") for pair in pairs])
    name = "candidates"
    commot.tl.spatial_communication(
        adata, database_name=name, df_ligrec=resource, dis_thr=distance, heteromeric=False
    )
    links = [adata.obsp[f"commot-{name}-{ligand}-{receptor}"] for ligand, receptor in pairs]
    return from_links(links, adata.obs.get("celltype"))
