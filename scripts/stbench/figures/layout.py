"""An embedding in two dimensions, and the connectivity of its groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stbench.graphs.compiled import keep_compiled

if TYPE_CHECKING:
    from anndata import AnnData

NEIGHBORS = 15


def umap_and_paga(embedding: np.ndarray, groups: pd.Categorical) -> tuple[np.ndarray, np.ndarray]:
    """UMAP (McInnes et al. 2018) and PAGA (Wolf et al. 2019) of an embedding, with scanpy's
    neighbors and settings.

    Args:
        embedding: (n, d).
        groups: (n,) at least two groups, each with cells; cells without a group are used for UMAP
            only.

    Returns:
        UMAP (n, 2) and PAGA's connectivities (groups, groups).
    """
    import scanpy as sc

    cells = _with_umap(embedding)
    has_group = groups.codes >= 0
    grouped = cells[has_group].copy()
    grouped.obs["group"] = groups[has_group]
    sc.tl.paga(grouped, groups="group")
    return cells.obsm["X_umap"], grouped.uns["paga"]["connectivities"].toarray()


def umap(embedding: np.ndarray) -> np.ndarray:
    """UMAP (n, 2) of an embedding (n, d), as of ``umap_and_paga``."""
    return _with_umap(embedding).obsm["X_umap"]


def _with_umap(embedding: np.ndarray) -> AnnData:
    import scanpy as sc
    from anndata import AnnData

    cells = AnnData(obs=pd.DataFrame(index=np.arange(len(embedding)).astype(str)))
    cells.obsm["embedding"] = embedding
    keep_compiled()
    sc.pp.neighbors(cells, min(NEIGHBORS, len(embedding) - 1), use_rep="embedding", random_state=0)
    sc.tl.umap(cells, random_state=0)
    return cells
