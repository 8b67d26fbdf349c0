"""Markers of domains: for each dataset, a verdict, a table and pictures."""

from __future__ import annotations

from collections.abc import Sequence

from stbench.common.errors import InputError
from stbench.common.io import read_csv
from stbench.config.layout import Layout
from stbench.markers.domains import MAIN
from stbench.report.images import Picture, find_pictures
from stbench.report.studies import Study, Table, as_table

_TEXT = (
    "Genes with higher expression in one domain than in all others: the rank of the requested "
    "genes among them, and the first markers of the consensus domains of own sections, or of the "
    "recommended map. The text says what this supports. The test assumes independent cells, so its "
    "p values are too small."
)
_RANKS = 10  # markers of a domain in the table
_WHOLE = dict.fromkeys(("cells", "rank", "genes"), "Int64")
_SHOWN = [
    "labels", "domain", "mostly", "gene", "cells", "rank", "genes", "log2_fold_change",
    "p_adjusted", "expressed_in", "expressed_out", "marker", "status", "reason",
]  # fmt: skip


def marker_study(layout: Layout, datasets: Sequence[str]) -> tuple[Study, list[str]] | None:
    """The study and the paragraphs of its verdicts; None if no dataset has markers.

    Args:
        layout: of the results; a folder of markers has genes.csv, markers.csv, verdict.txt
            and figures.
        datasets: ids, in order.

    Raises:
        InputError: a table or verdict is missing or not readable.
    """
    tables: list[Table] = []
    pictures: list[Picture] = []
    paragraphs: list[str] = []
    for name in [name for name in datasets if layout.markers(name).is_dir()]:
        folder = layout.markers(name)
        path = folder / "genes.csv"
        try:
            genes = read_csv(path).astype(_WHOLE)[_SHOWN]
            markers = read_csv(folder / "markers.csv")
            verdict = (folder / "verdict.txt").read_text(encoding="utf-8")
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{folder}: not readable ({error}); make it again") from error
        if len(genes):
            tables.append(as_table(genes, f"requested genes, {name}", str(path)))
        markers = markers[markers["labels"].isin(MAIN)].groupby("domain", sort=False).head(_RANKS)
        if len(markers):
            title = f"first markers of the {markers['labels'].iloc[0]} domains, {name}"
            tables.append(as_table(markers, title, str(folder / "markers.csv")))
        paragraphs += [" ".join(text.split()) for text in verdict.split("\n\n")]
        pictures += find_pictures(folder, datasets)
    if not paragraphs:
        return None
    return Study("markers", "Markers of domains", _TEXT, tables, pictures), paragraphs
