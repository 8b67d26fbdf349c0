"""Tables of deconvolution, and their summary as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stbench.common.text import columns
from stbench.deconvolution.metrics import METRICS
from stbench.deconvolution.scoring import ALL_TYPES, COLUMNS, NO_TRUTH
from stbench.results.assembly import read_stacked

SHOWN = ("pearson_type", "pearson_spot", "rmse_spot", "jsd")  # in print; files contain all


def read_scores(paths: Iterable[Path], methods: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Stack the files of score_deconvolution.py; reduced budgets are added to the notes.

    Raises:
        InputError: no file, or an unreadable one.
    """
    scores = read_stacked(paths, [*COLUMNS, "method", "epochs", "note"], "score_deconvolution.py")
    published = scores["method"].map(lambda name: methods[name].get("params", {}).get("epochs"))
    cut = scores["epochs"] < published.astype(float)
    budget = [
        f"{ran:g} of {full:g} epochs" if less else ""
        for ran, full, less in zip(scores["epochs"], published, cut, strict=True)
    ]
    scores["note"] = [
        "; ".join(filter(None, pair)) for pair in zip(budget, scores["note"], strict=True)
    ]
    scores.insert(3, "implementation", scores["method"].map(lambda m: methods[m]["implementation"]))
    return scores


def tables(scores: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Tables by file name: all scores, one table per metric, and the scores of single types."""
    means = scores[scores["type"] == ALL_TYPES].drop(columns="type")
    types = scores[scores["type"] != ALL_TYPES]
    one = {
        f"deconvolution_{name}": means[means["metric"] == name].drop(columns="metric")
        for name in METRICS
    }
    return {"deconvolution_scores": means, "deconvolution_types": types, **one}


def any_result(scores: pd.DataFrame) -> bool:
    """Whether any method has a score, or proportions of spots without a truth."""
    return bool(scores["mean"].notna().any() or (scores["reason"] == NO_TRUTH).any())


def without_interval(controls: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]]) -> str:
    """Why methods are not compared with all controls; empty if each control has an interval.

    Args:
        controls: their rows with a mean.
        methods: entries of the methods, by id.
    """
    lacking = list(dict.fromkeys(controls.loc[controls["low"].isna(), "method"]))
    if not lacking:
        return ""
    titles = " and ".join(methods[name]["title"] for name in lacking)
    return f"{titles}: no interval, so methods are not compared with all controls"


def clears(method: pd.Series, control: pd.Series) -> bool:
    """Whether a method's interval is entirely better than that of a control."""
    if METRICS[method["metric"]].higher_is_better:
        return bool(method["low"] > control["high"])
    return bool(method["high"] < control["low"])


def summary(scores: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]]) -> str:
    """A block for each pair: a table with intervals, and a comparison with the controls."""
    means = scores[scores["type"] == ALL_TYPES]
    return "\n\n".join(
        _block(name, rows, methods) for name, rows in means.groupby("dataset", sort=False)
    )


def _block(name: Any, rows: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]]) -> str:
    first = rows.iloc[0]
    head = ["method", *(METRICS[metric].label for metric in SHOWN), "note"]
    lines = [head]
    for method, own in rows.groupby("method", sort=False):
        by_metric = own.set_index("metric")
        known = first["status"] == "ok" or own["mean"].notna().any()
        means = [_mean(by_metric.loc[metric]) for metric in SHOWN] if known else [""] * len(SHOWN)
        entry = own.iloc[0]
        failure = "" if entry["status"] == "ok" else f"{entry['status']}: {entry['reason']}"
        note = "; ".join(filter(None, (failure, entry["note"])))
        lines.append([methods[str(method)]["title"], *means, note])
    table = columns(lines, left=range(len(head)))
    title = f"{name}: {first['n_spots']} spots, reference: {first['reference']}"
    notes = [first["data_note"]] if first["data_note"] else []
    return "\n".join([title, *notes, table, *_verdicts(rows, methods)])


def _mean(row: pd.Series) -> str:
    if pd.isna(row["mean"]):
        return "-"
    if pd.isna(row["low"]):
        return f"{row['mean']:.2f}"
    return f"{row['mean']:.2f} ({row['low']:.2f} to {row['high']:.2f})"


def _verdicts(rows: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """For each method, the metrics in which it is not better than all controls."""
    is_control = rows["method"].map(lambda name: bool(methods[name].get("control")))
    scored = rows["mean"].notna()
    controls, sentences = rows[is_control & scored], []
    if (rows["reason"] == NO_TRUTH).any():
        return ["the true proportions are not known, so nothing is scored; maps are in the figures"]
    if controls.empty:
        return ["no control was scored, so methods cannot be compared with controls"]
    lacking = set(controls.loc[controls["low"].isna(), "metric"])
    if lacking.issuperset(controls["metric"]):
        return [without_interval(controls, methods)]
    for method, own in rows[~is_control & scored].groupby("method", sort=False):
        short = [
            row["metric"]
            for _, row in own[~own["metric"].isin(lacking)].iterrows()
            if not all(
                clears(row, control)
                for _, control in controls[controls["metric"] == row["metric"]].iterrows()
            )
        ]
        title = methods[str(method)]["title"]
        if own["low"].isna().all():
            sentences.append(f"{title}: no interval, so it is not compared with controls")
            continue
        compared = int((~own["metric"].isin(lacking)).sum())
        beaten = f"{compared - len(short)} of {compared} metrics"
        but = f"; not in {', '.join(short)}" if short else ""
        sentences.append(f"{title}: better than all controls (disjoint intervals) in {beaten}{but}")
    return sentences
