"""The tables of one tissue: numbers of domains compared, and methods compared."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from stbench.choosing.number_choice import NumberChoice
from stbench.choosing.recommendation import CRITERIA
from stbench.common.io import read_csv
from stbench.maps.method_maps import MethodMaps

NUMBERS, METHODS = "number_of_domains", "recommendation"
RECOMMENDED, ALTERNATIVE = "recommended", "alternative"
METHOD_COLUMNS = [
    *("dataset", "n_domains", "method", "rank", "recommended", *CRITERIA, "ARI", "regret"),
    *("status", "reason"),
]
NUMBER_COLUMNS = [
    *("dataset", "criterion", "n_domains", "value", "error", "chosen", "choice"),
    *("status", "reason"),
]


def number_table(dataset: str, curves: pd.DataFrame, choice: NumberChoice) -> pd.DataFrame:
    """The curves, with ``chosen`` (by this criterion) and ``choice`` (recommended, alternative)."""
    numbers = curves["n_domains"]
    table = curves.assign(dataset=dataset, choice="", status="ok", reason="")
    table["chosen"] = numbers == curves["criterion"].map(choice.of_criteria)
    table.loc[numbers.isin(choice.alternatives), "choice"] = ALTERNATIVE
    table.loc[numbers == choice.recommended, "choice"] = RECOMMENDED
    return table[NUMBER_COLUMNS]


def no_numbers(dataset: str, status: str, reason: str) -> pd.DataFrame:
    """The row of a dataset whose numbers of domains could not be compared."""
    row = {"dataset": dataset, "chosen": False, "status": status, "reason": reason}
    return pd.DataFrame([row]).reindex(columns=NUMBER_COLUMNS)


def method_table(
    dataset: str, n_domains: int, compared: pd.DataFrame | None, others: Iterable[MethodMaps]
) -> pd.DataFrame:
    """One row per method, the recommended map first; methods without labels come last.

    Args:
        compared: of ``stbench.choosing.recommendation``, by method; None if no method has labels.
        others: the methods without labels.
    """
    rows = [
        {
            **{"method": one.method, "recommended": False, "status": one.status},
            "reason": one.reason or f"no labels of {n_domains} domains",
        }
        for one in others
    ]
    tables = [pd.DataFrame(rows)] if rows else []
    if compared is not None:
        tables.insert(0, compared.reset_index().assign(status="ok"))
    table = pd.concat(tables, ignore_index=True).reindex(columns=METHOD_COLUMNS)
    table["rank"] = table["rank"].astype("Int64")
    return table.assign(dataset=dataset, n_domains=n_domains)


def stacked(folders: Iterable[Path]) -> dict[str, pd.DataFrame]:
    """The tables of all datasets, by name; none where no dataset has any.

    Args:
        folders: of ``scripts/choose.py``.
    """
    parts: dict[str, list[pd.DataFrame]] = {}
    for folder in folders:
        for name in (NUMBERS, METHODS):
            if (path := folder / f"{name}.csv").is_file():
                parts.setdefault(name, []).append(read_csv(path))
    return {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}
