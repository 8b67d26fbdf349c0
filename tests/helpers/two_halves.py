"""A tissue of two halves, and parameters of STAGUE that train on it in a moment."""

import anndata as ad
import numpy as np

SMALL = {"epochs": 3, "exp_out": 24, "hidden_dim": 16, "rep_dim": 8, "proj_dim": 8, "k": 8}


def tissue(n: int = 80, genes: int = 20, seed: int = 0) -> ad.AnnData:
    """Two halves with a gene program each, noisy; two cells at one place; one gene not chosen."""
    rng = np.random.default_rng(seed)
    coords = rng.random((n, 2)) * 100
    coords[1] = coords[0]
    half = (coords[:, 0] > 50).astype(int)
    rates = np.where(np.arange(genes) % 2 == half[:, None], 3.0, 1.0)
    adata = ad.AnnData(np.log1p(rng.poisson(rates)).astype(np.float32))
    adata.obsm["spatial"] = coords
    adata.var["highly_variable"] = np.arange(genes) > 0
    adata.uns["half"] = half
    return adata
