"""seqFISH+ as in zcang/SCAN-IT: a sparse matrix in .npz, names of genes, positions, cell types."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stbench.common.array_files import read_arrays, sparse_of_parts
from stbench.data.loaders.build import assemble

if TYPE_CHECKING:
    from anndata import AnnData


def load(raw: Path, counts: str, genes: str, positions: str, celltypes: str) -> AnnData:
    """Read the section, which has cell types and no domains; rows of all files are the cells.

    Args:
        raw: folder with the files.
        counts: cells x genes, ``scipy.sparse`` format.
        genes: one name per line.
        positions: x and y, separated by a space.
        celltypes: comma-separated, with a column ``x``.
    """
    parts = read_arrays(raw / counts)
    csr = (parts["data"], parts["indices"], parts["indptr"])
    x = sparse_of_parts("csr", csr, parts["shape"], counts)
    names = (raw / genes).read_text(encoding="utf-8").split()
    types = pd.read_csv(raw / celltypes)["x"]
    return assemble(x, None, names, np.loadtxt(raw / positions, ndmin=2), celltype=types)
