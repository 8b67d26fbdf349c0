"""Studies: groups of tables and pictures, found by the names of their files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from stbench.common.errors import InputError
from stbench.common.io import read_csv
from stbench.report.images import Picture

# A study is shown if a table <name>.csv or <name>_*.csv has rows. To add a study, add its name, its
# title and one or two sentences of explanation.
STUDIES = {
    "label_free": (
        "Methods compared without true labels",
        "Agreement: mean ARI of a map with those of the other methods. ARI consensus: with the "
        "consensus of all methods, in which near-copies vote once together. Stability: mean ARI "
        "between training seeds, starts of k-means, and clusterings of 80 % of the cells. A stable "
        "map is not a right one. CHAOS and PAS are low where domains are smooth: the control "
        "coordinates, which knows positions alone, is among the lowest.",
    ),
    "number_of_domains": (
        "How many domains?",
        "Criteria that compare numbers of domains without true labels; higher is better. No "
        "criterion finds the annotated number reliably, so look at the maps of the recommended "
        "number and of its alternatives.",
    ),
    "recommendation": (
        "Which map?",
        "The maps of the methods compared without true labels; higher is better. The consensus is "
        "recommended, because on labeled tissues no criterion that looks at the tissue chooses "
        "better maps; without a consensus, the method that agrees most with the others. ARI and "
        "regret are added afterwards, where true labels are known.",
    ),
    "tuning": (
        "Published settings",
        "The ranked entries have default settings. These have the settings that authors published "
        "for a dataset, or that were copied from a similar one. Tuning gain: final ARI with "
        "published minus default settings.",
    ),
    "paper": (
        "The protocol of STAGUE’s paper",
        "Published settings where there are any, k-means with one start, and the best epoch, which "
        "the true labels choose. This is no ranking.",
    ),
    "published": (
        "Published and measured",
        "Scores of this run minus published scores for the same method and dataset, with the 95 % "
        "interval of the difference (Welch). Agrees means that the interval contains zero; with "
        "few seeds it is wide. Settings, versions and clusterers differ between papers, so a "
        "score that differs is not necessarily an error.",
    ),
    "interactions": (
        "Planted interactions",
        "How well learned cell graphs identify interacting cells in simulated tissue, where the "
        "truth is known, compared with scorers that learn nothing. A lift above zero means that "
        "the graph is more informative than its null.",
    ),
    "graphs": (
        "Learned graphs side by side",
        "What the cell graph of each method says about a tissue: edges above the threshold, pairs "
        "of cell types with more or fewer of them than their distances explain, supported pairs of "
        "ligand and receptor, and the first genes. Then how far two methods agree, beside what "
        "chance gives. The true interactions are not known here.",
    ),
    "replication": (
        "What of the interactions is found again",
        "Agreement of training seeds on the edges of a learned cell graph, and of sections of one "
        "study on its pairs of cell types: against shuffled types, and against edges redrawn at "
        "the same distances. Pairs of ligand and receptor are compared likewise, and two halves of "
        "their resource on the edges that they support. Random graphs with the same distances show "
        "what near cells share in any case.",
    ),
    "deconvolution": (
        "Deconvolution",
        "Shares of cell types estimated for each spot, scored against the known composition. "
        "The mean of the reference and the shuffled true shares are controls, which a method "
        "should outperform. Curves, if any, are for degraded spots.",
    ),
    "integration": (
        "Integration of sections",
        "Several sections in a joint embedding. Mixing of sections and separation of domains are "
        "conflicting goals, so consider both kinds of scores.",
    ),
    "robustness": (
        "Robustness",
        "Scores on the same data with thinned counts, fewer cells, dropout or jittered positions. "
        "Each of the n training seeds has its own random draw of the degradation, so intervals "
        "include the noise of the draw. Compare methods by the area under each curve.",
    ),
    "sensitivity": (
        "Sensitivity and ablation",
        "One setting changed, or one part removed, at a time; low and high are the 95 % interval "
        "of the change over n training seeds. A change whose interval contains zero, or of one "
        "seed, can be chance.",
    ),
}
ROWS = 200  # of a table; the file contains all


@dataclass(frozen=True)
class Table:
    """A table as text; ``numeric``: whether each column contains numbers."""

    title: str
    columns: list[str]
    numeric: list[bool]
    rows: list[list[str]]
    left_out: int
    path: str


@dataclass(frozen=True)
class Study:
    """The content of a section."""

    name: str
    title: str
    text: str
    tables: list[Table]
    pictures: list[Picture]


def find_studies(folders: Iterable[Path], pictures: Iterable[Picture]) -> list[Study]:
    """The studies that have a table with rows in one of the folders.

    Tables in which nothing is applicable are left out.

    Raises:
        InputError: a table is not readable.
    """
    pictures = list(pictures)
    files = [path for folder in folders for path in sorted(folder.glob("*.csv"))]
    studies = []
    for name, (title, text) in STUDIES.items():
        paths = [path for path in files if belongs(path.stem, name)]
        read = {path: table for path in paths if len(table := _read(path)) and not _idle(table)}
        if not read:
            continue
        tables = [as_table(table, _named(path), str(path)) for path, table in read.items()]
        own = [picture for picture in pictures if belongs(picture.stem, name)]
        studies.append(Study(name, title, text, tables, own))
    return studies


def belongs(stem: str, study: str) -> bool:
    """Whether a file of this name belongs to the study."""
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
    if not isinstance(value, float):
        return str(value)
    whole = value.is_integer() and abs(value) < 2**53  # counts of a column with gaps are floats
    large = 1e4 <= abs(value) < 1e9  # beside counts, which have all digits
    return f"{value:.0f}" if whole or large else f"{value:.4g}"
