"""The table that opens a page without true labels: the maps of the methods, the best first."""

from __future__ import annotations

from pathlib import Path

from stbench.choosing.recommendation import (
    AGREEMENT,
    CONSENSUS,
    CONTINUITY,
    SEPARATION,
    STABILITY,
)
from stbench.choosing.tables import METHODS
from stbench.common.io import read_csv
from stbench.report.studies import Table, as_table
from stbench.summary.run import Run

_TITLE = "Maps of the methods; higher is better, and no criterion uses labels"
_CRITERIA = [AGREEMENT, STABILITY, CONTINUITY, SEPARATION]


def overview_of_maps(tables: Path, run: Run | None) -> Table | None:
    """The recommended map and the criteria of each method; None if nothing is recommended."""
    path = tables / f"{METHODS}.csv"
    if run is None or not path.is_file():
        return None
    rows = read_csv(path)
    titles = {**run.titles, CONSENSUS: "Consensus"}
    rows = rows.assign(
        method=rows["method"].map(titles).fillna(rows["method"]),
        recommended=rows["recommended"].astype(bool).map({True: "recommended", False: ""}),
    )
    rows[_CRITERIA] = rows[_CRITERIA].astype(float).round(2)
    shown = ["method", "recommended", "n_domains", *_CRITERIA]
    if rows["dataset"].nunique() > 1:
        shown.insert(0, "dataset")
    return as_table(rows[shown], _TITLE, str(path))
