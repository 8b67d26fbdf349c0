"""The folder of a region of MERSCOPE, by Vizgen's documentation of its output."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stbench.common.errors import InputError
from stbench.platforms import joined_tables, tables

NAME = "MERSCOPE"
LOOKS_FOR = "cell_by_gene.csv and cell_metadata.csv"
OPTIONS: tuple[str, ...] = ()

_COUNTS = ["*cell_by_gene*.csv", "*cell_by_gene*.csv.gz"]
_CELLS = ["*cell_metadata*.csv", "*cell_metadata*.csv.gz"]


def matches(path: Path) -> bool:
    return tables.has_any(path, [*_COUNTS, *_CELLS])


def technology(path: Path) -> str:
    return NAME


def files(path: Path, options: Mapping[str, Any]) -> list[Path]:
    return [tables.needed(path, names, NAME) for names in (_COUNTS, _CELLS)]


def columns(path: Path, options: Mapping[str, Any]) -> list[str]:
    return tables.columns(files(path, options)[1])[1:]


def column(path: Path, options: Mapping[str, Any], name: str) -> Any:
    return tables.read(files(path, options)[1], only=[name])[name]


def shape(path: Path, options: Mapping[str, Any]) -> tuple[int, int]:
    counts, cells = files(path, options)
    return tables.rows(cells), len(tables.columns(counts)) - 1


def read(path: Path, options: Mapping[str, Any]) -> Any:
    """The first column of both tables is the id of the cell (``cell``, ``EntityID`` or unnamed)."""
    counts, cells = files(path, options)
    key = tables.columns(counts)[0]
    x, ids, genes = tables.read_counts(counts, [key])
    first = tables.columns(cells)[0]
    obs = tables.read(cells, [first]).set_index(first)
    if not {"center_x", "center_y"} <= set(obs):
        raise InputError(f"{cells}: no columns center_x and center_y; has {', '.join(obs)}")
    adata = joined_tables.join((x, ids[key], genes), obs, ("center_x", "center_y"), cells)
    adata.uns["platform"] = {"name": NAME, "unit": "um", "y_down": True}
    return adata
