"""Spots of single cells on a grid, as in QuKunLab/SpatialBenchmarking (Li et al., Nature Methods
2022): tab-separated counts, positions on the grid, and the cells of each type in each spot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import scipy.sparse as sp

from stbench.common.errors import InputError
from stbench.data.loaders.build import assemble

if TYPE_CHECKING:
    from anndata import AnnData


def load(raw: Path, counts: str, positions: str, composition: str) -> AnnData:
    """Read the spots; ``obsm['cells_by_type']`` is the table of numbers of cells.

    Args:
        raw: folder with the files, whose rows are the spots in the same order.
        counts: spots x genes, with a header.
        positions: columns x and y.
        composition: numbers of cells, a column for each type; the first column numbers the spots.
    """
    x = pd.read_csv(raw / counts, sep="\t")
    cells = pd.read_csv(raw / composition, sep="\t", index_col=0)
    if len(cells) != len(x):
        raise InputError(f"{composition}: {len(cells)} rows for {len(x)} spots")
    places = pd.read_csv(raw / positions, sep="\t")[["x", "y"]].to_numpy()
    names = [f"spot{i + 1}" for i in range(len(x))]
    spots = assemble(sp.csr_matrix(x.to_numpy()), names, x.columns, places)
    spots.obsm["cells_by_type"] = cells.set_axis(spots.obs_names)
    return spots
