"""A loom file: HDF5 with a genes x cells matrix and attributes of rows and columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from stbench.common.errors import InputError
from stbench.data.loaders.build import assemble

if TYPE_CHECKING:
    from anndata import AnnData


def load(
    raw: Path, file: str, domain: str, celltype: str, gene: str, cell: str, drop: str
) -> AnnData:
    """Read the cells whose domain is not ``drop``; coordinates are the attributes X and Y.

    Args:
        raw: folder with the file.
        file: name of the loom file.
        domain: column attribute with the domains.
        celltype: column attribute with the cell types.
        gene: row attribute with the names of genes.
        cell: column attribute with the names of cells.
        drop: domain of the cells that are dropped.
    """
    import h5py

    with h5py.File(raw / file) as loom:
        domains = _attribute(loom, f"col_attrs/{domain}", file)
        keep = domains != drop
        names = _attribute(loom, f"col_attrs/{cell}", file)[keep]
        types = _attribute(loom, f"col_attrs/{celltype}", file)[keep]
        genes = _attribute(loom, f"row_attrs/{gene}", file)
        xy = [_attribute(loom, f"col_attrs/{axis}", file)[keep] for axis in ("X", "Y")]
        x = sp.csr_matrix(loom["matrix"][:].T[keep])
    return assemble(x, names, genes, np.column_stack(xy), domains[keep], types)


def _attribute(loom: Any, name: str, file: str) -> np.ndarray:
    if name not in loom:
        raise InputError(f"{file}: no attribute {name!r}")
    values = loom[name][:]
    if values.dtype.kind in "SO":
        return np.array(
            [v.decode() if isinstance(v, bytes) else str(v) for v in values], dtype=object
        )
    return values
