"""Inferred interactions: one page for each dataset and method with a cell graph."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stbench.common.errors import InputError
from stbench.common.io import read_csv
from stbench.config.layout import Layout
from stbench.report.images import Picture
from stbench.report.studies import Table, as_table
from stbench.results.assembly import natural

# Tables that are shown: title, columns to sort by, and columns to show (all if empty).
_TABLES = {
    "type_pairs": (
        "Type pairs that differ most from edges redrawn at the same distances",
        ["q_distance", "p_distance"],
        ["type_a", "type_b", "observed", "ratio_shuffled", "q_shuffled", "ratio_distance"]
        + ["p_distance", "q_distance", "q_degree", "p_shifted", "q_shifted"],
    ),
    "same_type": (
        "Edges between cells of the same type, together",
        ["null"],
        ["null", "observed", "expected", "sd", "z", "p"],
    ),
    "ligand_receptor": (
        "Ligands and receptors with the strongest support from the edges",
        ["q", "p"],
        ["ligand", "receptor", "observed", "expected", "z", "z_redrawn", "p", "q"]
        + ["z_shifted", "p_shifted", "q_shifted"],
    ),
    "genes": (
        "Genes that contribute most to the edges",
        ["rank"],
        ["rank", "gene", "attribution", "share", "occlusion"],
    ),
    "gene_sets": ("Over-represented gene sets", ["q", "p"], []),
}
_ROWS = 10
_PICTURES = {
    "map": "Edges above the threshold, on the tissue",
    "type_pairs": "Edges between cell types, observed over expected",
    "ligand_receptor": "Support of ligands and receptors",
    "genes": "Genes that contribute most to the edges",
    "embedding": "UMAP of the embedding and PAGA of the domains",
}


@dataclass(frozen=True)
class Part:
    """One part of the analysis, and how it ended."""

    name: str
    status: str
    reason: str


@dataclass(frozen=True)
class InteractionPage:
    dataset: str
    method: str
    title: str
    parts: list[Part]
    tables: list[Table]
    pictures: list[Picture]

    @property
    def notes(self) -> list[Part]:
        """The parts that did not succeed, or have a remark."""
        return [part for part in self.parts if part.reason or part.status != "ok"]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show: no part was applicable."""
        return not (self.tables or self.pictures or any(p.status == "error" for p in self.parts))


def interaction_pages(
    layout: Layout, datasets: Sequence[str], titles: Mapping[str, str]
) -> list[InteractionPage]:
    """The pages of these datasets and methods, where there is something to show.

    Raises:
        InputError: a file is not readable.
    """
    pages = [
        _page(layout.interactions(dataset, method), dataset, method, titles[method])
        for dataset in sorted(datasets, key=natural)
        for method in sorted(titles, key=natural)
        if (layout.interactions(dataset, method) / "status.json").is_file()
    ]
    return [page for page in pages if not page.empty]


def _page(folder: Path, dataset: str, method: str, title: str) -> InteractionPage:
    try:
        status = json.loads((folder / "status.json").read_text(encoding="utf-8"))
        parts = [Part(name, part["status"], part["reason"]) for name, part in status.items()]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{folder}/status.json: not a status ({error}); remove {folder}"
        ) from error
    pictures = [
        Picture(
            path=path,
            title=_PICTURES.get(path.stem, path.stem.replace("_", " ")),
            caption=f"{title} on {dataset}",
            alt=f"{_PICTURES.get(path.stem, path.stem)}: {title} on {dataset}",
            dataset=dataset,
        )
        for path in sorted((folder / "figures").glob("*.png"))
    ]
    tables = [
        _first_rows(folder / f"{name}.csv", *options)
        for name, options in _TABLES.items()
        if (folder / f"{name}.csv").is_file()
    ]
    return InteractionPage(
        dataset, method, title, parts, [table for table in tables if table.rows], pictures
    )


def _first_rows(path: Path, title: str, order: list[str], columns: list[str]) -> Table:
    try:
        table = read_csv(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable table ({error}); remove its folder") from error
    if "edge_set" in table:
        table = table[table["edge_set"] == "all"]
    by = [name for name in order if name in table]
    table = table.sort_values(by, kind="stable") if by else table
    table = table[[name for name in columns if name in table] or list(table)]
    return as_table(table, title, str(path), _ROWS)
