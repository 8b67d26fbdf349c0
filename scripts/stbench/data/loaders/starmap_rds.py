"""A sparse matrix and a table of cells in one .rds file, as in the repository SRTsim-Analysis."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stbench.data.loaders.build import assemble, column
from stbench.data.loaders.r_data import matrix, pick, read_r

if TYPE_CHECKING:
    from anndata import AnnData


def load(raw: Path, file: str, counts: str, info: str, domain: str, celltype: str) -> AnnData:
    """Read the section.

    Args:
        raw: folder with the file.
        file: name of the .rds file, a list.
        counts: its genes x cells matrix.
        info: its table of cells, with x and y.
        domain: column with the domains.
        celltype: column with the cell types.
    """
    objects = read_r(raw / file)
    x, cells, genes = matrix(pick(objects, counts, raw / file))
    table = pick(objects, info, raw / file).loc[cells]
    where = f"{file}: {info}"
    spatial = np.column_stack([column(table, "x", where), column(table, "y", where)])
    labels, types = column(table, domain, where), column(table, celltype, where)
    return assemble(x, cells, genes, spatial, labels, types)
