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

    Nothing but the counts is read from the lists: their coordinates are rows and columns of the
    array, which are not a hexagonal lattice, and their labels have no documented form.

    Args:
        raw: folder with the files.
        file: name of the .RData file.
        counts: list of matrices, genes x spots, one for each section.
        section: the section's name: in the list, where that has names, and in the labels.
        place: the section's place in a list whose names do not tell.
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
            f"{file}: {counts}: section {section} has {repeated} barcodes twice; "
            "it holds more than one section"
        )
    return visium_section((x, barcodes, genes), raw / positions, raw / labels, section)


def _of_section(sections: Any, section: str, place: int, where: str) -> Any:
    """The part whose name ends with the section's, else the one at the place."""
    named = isinstance(sections, Mapping)
    names = list(map(str, sections)) if named else [""] * len(sections)
    parts = list(sections.values()) if named else list(sections)
    found = [part for name, part in zip(names, parts, strict=True) if name.endswith(section)]
    if len(found) == 1:
        return found[0]
    if place >= len(parts):
        there = f"{len(parts)} sections" + (f": {', '.join(names)}" if named else "")
        raise InputError(f"{where}: no section {section!r}; there are {there}")
    return parts[place]


def _barcode(name: str) -> str:
    """10x's own barcode in the name of a spot, whatever was put before or behind it."""
    found = _BARCODE.search(name)
    return f"{found[0].removesuffix('-1')}-1" if found else name
