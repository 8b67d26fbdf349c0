"""The section of interactive maps of a report, within a budget of bytes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from stbench.common.constants import Clusterer
from stbench.common.io import read_csv
from stbench.config.layout import Layout
from stbench.figures.per_dataset import read_tissue
from stbench.figures.positions import MICROMETERS
from stbench.figures.style import domain_colors
from stbench.maps.cells_file import read_cells_file
from stbench.report.maps.layers import GENES, Layer, TissueMaps, maps_of_tissue
from stbench.report.maps.packing import (
    MOST_DOMAINS,
    amount_plane,
    highest_amount,
    label_plane,
    packed,
    page_positions,
)
from stbench.summary.run import Run

BUDGET = 5_000_000  # bytes of a page for its maps


@dataclass
class MapSection:
    """What a page needs for its maps.

    Attributes:
        tissues: data of each tissue, for ``templates/maps.js``.
        left_out: tissues beyond the budget.
        without_genes: tissues whose genes were beyond the budget.
        size: bytes of the cells of all tissues.
    """

    tissues: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    without_genes: list[str] = field(default_factory=list)
    size: int = 0


def map_section(
    run: Run,
    layout: Layout,
    drawings: Mapping[str, Mapping[str, Any]],
    budget: int = BUDGET,
    with_markers: Collection[str] = (),
    with_maps: Collection[str] = (),
) -> MapSection:
    """The maps of all tissues that are available, in this order, as far as the budget allows.

    A tissue that does not fit has no genes; if it still does not fit, it is left out, and smaller
    ones after it are tried.

    Args:
        run: results of domains.
        layout: of the results.
        drawings: ``stbench.config.drawing.drawing_of`` datasets, by id.
        budget: bytes of the cells of all tissues.
        with_markers: datasets of which the run has tables of markers.
        with_maps: those of which it has files of cells; others may be left of an earlier run.

    Raises:
        InputError: a file is not readable.
    """
    section = MapSection()
    for maps in _available(run, layout, drawings, with_markers, with_maps):
        name = maps.tissue.name
        for layers in (maps.layers, [one for one in maps.layers if one.group != GENES]):
            data = packed_tissue(maps, layers)
            if section.size + len(data["cells"]) <= budget:
                section.tissues.append(data)
                section.size += len(data["cells"])
                if len(layers) < len(maps.layers):
                    section.without_genes.append(name)
                break
        else:
            section.left_out.append(name)
    return section


def _available(
    run: Run,
    layout: Layout,
    drawings: Mapping[str, Mapping[str, Any]],
    with_markers: Collection[str],
    with_maps: Collection[str],
) -> Iterator[TissueMaps]:
    rank_by, recommended = cast(Clusterer, run.rank_by), _recommended_numbers(layout)
    for name in drawings:
        if not layout.data(name).is_file():
            continue
        tissue = read_tissue(layout.data(name), drawings)
        if not len(tissue.coords):
            continue
        cells = None
        if name in with_maps and layout.domains(name, "h5ad").is_file():
            cells = read_cells_file(layout.domains(name, "h5ad"), list(tissue.cells))
        maps = maps_of_tissue(
            *(tissue, run.results, run.titles, rank_by, layout, cells),
            has_markers=name in with_markers,
            recommended=recommended.get(name),
        )
        if maps.layers:
            yield maps


def packed_tissue(maps: TissueMaps, layers: list[Layer]) -> dict[str, Any]:
    """A tissue as JSON for the page; ``cells`` is the text of ``packing.packed``."""
    positions, step = page_positions(maps.tissue.coords)
    width, height = (int(side) for side in np.ptp(positions, axis=0))
    shown: list[dict[str, Any]] = []
    planes: list[np.ndarray] = []
    for layer in layers:
        about = {"group": layer.group, "title": layer.title, "note": layer.note}
        about["method"] = layer.method
        if layer.labels is not None:
            if layer.labels.max() >= MOST_DOMAINS:
                continue
            planes.append(label_plane(layer.labels))
            shown.append(about)
        elif layer.amounts is not None:
            highest = layer.highest or highest_amount(layer.amounts)
            planes.append(amount_plane(layer.amounts, highest))
            shown.append({**about, "highest": round(highest, 2)})
    return {
        "id": maps.tissue.name,
        "n_cells": len(positions),
        "n_domains": maps.n_domains,
        "width": width,
        "height": height,
        "micrometers": step if maps.tissue.unit in MICROMETERS else None,
        "domains": list(zip(maps.names, domain_colors(len(maps.names)), strict=True)),
        "layers": shown,
        "cells": packed(positions, planes),
    }


def _recommended_numbers(layout: Layout) -> dict[str, int]:
    """The recommended number of domains, by dataset without a truth."""
    path = layout.tables / "number_of_domains.csv"
    if not path.is_file():
        return {}
    table = read_csv(path)
    chosen = table[table["choice"] == "recommended"]
    return dict(zip(chosen["dataset"], chosen["n_domains"].astype(int), strict=True))
