"""Studies: groups of tables and pictures that belong together, found by the names of the files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from stbench.common.errors import InputError
from stbench.common.io import read_csv
from stbench.report.images import Picture

# A study is shown where there is a table <name>.csv or <name>_*.csv with rows in it. To add one,
# add its name, its title and a sentence or two that say how to read it.
STUDIES = {
    "published": (
        "Published and measured",
        "Scores of this run beside the range that others reported for the same method and "
        "dataset. Settings, versions and clusterers differ between papers, so a score outside "
        "the range is a question, not an error.",
    ),
    "interactions": (
        "Planted interactions",
        "How well learned cell graphs tell which cells interact in simulated tissue, where the "
        "truth is known, beside scorers that learn nothing. A lift above zero means that the "
        "graph knows more than the null it is compared with.",
    ),
    "deconvolution": (
        "Deconvolution",
        "Shares of cell types estimated for each spot, scored against the known composition. "
        "The mean of the reference and the shuffled true shares are controls, which a method "
        "has to beat. Curves, where there are any, are of spots that were made worse on purpose.",
    ),
    "integration": (
        "Integration of sections",
        "Several sections embedded together. Mixing the sections and keeping the domains apart "
        "pull in opposite directions, so read both kinds of scores at once.",
    ),
    "robustness": (
        "Robustness",
        "The same data with thinned counts, fewer cells, dropout or jittered positions, scored "
        "again. The area under each curve is the number to compare.",
    ),
    "sensitivity": (
        "Sensitivity and ablation",
        "One setting changed, or one part taken out, at a time. A score that hardly moves says "
        "that the setting or the part matters little on this data.",
    ),
}
ROWS = 200  # of a table; the file has them all


@dataclass(frozen=True)
class Table:
    """A table as text: ``numeric`` says of each column whether it holds numbers."""

    title: str
    columns: list[str]
    numeric: list[bool]
    rows: list[list[str]]
    left_out: int
    path: str


@dataclass(frozen=True)
class Study:
    """What a section shows; ``note`` says why where nothing of it applies."""

    name: str
    title: str
    text: str
    note: str
    tables: list[Table]
    pictures: list[Picture]


def find_studies(folders: Iterable[Path], pictures: Iterable[Picture]) -> list[Study]:
    """The studies that have a table with rows in one of the folders.

    Of tables in which nothing applies only the reason is given.

    Raises:
        InputError: a table is not readable.
    """
    pictures = list(pictures)
    files = [path for folder in folders for path in sorted(folder.glob("*.csv"))]
    found = []
    for name, (title, text) in STUDIES.items():
        paths = [path for path in files if belongs(path.stem, name)]
        told = {path: table for path in paths if len(table := _read(path))}
        if not told:
            continue
        applies = {path: table for path, table in told.items() if not _idle(table)}
        note = "" if applies else _why_idle(next(iter(told.values())))
        tables = [as_table(table, _named(path), str(path)) for path, table in applies.items()]
        mine = [picture for picture in pictures if belongs(picture.stem, name)]
        found.append(Study(name, title, text, note, tables, mine))
    return found


def belongs(stem: str, study: str) -> bool:
    """Whether a file of this name is one of the study's."""
    return stem == study or stem.startswith(f"{study}_")


def _read(path: Path) -> pd.DataFrame:
    try:
        return read_csv(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable table ({error}); make it again") from error


def _named(path: Path) -> str:
    return path.stem.replace("_", " ")


def _idle(table: pd.DataFrame) -> bool:
    return "status" in table and set(table["status"]) == {"not_applicable"}


def _why_idle(table: pd.DataFrame) -> str:
    reasons = table["reason"].dropna().unique() if "reason" in table else []
    return f"Not applicable: {'; '.join(map(str, reasons))}."


def as_table(table: pd.DataFrame, title: str, path: str = "", rows: int = ROWS) -> Table:
    """A table as text, numbers with up to four digits; empty columns are left out."""
    table = table.dropna(axis="columns", how="all")
    numeric = [
        pd.api.types.is_numeric_dtype(table[name]) and not pd.api.types.is_bool_dtype(table[name])
        for name in table
    ]
    shown = table.head(rows).astype(object)
    texts = [[_text(value) for value in row] for row in shown.itertuples(index=False)]
    names = [str(name).replace("_", " ") for name in table]
    return Table(title, names, numeric, texts, max(len(table) - rows, 0), path)


def _text(value: Any) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
