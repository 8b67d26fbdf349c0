"""Numbers by which a simulated tissue is compared with real sections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stbench.data.preprocessing import log_normalize
from stbench.graphs.neighbors import knn

if TYPE_CHECKING:
    from anndata import AnnData

_NEIGHBORS = 6
_LEAST_CELLS = 3  # a gene is measured if so many cells have a count of it


@dataclass(frozen=True)
class Realism:
    """Numbers of a tissue of counts with true domains.

    Genes are log-normalized. Neighbors are the six nearest cells, of which only pairs inside a
    domain count.

    Attributes:
        moran: (genes,) Moran's I of each gene inside domains: of its values minus the mean of their
            domain.
        moran_of_totals: the same of the log totals of the cells.
        same_type: pairs of neighbors of the same cell type over their expected number if types
            were mixed at random in each domain; NaN without cell types.
        zeros: share of zeros in the counts.
        total_cv: standard deviation of the totals over their mean.
        domain_share: (genes,) share of the variance that is between domains.
    """

    moran: np.ndarray
    moran_of_totals: float
    same_type: float
    zeros: float
    total_cv: float
    domain_share: np.ndarray


def realism(adata: AnnData) -> Realism:
    """Measure a dataset of counts with true domains; cells without a domain are left out.

    Dense matrices of its size are used.
    """
    import scipy.sparse as sp

    adata = adata[adata.obs["cluster"].notna().to_numpy()]
    counts = sp.csr_matrix(adata.X, dtype=np.float32)
    totals = np.asarray(counts.sum(axis=1)).ravel()
    measured = counts.getnnz(axis=0) >= _LEAST_CELLS
    every = np.ones(adata.n_vars, bool)
    values = log_normalize(counts, every, 0)[:, measured].toarray().astype(np.float64)
    domains = _indicators(adata.obs["cluster"].cat.codes.to_numpy())
    pairs = _pairs_inside(adata.obsm["spatial"], domains)
    return Realism(
        moran=_moran(values, domains, pairs),
        moran_of_totals=float(_moran(np.log1p(totals)[:, None], domains, pairs)[0]),
        same_type=_same_type(adata, domains, pairs),
        zeros=1 - counts.nnz / (adata.n_obs * adata.n_vars),
        total_cv=float(totals.std() / totals.mean()),
        domain_share=1 - _inside(values, domains).var(axis=0) / values.var(axis=0),
    )


def _indicators(codes: np.ndarray) -> np.ndarray:
    """(cells, labels) 0/1."""
    return (codes[:, None] == np.unique(codes)).astype(np.float64)


def _inside(values: np.ndarray, domains: np.ndarray) -> np.ndarray:
    """Values minus the mean of their domain."""
    means = domains.T @ values / domains.sum(axis=0)[:, None]
    return values - domains @ means


def _pairs_inside(coords: np.ndarray, domains: np.ndarray) -> np.ndarray:
    """(m, 2) each cell with those of its nearest cells that are in its domain."""
    near = knn(coords, _NEIGHBORS)[1]
    cells = np.repeat(np.arange(len(near)), near.shape[1])
    pairs = np.column_stack([cells, near.ravel()])
    codes = domains.argmax(axis=1)
    return pairs[codes[pairs[:, 0]] == codes[pairs[:, 1]]]


def _moran(values: np.ndarray, domains: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Moran's I inside domains of each column."""
    import scipy.sparse as sp

    inside = _inside(values, domains)
    n = len(values)
    weights = sp.csr_matrix((np.ones(len(pairs)), pairs.T), (n, n))
    lagged = weights @ inside
    return (inside * lagged).sum(axis=0) / len(pairs) / inside.var(axis=0)


def _same_type(adata: AnnData, domains: np.ndarray, pairs: np.ndarray) -> float:
    if "celltype" not in adata.obs:
        return float("nan")
    codes = adata.obs["celltype"].cat.codes.to_numpy()
    known = codes >= 0
    domains = domains * known[:, None]
    pairs = pairs[known[pairs].all(axis=1)]
    numbers = domains.T @ _indicators(codes)  # (domains, types)
    cells = domains.sum(axis=0)
    chance = (numbers * (numbers - 1)).sum(axis=1) / np.maximum(cells * (cells - 1), 1)
    expected = chance[domains[pairs[:, 0]].argmax(axis=1)].sum()
    return float((codes[pairs[:, 0]] == codes[pairs[:, 1]]).sum() / expected)
