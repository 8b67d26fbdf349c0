"""The folder ``outs`` of Space Ranger: Visium, and one bin size of Visium HD.

Layout by 10x Genomics' documentation of Space Ranger 1 to 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stbench.common.errors import InputError
from stbench.platforms import tables, tenx_h5

NAME = "Space Ranger"
LOOKS_FOR = "*filtered_feature_bc_matrix.h5 and spatial/, or binned_outputs/"
OPTIONS: tuple[str, ...] = ()

_MATRIX = "*filtered_feature_bc_matrix.h5"
_POSITIONS = (
    "tissue_positions.parquet",  # Visium HD
    "*tissue_positions.csv",  # from Space Ranger 2.0, with a header
    "*tissue_positions_list.csv",
)
_COLUMNS = [
    *("barcode", "in_tissue", "array_row", "array_col"),
    *("pxl_row_in_fullres", "pxl_col_in_fullres"),
]
_BIN = "square_008um"  # of Visium HD; the folder of another bin size may be given itself


def matches(path: Path) -> bool:
    return any(_is_output(folder) for folder in (path, path / "outs"))


def technology(path: Path) -> str:
    return "10x Visium HD" if _folder(path).name.startswith("square_") else "10x Visium"


def files(path: Path, options: Mapping[str, Any]) -> list[Path]:
    folder = _folder(path)
    matrix = tables.needed(folder, [_MATRIX], NAME)
    return [matrix, tables.needed(folder / "spatial", _POSITIONS, NAME)]


def columns(path: Path, options: Mapping[str, Any]) -> list[str]:
    return _COLUMNS[1:]


def column(path: Path, options: Mapping[str, Any], name: str) -> Any:
    return read(path, options).obs[name]


def shape(path: Path, options: Mapping[str, Any]) -> tuple[int, int]:
    return tenx_h5.shape(files(path, options)[0])


def read(path: Path, options: Mapping[str, Any]) -> Any:
    from anndata import AnnData

    matrix, positions = files(path, options)
    x, barcodes, var = tenx_h5.read_matrix(matrix)
    table = _positions(positions)
    if not table.index.is_unique:
        raise InputError(f"{positions}: barcodes are not unique; provide one section")
    obs = table.reindex(barcodes)
    if obs[_COLUMNS[-1]].isna().any():
        missing = obs.index[obs[_COLUMNS[-1]].isna()]
        raise InputError(
            f"{positions}: no position for {len(missing)} spots, for example {missing[0]}"
        )
    obs.index = pd.Index(barcodes, dtype=object)
    spatial = obs[["pxl_col_in_fullres", "pxl_row_in_fullres"]].to_numpy(dtype=float)
    adata = AnnData(x, obs=obs, var=var, obsm={"spatial": spatial})
    adata.uns["platform"] = {"name": NAME, "unit": "px", "y_down": True}
    return adata


def _is_output(folder: Path) -> bool:
    if (folder / "binned_outputs").is_dir() or tables.has_any(folder, [_MATRIX]):
        return True
    return tables.has_any(folder / "spatial", _POSITIONS)


def _folder(path: Path) -> Path:
    """The folder with the matrix and ``spatial``."""
    outs = path if _is_output(path) else path / "outs"
    bins = outs / "binned_outputs"
    return bins / _BIN if bins.is_dir() else outs


def _positions(file: Path) -> pd.DataFrame:
    """Positions of all spots by barcode; early versions write no header."""
    if file.suffix == ".csv" and tables.columns(file)[0] != "barcode":
        return pd.read_csv(file, header=None, names=_COLUMNS, index_col=0)
    table = tables.read(file, ["barcode"])
    missing = [name for name in _COLUMNS if name not in table]
    if missing:
        raise InputError(f"{file}: no column {missing[0]!r}; has {', '.join(table)}")
    return table.set_index("barcode")[_COLUMNS[1:]]
