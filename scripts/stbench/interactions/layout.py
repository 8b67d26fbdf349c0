"""An embedding in two dimensions, and how its groups hang together."""

from __future__ import annotations

import numpy as np
import pandas as pd

NEIGHBORS = 15


def umap_and_paga(embedding: np.ndarray, groups: pd.Categorical) -> tuple[np.ndarray, np.ndarray]:
    """UMAP (McInnes et al. 2018) and PAGA (Wolf et al. 2019) of an embedding, with scanpy's
    neighbours and settings.

    Args:
        embedding: (n, d).
        groups: (n,) at least two groups, all in use; cells without one count for UMAP only.

    Returns:
        UMAP (n, 2) and PAGA's connectivities (groups, groups).
    """
    import scanpy as sc
    from anndata import AnnData

    cells = AnnData(obs=pd.DataFrame(index=np.arange(len(embedding)).astype(str)))
    cells.obsm["embedding"] = embedding
    sc.pp.neighbors(cells, min(NEIGHBORS, len(embedding) - 1), use_rep="embedding", random_state=0)
    sc.tl.umap(cells, random_state=0)
    known = groups.codes >= 0
    grouped = cells[known].copy()
    grouped.obs["group"] = groups[known]
    sc.tl.paga(grouped, groups="group")
    return cells.obsm["X_umap"], grouped.uns["paga"]["connectivities"].toarray()
