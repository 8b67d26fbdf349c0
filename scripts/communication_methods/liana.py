"""LIANA+ (Dimitrov et al., Nature Cell Biology 2024): local bivariate scores.

The score of a cell is the cosine similarity of ligand and receptor in its Gaussian neighborhood
(the default of ``liana.mt.bivariate``); the kernel falls to 0.1 at the distance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from anndata import AnnData

from stbench.interactions.communication import KERNEL_AT_DISTANCE, Communication, bandwidth


def infer(adata: AnnData, pairs: Sequence[tuple[str, str]], distance: float) -> Communication:
    """A score for each cell; 0 for a pair of genes that too few cells express."""
    import liana

    liana.ut.spatial_neighbors(adata, bandwidth=bandwidth(distance), cutoff=KERNEL_AT_DISTANCE)
    local = liana.mt.bivariate(
        adata,
        resource=pd.DataFrame(pairs, columns=["ligand", "receptor"]),
        local_name="cosine",
        global_name=None,
        connectivity_key="spatial_connectivities",
        use_raw=False,
    )
    scores = local.to_df().reindex(columns=[f"{a}^{b}" for a, b in pairs], fill_value=0.0)
    return Communication(cells=scores.to_numpy(dtype=np.float64))
