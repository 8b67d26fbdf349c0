"""The flat files of a slide of CosMx, by NanoString's documentation of its data releases.

Positions are the global ones, from the lower left of the slide.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stbench.common.errors import InputError
from stbench.platforms import joined_tables, tables

NAME = "CosMx"
LOOKS_FOR = "*_exprMat_file.csv.gz and *_metadata_file.csv.gz"
OPTIONS: tuple[str, ...] = ()

_COUNTS = ["*exprMat_file.csv.gz", "*exprMat_file.csv"]
_CELLS = ["*metadata_file.csv.gz", "*metadata_file.csv"]
_KEY = ["fov", "cell_ID"]
_IDS = [*_KEY, "cell", "cell_id"]
_AXES = ("CenterX_global_px", "CenterY_global_px")


def matches(path: Path) -> bool:
    return tables.has_any(path, [*_COUNTS, *_CELLS])


def technology(path: Path) -> str:
    return NAME


def files(path: Path, options: Mapping[str, Any]) -> list[Path]:
    return [tables.needed(path, names, NAME) for names in (_COUNTS, _CELLS)]


def columns(path: Path, options: Mapping[str, Any]) -> list[str]:
    return tables.columns(files(path, options)[1])


def column(path: Path, options: Mapping[str, Any], name: str) -> Any:
    return tables.read(files(path, options)[1], only=[name])[name]


def shape(path: Path, options: Mapping[str, Any]) -> tuple[int, int]:
    counts, cells = files(path, options)
    genes = [name for name in tables.columns(counts) if name not in _IDS]
    return tables.rows(cells), len(genes)


def read(path: Path, options: Mapping[str, Any]) -> Any:
    """Cells are named ``<cell_ID>_<fov>``; rows of transcripts outside of cells have cell_ID 0."""
    counts, cells = files(path, options)
    x, ids, genes = tables.read_counts(counts, _IDS)
    obs = tables.read(cells, _IDS)
    for file, table, wanted in ((counts, ids, _KEY), (cells, obs, [*_KEY, *_AXES])):
        missing = [name for name in wanted if name not in table]
        if missing:
            raise InputError(f"{file}: no column {missing[0]!r}")
    inside = (ids["cell_ID"] != "0").to_numpy()
    obs.index = _names(obs)
    adata = joined_tables.join((x[inside], _names(ids[inside]), genes), obs, _AXES, cells)
    adata.uns["platform"] = {"name": NAME, "unit": "px", "y_down": False}
    return adata


def _names(table: pd.DataFrame) -> pd.Index:
    return pd.Index(table["cell_ID"] + "_" + table["fov"], dtype=object)
