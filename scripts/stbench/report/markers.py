"""The study of markers of domains: per dataset its verdict, its table and its pictures."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from stbench.common.errors import InputError
from stbench.config.layout import Layout
from stbench.report.images import Picture, find_pictures
from stbench.report.studies import Study, Table, as_table

_TEXT = (
    "Genes that are higher in one domain than in all others. Below is where the genes that were "
    "asked for stand among them, and what that does and does not support. The test takes cells as "
    "independent, so its p are too small."
)
_WHOLE = dict.fromkeys(("cells", "rank", "genes"), "Int64")
_SHOWN = [
    "labels", "domain", "mostly", "gene", "cells", "rank", "genes", "log2_fold_change",
    "p_adjusted", "expressed_in", "expressed_out", "marker", "status", "reason",
]  # fmt: skip


def marker_study(layout: Layout, datasets: Sequence[str]) -> tuple[Study, list[str]] | None:
    """The study and the paragraphs of its verdicts; None where no dataset has any.

    Args:
        layout: where the folders of markers are, each with genes.csv, verdict.txt and figures.
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
            genes = pd.read_csv(path, keep_default_na=False, na_values=[""], dtype=_WHOLE)[_SHOWN]
            verdict = (folder / "verdict.txt").read_text(encoding="utf-8")
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{folder}: not readable ({error}); make it again") from error
        tables.append(as_table(genes, f"genes asked for, {name}", str(path)))
        paragraphs += [" ".join(text.split()) for text in verdict.split("\n\n")]
        pictures += find_pictures(folder, datasets)
    if not tables:
        return None
    return Study("markers", "Markers of domains", _TEXT, "", tables, pictures), paragraphs
