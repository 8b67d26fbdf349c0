"""10x's files of a Visium section, with regions that another publication gives by place."""

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
    """Read a section; a spot has the region whose place is its own, to the pixel.

    Args:
        raw: folder with the files.
        matrix: 10x's HDF5 matrix.
        archive: 10x's ``spatial.tar.gz``, of which the table of positions is read.
        places: (n, 2) array of pixels, x and y.
        labels: n regions, an array of texts as numpy pickles it.
    """
    x, spots, genes = read_matrix(raw / matrix)
    spatial = _positions(raw / archive, spots)
    regions = pd.Series(read_labels(raw / labels))
    known = read_npy(raw / places)
    if len(known) != len(regions):
        raise InputError(f"{labels}: {len(regions)} labels for {len(known)} places of {places}")
    regions.index = pd.MultiIndex.from_arrays(np.rint(known).astype(int).T)
    if not regions.index.is_unique:
        raise InputError(f"{places}: several spots have the same place")
    here = pd.MultiIndex.from_arrays(np.rint(spatial).astype(int).T)
    domains = regions.reindex(here)
    missing = int(domains.isna().sum())
    if missing == len(spots):
        raise InputError(f"{places}: no spot of {matrix} has one of its places")
    made = assemble(x, spots, genes, spatial, list(domains))
    made.uns["remarks"] = [f"{missing} of {len(spots)} spots have no region"] * (missing > 0)
    return made


def _positions(archive: Path, spots: list[str]) -> np.ndarray:
    """Pixels of the spots from the table in the archive, of which nothing is unpacked."""
    with tarfile.open(archive) as tar:
        found = [item for item in tar if item.isfile() and Path(item.name).name == _POSITIONS]
        if len(found) != 1 or (table := tar.extractfile(found[0])) is None:
            raise InputError(f"{archive.name}: {len(found)} files {_POSITIONS}; 1 is needed")
        return visium_positions(table, spots, _POSITIONS)
