"""10x's files of a Visium section, with regions by position from another publication."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stbench.common.errors import InputError
from stbench.data.loaders.build import assemble, visium_positions
from stbench.data.loaders.features import read_npy
from stbench.data.loaders.pickled_labels import read_labels
from stbench.data.loaders.tenx import read_matrix

if TYPE_CHECKING:
    from anndata import AnnData

_POSITIONS = "tissue_positions_list.csv"


def load(raw: Path, matrix: str, archive: str, places: str, labels: str) -> AnnData:
    """Read a section; a spot gets the region at its own position, rounded to pixels.

    Args:
        raw: folder with the files.
        matrix: 10x's HDF5 matrix.
        archive: 10x's ``spatial.tar.gz`` with the table of positions.
        places: (n, 2) array of pixels, x and y.
        labels: n regions, an array of texts pickled by numpy.
    """
    x, spots, genes = read_matrix(raw / matrix)
    spatial = _positions(raw / archive, spots)
    regions = pd.Series(read_labels(raw / labels))
    pixels = read_npy(raw / places)
    if len(pixels) != len(regions):
        raise InputError(f"{labels}: {len(regions)} labels for {len(pixels)} positions of {places}")
    regions.index = pd.MultiIndex.from_arrays(np.rint(pixels).astype(int).T)
    if not regions.index.is_unique:
        raise InputError(f"{places}: several spots have the same position")
    positions = pd.MultiIndex.from_arrays(np.rint(spatial).astype(int).T)
    domains = regions.reindex(positions)
    missing = int(domains.isna().sum())
    if missing == len(spots):
        raise InputError(f"{places}: no spot of {matrix} has one of its positions")
    adata = assemble(x, spots, genes, spatial, list(domains))
    adata.uns["remarks"] = [f"{missing} of {len(spots)} spots have no region"] * (missing > 0)
    return adata


def _positions(archive: Path, spots: list[str]) -> np.ndarray:
    """Pixels of the spots from the table in the archive, read without unpacking the archive."""
    with tarfile.open(archive) as tar:
        items = [item for item in tar if item.isfile() and Path(item.name).name == _POSITIONS]
        if len(items) != 1 or (table := tar.extractfile(items[0])) is None:
            raise InputError(f"{archive.name}: {len(items)} files {_POSITIONS}; 1 is needed")
        return visium_positions(table, spots, _POSITIONS)
