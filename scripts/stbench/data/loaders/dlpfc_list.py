"""A list with ``expression`` and ``locations`` of one Visium section, as in the package Banksy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stbench.common.errors import InputError
from stbench.data.loaders.build import visium_section
from stbench.data.loaders.r_data import matrix, pick, read_r

if TYPE_CHECKING:
    from anndata import AnnData


def load(raw: Path, file: str, object: str, positions: str, labels: str, section: str) -> AnnData:
    """Read the counts; pixel coordinates and layers are joined by barcode.

    Args:
        raw: folder with the files.
        file: name of the .rda file.
        object: name of the list in it.
        positions: 10x's table of positions.
        labels: table barcode, section, layer of all sections.
        section: the section's name in that table.
    """
    parts = pick(read_r(raw / file), object, raw / file)
    x, spots, genes = matrix(pick(parts, "expression", raw / file))
    if spots is None:
        raise InputError(f"{file}: expression: its columns have no barcodes")
    return visium_section((x, spots, genes), raw / positions, raw / labels, section)
