"""Counts of Visium sections as lists in one .RData file, positions and layers by barcode."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.common.errors import InputError
from stbench.data.loaders.build import visium_section
from stbench.data.loaders.r_data import matrix, pick, read_r

if TYPE_CHECKING:
    from anndata import AnnData

_BARCODE = re.compile("[ACGT]{16}(-1)?")


def load(
    raw: Path, file: str, counts: str, section: str, place: int, positions: str, labels: str
) -> AnnData:
    """Read one section, as in the repository of BASS.

    Only the counts are read from the lists: their coordinates are rows and columns of the array,
    which do not form a hexagonal lattice, and the form of their labels is not documented.

    Args:
        raw: folder with the files.
        file: name of the .RData file.
        counts: list of matrices, genes x spots, one for each section.
        section: the section's name, in the labels and in a list with names.
        place: the section's index in a list without this name.
        positions: 10x's table of positions of this section.
        labels: table barcode, section, layer of all sections.
    """
    sections = pick(read_r(raw / file), counts, raw / file)
    x, spots, genes = matrix(_of_section(sections, section, place, f"{file}: {counts}"))
    if spots is None:
        raise InputError(f"{file}: {counts}: the columns of section {section} have no barcodes")
    barcodes = [_barcode(name) for name in spots]
    if repeated := len(barcodes) - len(set(barcodes)):
        raise InputError(
            f"{file}: {counts}: section {section} has {repeated} repeated barcodes; "
            "it contains more than one section"
        )
    return visium_section((x, barcodes, genes), raw / positions, raw / labels, section)


def _of_section(sections: Any, section: str, place: int, where: str) -> Any:
    """The part whose name ends with that of the section, else the part at the index."""
    named = isinstance(sections, Mapping)
    names = list(map(str, sections)) if named else [""] * len(sections)
    parts = list(sections.values()) if named else list(sections)
    matches = [part for name, part in zip(names, parts, strict=True) if name.endswith(section)]
    if len(matches) == 1:
        return matches[0]
    if place >= len(parts):
        available = f"{len(parts)} sections" + (f": {', '.join(names)}" if named else "")
        raise InputError(f"{where}: no section {section!r}; it has {available}")
    return parts[place]


def _barcode(name: str) -> str:
    """The 10x barcode in the name of a spot, without a prefix or suffix."""
    match = _BARCODE.search(name)
    return f"{match[0].removesuffix('-1')}-1" if match else name
