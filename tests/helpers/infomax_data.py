"""A small tissue for methods that are trained."""

from __future__ import annotations

from typing import Any

import numpy as np


def tissue(n: int = 30, genes: int = 20, kind: str = "counts", seed: int = 0) -> Any:
    """A preprocessed AnnData of two halves that differ in expression."""
    import scipy.sparse as sp
    from anndata import AnnData

    generator = np.random.default_rng(seed)
    coords = generator.uniform(0, 10, (n, 2))
    level = np.where((coords[:, :1] > 5) == (np.arange(genes) % 2 == 0), 6.0, 2.0)
    counts = generator.poisson(level).astype(np.float32)
    adata = AnnData(sp.csr_matrix(counts), obsm={"spatial": coords})
    adata.layers["counts"] = adata.X.copy() if kind != "features" else counts - 4
    adata.uns["dataset"] = {"kind": kind, "technology": "simulated", "n_domains": 2}
    return adata
