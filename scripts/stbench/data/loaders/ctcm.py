"""Semi-synthetic tissues as in acheng416/Benchmark-CTCM-ST: simulated counts at real positions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from stbench.data.loaders.build import assemble
from stbench.data.loaders.r_data import matrix, read_rds

if TYPE_CHECKING:
    from anndata import AnnData


def load(raw: Path, counts: str, positions: str, labels: str) -> AnnData:
    """Read a tissue; all files have the cells in the same order.

    Args:
        raw: folder with the files.
        counts: an .rds file with one genes x cells dgCMatrix.
        positions: tab-separated table, the last two columns of which are x and y.
        labels: an .rds file with one factor, the true domains.
    """
    x, cells, genes = matrix(read_rds(raw / counts))
    places = pd.read_csv(raw / positions, sep="\t", index_col=0).to_numpy()[:, -2:]
    return assemble(x, cells, genes, places, read_rds(raw / labels))
