"""Spatial Transcriptomics spots x genes table and the pathologist's labels, as in almaan/her2st."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse as sp

from stbench.data.loaders.build import assemble, column

if TYPE_CHECKING:
    from anndata import AnnData


def load(raw: Path, counts: str, labels: str) -> AnnData:
    """Read a section; spots are named after the array position ``{x}x{y}``, which joins both files.

    Args:
        raw: folder with the files.
        counts: tab-separated table, spots x genes; may be compressed.
        labels: tab-separated table with x, y (array), pixel_x, pixel_y and label.
    """
    table = pd.read_csv(raw / counts, sep="\t", index_col=0)
    spots = pd.read_csv(raw / labels, sep="\t").dropna(subset=["x", "y"])
    spots.index = pd.Index(
        [f"{round(x)}x{round(y)}" for x, y in zip(spots.x, spots.y, strict=True)]
    )
    spots = spots.reindex(table.index)
    spatial = np.column_stack([column(spots, axis, labels) for axis in ("pixel_x", "pixel_y")])
    x = sp.csr_matrix(table.to_numpy())
    return assemble(
        x, list(table.index), list(table.columns), spatial, column(spots, "label", labels)
    )
