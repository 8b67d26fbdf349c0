"""Statistics of the genes of a real section, from which counts of simulated tissues are drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stbench.common.errors import InputError
from stbench.common.paths import gene_statistics_file

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

TOTAL = "total"  # the row of the library sizes
_LEAST_DISPERSION = 0.01
_BISECTIONS = 30


@dataclass(frozen=True)
class GeneStatistics:
    """Genes and library sizes of a real section.

    Attributes:
        mean: (genes,) mean counts of a cell.
        dispersion: (genes,) of the negative binomial within a cell type, above 0.
        dropout: (genes,) share of further zeros, which the negative binomial does not explain.
        library_sd: standard deviation of the log library sizes.
    """

    mean: np.ndarray
    dispersion: np.ndarray
    dropout: np.ndarray
    library_sd: float


def read_gene_statistics(name: str) -> GeneStatistics:
    """The table of a section in ``resources/simulation``."""
    import pandas as pd

    table = pd.read_csv(gene_statistics_file(name), index_col="gene")
    genes = table.drop(index=TOTAL)
    return GeneStatistics(
        genes["mean"].to_numpy(),
        np.maximum(genes["dispersion"].to_numpy(), _LEAST_DISPERSION),
        genes["dropout"].to_numpy(),
        math.sqrt(math.log1p(table.loc[TOTAL, "dispersion"])),
    )


def gene_statistics(adata: AnnData) -> pd.DataFrame:
    """Measure the genes of a section of counts with cell types.

    The counts of a gene are modeled as negative binomial around its share in the cell's type times
    the cell's total; in addition, a share of them is set to zero. Dispersion and that share are
    chosen so that the variance and the share of zeros are those of the section.

    Args:
        adata: a dataset; cells without a type are left out. Uses dense matrices of its size.

    Returns:
        A row for each gene with a count, and ``total`` for the library sizes: mean, zeros (share of
        cells without a count), dispersion, dropout.

    Raises:
        InputError: no counts, or no cell types.
    """
    import pandas as pd
    import scipy.sparse as sp

    name = adata.uns["dataset"]["id"]
    if adata.uns["dataset"]["kind"] != "counts" or "celltype" not in adata.obs:
        raise InputError(f"{name}: statistics of genes require counts and cell types")
    typed = adata.obs["celltype"].notna().to_numpy()
    types = adata.obs["celltype"].cat.codes.to_numpy()[typed]
    counts = sp.csr_matrix(adata.X, dtype=np.float64)[typed].toarray()
    seen = counts.any(axis=0)
    counts = counts[:, seen]
    total = counts.sum(axis=1)

    expected = np.zeros_like(counts)
    for code in np.unique(types):
        cells = types == code
        expected[cells] = np.outer(total[cells], counts[cells].sum(axis=0) / total[cells].sum())
    residual = ((counts - expected) ** 2).sum(axis=0)
    dispersion = np.maximum((residual - expected.sum(axis=0)) / (expected**2).sum(axis=0), 0)
    zeros = (counts == 0).mean(axis=0)
    dropout = _dropout(expected, dispersion, zeros)
    spread = (total.var() - residual.sum() / len(total)) / total.mean() ** 2
    columns = {
        "gene": [*adata.var_names[seen], TOTAL],
        "mean": [*counts.mean(axis=0), total.mean()],
        "zeros": [*zeros, 0.0],
        "dispersion": [*_rest(dispersion, dropout), max(spread, 0.0)],
        "dropout": [*dropout, 0.0],
    }
    return pd.DataFrame(columns)


def _rest(dispersion: np.ndarray, dropout: np.ndarray) -> np.ndarray:
    """Dispersion of counts that have this dispersion after the dropout."""
    return np.maximum((1 + dispersion) * (1 - dropout) - 1, 0)


def _dropout(expected: np.ndarray, dispersion: np.ndarray, zeros: np.ndarray) -> np.ndarray:
    """Share of dropped counts that gives the share of zeros, by bisection; (genes,).

    Between none and the share at which the counts that are left have no dispersion.
    """
    low, high = np.zeros_like(dispersion), dispersion / (1 + dispersion)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        rest = np.maximum(_rest(dispersion, middle), 1e-9)
        no_count = np.exp(-np.log1p(rest * expected / (1 - middle)) / rest)
        more = middle + (1 - middle) * no_count.mean(axis=0) < zeros
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return low
