"""The input of sentences and report: the results of a run and its tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from stbench.common.errors import InputError
from stbench.common.io import read_csv
from stbench.results.assembly import method_titles
from stbench.results.formatting import Row
from stbench.results.oracle import oracle_clusterer
from stbench.scoring.spatial_metrics import SPATIAL_METRICS

ARI_TABLES = ("ARI_final", "ARI_oracle", "ARI_untrained")
MAPS_TABLE = "label_free"  # only of runs with own sections
LABEL_FREE_TABLES = ("ARI_selected", "ARI_consensus")
_ENTRY = ("dataset", "method", "clusterer", "n_domains")
SMOOTHNESS_TABLES = tuple(f"{name}_final" for name in SPATIAL_METRICS)


@dataclass(frozen=True)
class Run:
    """The input of the text.

    Attributes:
        results: of ``stbench.results.assembly.assemble``, only entries that are ranked.
        every: the same with the studies.
        tables: by file name without ending, those of ``aggregate.py``.
        rank_by: the clusterer that ranks.
        oracle_by: that of ``ARI_oracle`` (``stbench.results.oracle``).
        titles: of ``method_titles``.
    """

    results: pd.DataFrame
    every: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    rank_by: str
    oracle_by: str
    titles: dict[str, str]
    _rows: dict[str, dict[tuple, Row]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def own(self) -> pd.DataFrame:
        """``every`` without shipped rows."""
        return self.every[self.every["source"] == ""]

    def row(self, table: str, dataset: str, method: str, n_domains: int) -> Row | None:
        """The row of a table for one entry, or None.

        It is that of the clusterer that ranks, of ``ARI_oracle`` that of ``oracle_by``.
        """
        if table not in self._rows:
            self._rows[table] = {}
            for row in self.tables[table].to_dict("records"):
                entry = tuple(row[name] for name in _ENTRY)
                self._rows[table].setdefault(entry, row)
        clusterer = self.oracle_by if table == "ARI_oracle" else self.rank_by
        return self._rows[table].get((dataset, method, clusterer, n_domains))

    def cell(self, table: str, dataset: str, method: str, n_domains: int) -> Row:
        """The same for a row that must exist.

        Raises:
            InputError: the row is missing.
        """
        row = self.row(table, dataset, method, n_domains)
        if row is None:
            raise InputError(
                f"{table}.csv: no row for {method} on {dataset}; run aggregate.py again"
            )
        return row


def read_run(results: pd.DataFrame, folder: Path, rank_by: str) -> Run:
    """Read the tables that belong to the results.

    Raises:
        InputError: a table is missing, or nothing was clustered by ``rank_by``.
    """
    if rank_by not in set(results["clusterer"]):
        clusterers = ", ".join(sorted(results["clusterer"].unique()))
        raise InputError(f"--rank-by {rank_by}: no scores; use one of {clusterers}")
    tables = {}
    for name in (
        *ARI_TABLES,
        *LABEL_FREE_TABLES,
        *SMOOTHNESS_TABLES,
        "gain",
        "lift",
        "lift_best_control",
        "leaderboard",
        "runtime",
        "status",
    ):
        path = folder / f"{name}.csv"
        if not path.is_file():
            raise InputError(f"{path}: no such file; create it with aggregate.py")
        table = read_csv(path)
        texts = {"status", "reason", "verdict"} & set(table)
        tables[name] = table.assign(**{column: table[column].fillna("") for column in texts})
    if (path := folder / f"{MAPS_TABLE}.csv").is_file():
        tables[MAPS_TABLE] = read_csv(path)
    return Run(
        results=results[results["study"] == ""],
        every=results,
        tables=tables,
        rank_by=rank_by,
        oracle_by=oracle_clusterer(results, rank_by),
        titles=method_titles(results),
    )
