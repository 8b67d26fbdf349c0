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


def load(raw: Path, counts: str, labels: str = "", spots: str = "") -> AnnData:
    """Read a section; spots are named after the array position ``{x}x{y}``, which joins both files.

    Give ``labels``, or ``spots`` for a section in which the pathologist has drawn no regions.

    Args:
        raw: folder with the files.
        counts: tab-separated table, spots x genes; may be compressed.
        labels: tab-separated table with x, y (array), pixel_x, pixel_y and label.
        spots: the same without label: the selection of the spot detector.
    """
    name = labels or spots
    table = pd.read_csv(raw / counts, sep="\t", index_col=0)
    positions = pd.read_csv(raw / name, sep="\t").dropna(subset=["x", "y"])
    positions.index = pd.Index(
        [f"{round(x)}x{round(y)}" for x, y in zip(positions.x, positions.y, strict=True)]
    )
    positions = positions.reindex(table.index)
    spatial = np.column_stack([column(positions, axis, name) for axis in ("pixel_x", "pixel_y")])
    regions = column(positions, "label", name) if labels else None
    x = sp.csr_matrix(table.to_numpy())
    return assemble(x, list(table.index), list(table.columns), spatial, regions)
