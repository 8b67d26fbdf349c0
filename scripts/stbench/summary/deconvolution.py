"""The answer of a run of deconvolution: the best method, and whether it beats the controls."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stbench.common.io import read_csv
from stbench.deconvolution.tables import clears, without_interval
from stbench.ranking.answer import Answer, listed
from stbench.results.formatting import count, number

_METRIC, _WORDS = "pearson_type", "correlation of the shares of cell types with the truth"


def deconvolution_answers(tables: Path, methods: Mapping[str, Mapping[str, Any]]) -> list[Answer]:
    """The answer; empty if no method has a score.

    Args:
        tables: folder of the tables of ``aggregate.py``.
        methods: entries of the methods of deconvolution, by id.
    """
    path = tables / "deconvolution_scores.csv"
    if not path.is_file():
        return []
    table = read_csv(path)
    if not {"metric", "low", "high", "status"} <= set(table):
        return []
    rows = table[table["metric"] == _METRIC]
    is_control = rows["method"].map(lambda name: bool(methods[name].get("control"))).astype(bool)
    own, controls = rows[~is_control], rows[is_control & rows["mean"].notna()]
    ran = own.loc[own["status"] != "not_applicable", "method"].unique()
    scores = own.pivot(index="dataset", columns="method", values="mean")
    scores = scores.reindex(columns=ran).dropna(how="all")
    if scores.empty:
        return []
    own = own[own["dataset"].isin(scores.index) & own["mean"].notna()]
    # A failure must not be better than a low score: a missing one is that of a flat map.
    means = scores.fillna(0.0).mean().sort_values(ascending=False, kind="stable")
    title, pairs = methods[means.index[0]]["title"], len(scores)
    rest = [f"{methods[name]['title']} ({number(value)})" for name, value in means[1:].items()]
    best = Answer(
        "Best",
        f"{title} has the highest {_WORDS} ({number(means.iloc[0])}, mean over "
        f"{count(pairs, 'pair')}) of {count(len(means), 'method')}"
        f"{', before ' + listed(rest) if rest else ''}."
        f"{_overlap(own, list(means.index[:2]), methods)}{_missing(scores, methods)}",
    )
    return [best, Answer("Controls", _against(own, controls, methods))]


def _overlap(own: pd.DataFrame, first: list[str], methods: Mapping[str, Mapping[str, Any]]) -> str:
    """On how many pairs the intervals of the first two overlap; empty for a single method."""
    if len(first) < 2:
        return ""
    one, other = (own[own["method"] == name].set_index("dataset") for name in first)
    both = one.join(other, rsuffix="_other").dropna(subset=["low", "low_other"])
    apart = (both["low"] > both["high_other"]) | (both["low_other"] > both["high"])
    if both.empty:
        return ""
    n = int((~apart).sum())
    where = f"on {n} of {count(len(both), 'pair')}"
    return f" Its interval and that of {methods[first[1]]['title']} overlap {where}."


def _missing(scores: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]]) -> str:
    """How many pairs of which methods have no score; empty if there are none."""
    counts = scores.isna().sum()
    named = [f"{methods[name]['title']} {n}" for name, n in counts[counts > 0].items()]
    return f" Pairs without a score count 0: {listed(named)}." if named else ""


def _against(
    own: pd.DataFrame, controls: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]]
) -> str:
    """Which methods are better than all controls, on how many pairs."""
    if controls.empty:
        return "No control was scored, so methods cannot be compared with controls."
    won: dict[str, int] = {}
    lacking = controls[controls["low"].isna() & controls["dataset"].isin(own["dataset"])]
    own = own[~own["dataset"].isin(lacking["dataset"])]
    reason = without_interval(lacking, methods)
    if own.empty:
        return f"{reason}."
    for _, row in own.iterrows():
        there = controls[controls["dataset"] == row["dataset"]]
        if len(there) and all(clears(row, control) for _, control in there.iterrows()):
            won[row["method"]] = won.get(row["method"], 0) + 1
    pairs = own["dataset"].nunique()
    named = [
        f"{methods[name]['title']} on {n} of {count(pairs, 'pair')}" for name, n in won.items()
    ]
    text = f"Better than all controls, with disjoint intervals: {listed(named) or 'no method'}"
    elsewhere = count(lacking["dataset"].nunique(), "other pair")
    return f"{text}. {reason} on {elsewhere}." if reason else f"{text}."
