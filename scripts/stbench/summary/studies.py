"""What the studies found, in words: how methods bear worse data, what a change does to one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from stbench.common.io import read_csv
from stbench.config.degradation import UNTOUCHED
from stbench.results.formatting import number, signed

_WORSE = {
    "counts": "with counts thinned down to {:.0%}",
    "cells": "with cells taken away down to {:.0%}",
    "dropout": "with up to {:.0%} of the counts lost",
    "jitter": "with positions jittered by up to {:g} cell spacings",
}
SMALL = 0.05  # of ARI; training seeds alone move STAGUE by about as much on small tissues


def study_sentences(tables: Path, titles: Mapping[str, str], rank_by: str) -> dict[str, list[str]]:
    """By study, a sentence for each dataset and method; a study that was not run is left out.

    Args:
        tables: folder of the tables of ``aggregate.py``.
        titles: what to call the methods, by id, in order.
        rank_by: the clusterer that is told of.
    """
    found = {}
    if (path := tables / "robustness_curves.csv").is_file():
        found["robustness"] = list(_robustness(_read(path, rank_by), titles))
    if (path := tables / "sensitivity.csv").is_file():
        found["sensitivity"] = list(_sensitivity(_read(path, rank_by), titles))
    return found


def _read(path: Path, rank_by: str) -> pd.DataFrame:
    table = read_csv(path)
    texts = {name: table[name].fillna("") for name in ("status", "reason")}
    return table[table["clusterer"] == rank_by].assign(**texts)


def _robustness(curves: pd.DataFrame, titles: Mapping[str, str]) -> Iterator[str]:
    for dataset in dict.fromkeys(curves["dataset"]):
        here = curves[curves["dataset"] == dataset]
        for method in [name for name in titles if name in set(here["method"])]:
            mine = here[here["method"] == method]
            ways = [_way(str(way), mine[mine["way"] == way]) for way in dict.fromkeys(mine["way"])]
            untouched = mine[mine["level"] == mine["way"].map(UNTOUCHED)]["mean"].max()
            start = "not scored" if pd.isna(untouched) else number(untouched)
            yield f"On {dataset} {titles[method]} (ARI {start}) comes to {', '.join(ways)}."


def _way(way: str, curve: pd.DataFrame) -> str:
    """The score at the worst level."""
    worst = curve.loc[(curve["level"] - UNTOUCHED[way]).abs().idxmax()]
    score = number(worst["mean"]) if pd.notna(worst["mean"]) else f"no score ({worst['status']})"
    return f"{score} {_WORSE[way].format(worst['level'])}"


def _sensitivity(changes: pd.DataFrame, titles: Mapping[str, str]) -> Iterator[str]:
    for (dataset, method), group in changes.groupby(["dataset", "method"], sort=False):
        scored = group.dropna(subset=["change_final"])
        small = scored["change_final"].abs() < SMALL
        large = scored[~small].sort_values("change_final", key=pd.Series.abs, ascending=False)
        told = [f"{_change(row)} {signed(row['change_final'])}" for _, row in large.iterrows()]
        text = f"{small.sum()} of {len(group)} changes move the final ARI of {titles[str(method)]}"
        text += f" on {dataset} by less than {number(SMALL)}"
        text += f"; more do {', '.join(told)}" if told else ""
        failed = [
            f"{_change(row)} ({row['status']})"
            for _, row in group.iterrows()
            if pd.isna(row["change_final"])
        ]
        yield text + (f"; no score: {', '.join(failed)}." if failed else ".")


def _change(row: pd.Series) -> str:
    name = str(row["factor"]).replace("_", " ")
    return name if pd.isna(row["value"]) else f"{name} {row['value']:g}"
