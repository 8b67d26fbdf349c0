"""The answer of a run, for the report and the text at its end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from stbench.common.io import read_csv
from stbench.ranking.answer import Answer, map_answers, ranking_answers
from stbench.ranking.ranks import Policy
from stbench.ranking.standings import Standing
from stbench.results.aggregates import runtime_table
from stbench.summary.run import MAPS_TABLE, Run

Standings = Mapping[str, Mapping[Policy, Standing]]


def run_answers(run: Run, standings: Standings, tables: Path) -> list[Answer]:
    """What the run found, of tissues with true labels and then of tissues without.

    Args:
        standings: of ``stbench.ranking.standings.all_standings``.
        tables: folder of the tables of ``aggregate.py``.

    Returns:
        Empty if no method has a score and no map is recommended.
    """
    tissue, by_policy = next(iter(standings.items()))
    best_control = run.tables["lift_best_control"]
    ranked = ranking_answers(by_policy["worst"], tissue, best_control, run.rank_by)
    found = _map_answers(run, tables)
    return [*ranked, *(found[:1] if ranked else found)]  # the costs are those above


def _map_answers(run: Run, tables: Path) -> list[Answer]:
    """Of the datasets without true labels."""
    methods = run.results.drop_duplicates("method")
    unlabeled = set(run.results.loc[run.results["exploratory"], "dataset"])
    names = ("recommendation", "number_of_domains")
    recommendation, numbers = (_rows(tables / f"{name}.csv", unlabeled) for name in names)
    if recommendation.empty:
        return []
    ended = run.results["exploratory"] & (run.results["fit_status"] == "ok")
    return map_answers(
        recommendation,
        run.titles,
        list(methods.loc[methods["control"], "method"]),
        numbers=numbers,
        compared=run.tables.get(MAPS_TABLE, pd.DataFrame()),
        costs=runtime_table(run.results[ended]),
    )


def _rows(path: Path, datasets: set[str]) -> pd.DataFrame:
    """The rows of a table about some datasets; none if there is no such table."""
    table = read_csv(path) if path.is_file() else pd.DataFrame(columns=["dataset"])
    return table[table["dataset"].isin(datasets)]
