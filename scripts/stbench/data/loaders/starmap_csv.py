"""A complete STARmap section, as in the repository SRTsim-Analysis: counts without names, centers
and types of cells; the names of genes are in an .rds file with a subset of the cells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import scipy.sparse as sp

from stbench.common.errors import InputError
from stbench.data.loaders.build import assemble, column
from stbench.data.loaders.r_data import matrix, pick, read_r

if TYPE_CHECKING:
    from anndata import AnnData


def load(
    raw: Path, counts: str, positions: str, celltypes: str, named_in: str, named_as: str
) -> AnnData:
    """Read the section, which has cell types and no domains.

    Args:
        raw: folder with the files, whose rows are the cells in the same order.
        counts: cells x genes, comma-separated, without names.
        positions: x and y, separated by a space, with a header.
        celltypes: comma-separated, with a column ``ClusterName``.
        named_in: an .rds file, a list.
        named_as: its genes x cells matrix with the names of genes, cells as in ``counts``.

    Raises:
        InputError: the matrix and the counts have different genes.
    """
    x = pd.read_csv(raw / counts, header=None).to_numpy()
    part, _, genes = matrix(pick(read_r(raw / named_in), named_as, raw / named_in))
    rows = {row.tobytes() for row in x.astype(int)}
    if part.shape[1] != x.shape[1] or any(
        row.tobytes() not in rows for row in part.toarray().astype(int)
    ):
        raise InputError(f"{named_in}: its cells are not among those of {counts}")
    types = column(pd.read_csv(raw / celltypes), "ClusterName", celltypes)
    places = pd.read_csv(raw / positions, sep=" ").to_numpy()
    return assemble(sp.csr_matrix(x), None, genes, places, celltype=types)
