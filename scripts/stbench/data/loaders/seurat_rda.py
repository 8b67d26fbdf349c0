"""A Seurat object of one Visium section in an .rda file, as in the package DR.SC."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stbench.data.loaders.build import assemble, column, layer_names, visium_positions
from stbench.data.loaders.r_data import matrix, pick, read_r

if TYPE_CHECKING:
    from anndata import AnnData


def load(raw: Path, file: str, object: str, label: str, positions: str) -> AnnData:
    """Read counts of assay RNA and layers of the object; pixel coordinates are joined by barcode.

    Args:
        raw: folder with the files.
        file: name of the .rda file.
        object: name of the Seurat object in it.
        label: column of its meta data with the layers.
        positions: 10x's table of positions.
    """
    seurat = vars(pick(read_r(raw / file), object, raw / file))
    x, cells, genes = matrix(seurat["assays"]["RNA"].counts)
    table = seurat["meta.data"].loc[cells]
    layers = layer_names(column(table, label, f"{file}: meta.data"))
    spots = [str(cell) for cell in table.index]
    return assemble(x, spots, genes, visium_positions(raw / positions, spots), layers)
