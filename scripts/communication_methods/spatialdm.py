"""SpatialDM (Li et al., Nature Communications 2023): bivariate Moran's statistics.

The score of a cell is the z of its local statistic, as a sender and a receiver together. Where
neither gene is above its mean, SpatialDM sets p to 1; such cells share the lowest score.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData

from stbench.interactions.communication import KERNEL_AT_DISTANCE, Communication, bandwidth


def infer(adata: AnnData, pairs: Sequence[tuple[str, str]], distance: float) -> Communication:
    """A score for each cell."""
    import spatialdm

    names = [f"{ligand}_{receptor}" for ligand, receptor in pairs]
    ligands, receptors = zip(*pairs, strict=True)
    adata.X = adata.X.toarray() if sp.issparse(adata.X) else adata.X
    adata.raw = adata  # the local statistics are computed from it
    # What spatialdm.extract_lr sets for the pairs of its own resource.
    adata.uns |= {
        "mean": "algebra",
        "num_pairs": len(pairs),
        "ligand": pd.DataFrame({"Ligand0": ligands}, index=names),
        "receptor": pd.DataFrame({"Receptor0": receptors}, index=names),
        "geneInter": pd.DataFrame({"annotation": "Secreted Signaling"}, index=names),
    }
    spatialdm.weight_matrix(
        adata, l=bandwidth(distance), cutoff=KERNEL_AT_DISTANCE, single_cell=True
    )
    spatialdm.spatialdm_global(adata, method="z-score")
    expressed = adata.uns["ligand"].index.to_numpy()
    spatialdm.spatialdm_local(adata, method="z-score", specified_ind=expressed)
    scores = np.nan_to_num(np.asarray(adata.uns["local_z"]).T)
    low = np.asarray(adata.uns["local_z_p"]).T == 1
    table = pd.DataFrame(np.where(low, scores.min(axis=0), scores), columns=expressed)
    return Communication(cells=table.reindex(columns=names, fill_value=0.0).to_numpy())
