"""Small raw files of published datasets."""

from __future__ import annotations

from pathlib import Path

import anndata
import numpy as np

COUNTS = np.array([[0, 3, 1], [2, 0, 0]], dtype=np.int32)  # genes x cells
GENES, CELLS = ["g1", "g2"], ["c1", "c2", "c3"]
SPOTS = ["AAA-1", "CCC-1", "GGG-1"]
PIXELS = [[300, 30], [200, 20], [100, 10]]


def dense(adata: anndata.AnnData) -> np.ndarray:
    return np.asarray(adata.X.toarray() if hasattr(adata.X, "toarray") else adata.X)


def write_positions(path: Path, header: bool = False) -> None:
    rows = [f"{spot},1,{i},{i},{10 * i},{100 * i}" for i, spot in enumerate(reversed(SPOTS), 1)]
    head = "barcode,in_tissue,array_row,array_col,pxl_row_in_fullres,pxl_col_in_fullres"
    path.write_text("\n".join([head, *rows] if header else rows) + "\n")
