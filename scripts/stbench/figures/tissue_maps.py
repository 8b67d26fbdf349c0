"""The figures of a tissue that need no truth: consensus, maps, agreement and stability."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from stbench.common.io import read_csv
from stbench.figures.domains import domain_maps
from stbench.figures.figure_set import Album
from stbench.figures.label_free import (
    agreement_matrix,
    consensus_maps,
    maps_of_methods,
    stability_plot,
)
from stbench.maps.cells_file import CellsFile
from stbench.maps.comparison import CONSENSUS


def add_consensus(album: Album, name: str, coords: np.ndarray, maps: CellsFile, unit: str) -> None:
    """Add the consensus of all methods and where they disagree; nothing without a consensus.

    Args:
        name: id of the dataset.
        coords: (n_cells, 2) as drawn.
        unit: of the positions.
    """
    if maps.disagreement is None:
        return
    disputed = float((maps.disagreement > 0.5).mean())
    title = f"{name}: {maps.note}, {maps.n_domains} domains"
    album.add(
        consensus_maps(coords, maps, title, unit),
        f"consensus_{name}",
        kind="consensus",
        title=title,
        caption="Evidence accumulation: cells are close if many methods put them in one domain. "
        "Near-copies among the methods vote once together. Disagreement is the share of the votes "
        f"that put a cell in another domain; more than half of them do for {disputed:.0%} of the "
        "cells.",
        alt=f"Maps of {len(coords)} cells of {name}: consensus domains of "
        f"{np.bincount(maps.columns[CONSENSUS]).tolist()} cells, and disagreement.",
        dataset=name,
    )


def add_maps(
    album: Album,
    name: str,
    coords: np.ndarray,
    maps: CellsFile,
    titles: Mapping[str, str],
    failed: Mapping[str, str],
    *,
    unit: str,
    stem: str,
) -> None:
    """Add the maps of all methods in the colors of the consensus.

    Args:
        titles: display names of the methods, by id, in order.
        failed: why a method has no map, by id.
        stem: of the files.
    """
    shown = maps_of_methods(maps, titles, failed)
    if not shown:
        return
    reference = maps.columns.get(CONSENSUS)
    numbers = [] if reference is None else [str(i + 1) for i in range(int(reference.max()) + 1)]
    title = f"{name}: {maps.n_domains} domains by all methods"
    matched = "" if reference is None else (
        " Domains have the numbers and colors of the consensus domains that they match, one to one "
        "(Hungarian algorithm); the ARI is that with the consensus."
    )  # fmt: skip
    album.add(
        domain_maps(
            *(coords, shown, title, reference, numbers),
            together=max(_in_a_row(maps, titles), 1),
            first_title="Consensus",
            unit=unit,
        ),
        stem,
        kind="gallery",
        title=title,
        caption="No true domains are known. Of each method the last epoch of the first training "
        "seed; of methods that train also the epoch that the data select, and the consensus of "
        f"all training seeds.{matched}",
        alt=f"Maps of {len(coords)} cells of {name} by domain: "
        + "; ".join(f"{one.title} {one.note}" for one in shown),
        dataset=name,
    )


def _in_a_row(maps: CellsFile, titles: Mapping[str, str]) -> int:
    """The largest number of maps of one method."""
    endings = ("", "_selected", "_consensus")
    return max((sum(f"{m}{end}" in maps.columns for end in endings) for m in titles), default=0)


def add_comparisons_of_maps(album: Album, tables: Path, titles: Mapping[str, str]) -> None:
    """Add agreement and stability of the methods of each dataset, from the tables."""
    path, pairs = tables / "label_free.csv", tables / "label_free_agreement.csv"
    if not path.is_file():
        return
    methods, agreement = read_csv(path), read_csv(pairs)
    methods = methods[(methods["status"] == "ok") & (methods["method"] != CONSENSUS)]
    methods = methods[methods["agreement"].notna()]
    for name, rows in methods.groupby("dataset", sort=False):
        if len(rows) > 1:
            _add_agreement(album, str(name), agreement[agreement["dataset"] == name], titles)
            _add_stability(album, str(name), rows, titles)


def _add_agreement(album: Album, name: str, table: pd.DataFrame, titles: Mapping[str, str]) -> None:
    apart = table[table["method"] != table["other"]]
    most, least = (apart.loc[i] for i in (apart["ARI"].idxmax(), apart["ARI"].idxmin()))
    named = {**titles, CONSENSUS: "the consensus"}
    title = f"{name}: agreement of the methods"
    album.add(
        agreement_matrix(table, titles, title),
        f"label_free_agreement_{name}",
        kind="label_free",
        title=title,
        caption="ARI of every pair of maps, in the order of a dendrogram (average linkage of "
        "1 - ARI). Methods that agree may be right, or make the same mistake.",
        alt=f"ARI of pairs of maps of {name}: highest {most['ARI']:.2f} ({named[most['method']]}, "
        f"{named[most['other']]}), lowest {least['ARI']:.2f} ({named[least['method']]}, "
        f"{named[least['other']]}).",
        dataset=name,
    )


def _add_stability(album: Album, name: str, rows: pd.DataFrame, titles: Mapping[str, str]) -> None:
    title = f"{name}: agreement and stability of each method"
    first = rows.loc[rows["agreement"].idxmax()]
    album.add(
        stability_plot(rows, titles, title),
        f"label_free_stability_{name}",
        kind="label_free",
        title=title,
        caption="A stable map is not a right one: positions alone give stable maps. Where a method "
        "draws no random numbers, its training seeds agree completely.",
        alt=f"Mean ARI of {len(rows)} methods of {name} with other methods, training seeds, starts "
        f"and parts of the cells; {titles[first['method']]} agrees best with the others "
        f"({first['agreement']:.2f}).",
        dataset=name,
    )
