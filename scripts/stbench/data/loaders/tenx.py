"""10x Genomics: a feature-barcode matrix (HDF5), a table of positions, a table of labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import scipy.sparse as sp

from stbench.common.errors import InputError
from stbench.data.loaders.build import assemble, column, visium_positions, visium_section
from stbench.platforms import tenx_h5

if TYPE_CHECKING:
    from anndata import AnnData


def load(
    raw: Path,
    matrix: str,
    positions: str,
    labels: str,
    barcode: str | None = None,
    domain: str | None = None,
    section: str | None = None,
) -> AnnData:
    """Read a Visium section, everything joined by barcode.

    Args:
        raw: folder with the files.
        matrix: name of the HDF5 matrix (version 2 or 3 of the format).
        positions: 10x's table of positions.
        labels: tab-separated table with the columns ``barcode`` and ``domain``; or, with
            ``section``, the table barcode, section, layer of the human cortex.
        barcode: column of the labels with the barcodes.
        domain: column of the labels with the domains.
        section: the section's name in the table of layers.
    """
    x, spots, genes = read_matrix(raw / matrix)
    if section is not None:
        return visium_section((x, spots, genes), raw / positions, raw / labels, section)
    spatial = visium_positions(raw / positions, spots)
    table = pd.read_csv(raw / labels, sep="\t", dtype=str, keep_default_na=False)
    names = pd.Index(column(table, str(barcode), labels))
    domains = column(table, str(domain), labels).set_axis(names)
    if not names.is_unique:
        raise InputError(f"{labels}: barcodes are not unique")
    return assemble(x, spots, genes, spatial, domains.reindex(spots))


def read_matrix(path: Path) -> tuple[sp.csr_matrix, list[str], list[str]]:
    """(spots x genes counts, barcodes, gene names made unique) of a 10x HDF5 file."""
    from anndata.utils import make_index_unique

    x, spots, features = tenx_h5.read_matrix(path)
    return x, spots, list(make_index_unique(features.index))
