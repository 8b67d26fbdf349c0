"""Lists by section in one .RData file, as in the repository of BASS (STARmap, MERFISH, DLPFC)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stbench.common.errors import InputError
from stbench.data.loaders.build import assemble, column, layer_names
from stbench.data.loaders.r_data import matrix, pick, read_r

if TYPE_CHECKING:
    from anndata import AnnData


def load(
    raw: Path,
    file: str,
    section: str,
    counts: str,
    info: str,
    coordinates: str | None = None,
    domain: str | None = None,
    celltype: str | None = None,
    layers: bool = False,
    position: int | None = None,
) -> AnnData:
    """Read one section.

    Args:
        raw: folder with the file.
        file: name of the .RData file.
        section: the section's name in the lists.
        counts: list of matrices, genes x cells.
        info: list of tables of cells (with x and y, unless ``coordinates`` is given), or of labels.
        coordinates: list of n x 2 matrices.
        domain: column of the table with the domains; None where the list holds labels itself.
        celltype: column of the table with the cell types.
        layers: the labels are cortical layers, which are spelled in one way.
        position: the section's place in lists that have no names.
    """
    path = raw / file
    objects = read_r(path)

    def item(name: str) -> Any:
        return _of_section(pick(objects, name, path), section, position, f"{file}: {name}")

    x, cells, genes = matrix(item(counts))
    table = item(info)
    where = f"{file}: {info} of section {section}"
    cluster = _labels(table, domain, layers, where)
    if coordinates is None:
        spatial = np.column_stack([column(table, "x", where), column(table, "y", where)])
    else:
        spatial = np.asarray(item(coordinates))[:, :2]
    types = column(table, celltype, where) if celltype else None
    if domain is not None and not _same_cells(table.index, cells):
        raise InputError(f"{where}: its cells are not those of the counts")
    return assemble(x, cells, genes, spatial, cluster, types)


def _same_cells(index: pd.Index, cells: list[str] | None) -> bool:
    """Whether the table's rows are the matrix's columns, as far as both have names."""
    unnamed = cells is None or isinstance(index, pd.RangeIndex)
    return unnamed or [str(name) for name in index] == cells


def _of_section(value: Any, section: str, position: int | None, where: str) -> Any:
    if isinstance(value, Mapping):
        named = {str(name): part for name, part in value.items()}
        if section in named:
            return named[section]
        raise InputError(f"{where}: no section {section!r}; there are: {', '.join(named)}")
    if position is None or position >= len(value):
        raise InputError(
            f"{where}: the list has no names, and section {section!r} has no place in it"
        )
    return value[position]


def _labels(info: Any, domain: str | None, layers: bool, where: str) -> Any:
    if domain is not None:
        labels = column(info, domain, where)
    elif isinstance(info, pd.DataFrame):
        labels = _layer_column(info, where)
    else:
        labels = info
    return layer_names(labels) if layers else labels


def _layer_column(table: pd.DataFrame, where: str) -> pd.Series:
    """The first column that holds nothing but cortical layers: its name is not documented."""
    for name in table.columns:
        found = {label for label in layer_names(table[name]) if label is not None}
        if found and found <= {"L1", "L2", "L3", "L4", "L5", "L6", "WM"}:
            return table[name]
    raise InputError(
        f"{where}: no column of layers; there are: {', '.join(map(str, table.columns))}"
    )
