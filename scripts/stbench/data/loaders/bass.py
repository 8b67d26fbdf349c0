"""Lists by section in one .RData file, as in the repository of BASS (STARmap, MERFISH)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stbench.common.errors import InputError
from stbench.data.loaders.build import assemble, column
from stbench.data.loaders.r_data import matrix, pick, read_r

if TYPE_CHECKING:
    from anndata import AnnData


def load(
    raw: Path,
    file: str,
    section: str,
    counts: str,
    info: str,
    domain: str,
    celltype: str | None = None,
) -> AnnData:
    """Read one section.

    Args:
        raw: folder with the file.
        file: name of the .RData file.
        section: the section's name in the lists.
        counts: list of matrices, genes x cells.
        info: list of tables of cells, with x and y.
        domain: column of the table with the domains.
        celltype: column of the table with the cell types.
    """
    path = raw / file
    objects = read_r(path)

    def item(name: str) -> Any:
        return _of_section(pick(objects, name, path), section, f"{file}: {name}")

    x, cells, genes = matrix(item(counts))
    table = item(info)
    where = f"{file}: {info} of section {section}"
    if not _same_cells(table.index, cells):
        raise InputError(f"{where}: its cells are not those of the counts")
    spatial = np.column_stack([column(table, "x", where), column(table, "y", where)])
    types = column(table, celltype, where) if celltype else None
    return assemble(x, cells, genes, spatial, column(table, domain, where), types)


def _same_cells(index: pd.Index, cells: list[str] | None) -> bool:
    """Whether the rows of the table are the columns of the matrix; true if one has no names."""
    unnamed = cells is None or isinstance(index, pd.RangeIndex)
    return unnamed or [str(name) for name in index] == cells


def _of_section(value: Any, section: str, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise InputError(f"{where}: the list has no names; section {section!r} is not found")
    sections = {str(name): part for name, part in value.items()}
    if section not in sections:
        raise InputError(f"{where}: no section {section!r}; available: {', '.join(sections)}")
    return sections[section]
