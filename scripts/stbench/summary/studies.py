"""Sentences about the studies: published settings, robustness to degraded data, single changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from stbench.common.io import read_csv
from stbench.config.degradation import AT_LEVEL, UNTOUCHED
from stbench.results.formatting import interval, number, seeds, signed
from stbench.results.tuning import WARNING

SMALL = 0.05  # of ARI; on small tissues, training seeds alone change it about as much for STAGUE


def study_sentences(tables: Path, titles: Mapping[str, str], rank_by: str) -> dict[str, list[str]]:
    """By study, a sentence for each dataset and method; a study that was not run is skipped.

    Args:
        tables: folder of the tables of ``aggregate.py``.
        titles: display names of the methods, by id, in order.
        rank_by: the clusterer that is reported.
    """
    by_study = {}
    if (path := tables / "tuning_gain.csv").is_file():
        by_study["tuning"] = list(_tuning(_read(path, rank_by), titles))
    if (path := tables / "robustness_curves.csv").is_file():
        by_study["robustness"] = list(_robustness(_read(path, rank_by), titles))
    if (path := tables / "sensitivity.csv").is_file():
        by_study["sensitivity"] = list(_sensitivity(_read(path, rank_by), titles))
    return by_study


def _read(path: Path, rank_by: str) -> pd.DataFrame:
    table = read_csv(path)
    texts = {name: table[name].fillna("") for name in ("status", "reason")}
    return table[table["clusterer"] == rank_by].assign(**texts)


def _tuning(gains: pd.DataFrame, titles: Mapping[str, str]) -> Iterator[str]:
    """The tuning gains of each method, and why they are not ranked."""
    for method, rows in gains.groupby("method", sort=False):
        parts = [
            f"{signed(row['gain'])}{interval(row)} on {row['dataset']}"
            if pd.notna(row["gain"])
            else f"not known on {row['dataset']} ({row['status']})"
            for _, row in rows.iterrows()
        ]
        yield (
            f"Tuning gain of {titles.get(str(method), method)}, the final ARI with published minus "
            f"default settings: {', '.join(parts)}."
        )
    if len(gains):
        yield WARNING


def _robustness(curves: pd.DataFrame, titles: Mapping[str, str]) -> Iterator[str]:
    for dataset in dict.fromkeys(curves["dataset"]):
        of_dataset = curves[curves["dataset"] == dataset]
        for method in [name for name in titles if name in set(of_dataset["method"])]:
            of_method = of_dataset[of_dataset["method"] == method]
            ways = [
                _way(str(way), of_method[of_method["way"] == way])
                for way in dict.fromkeys(of_method["way"])
            ]
            untouched = of_method["level"] == of_method["way"].map(UNTOUCHED)
            original = of_method[untouched].dropna(subset=["mean"])
            start = "not scored"
            if len(original):
                start = f"{_score(original.iloc[0])}, {seeds(int(original.iloc[0]['n']))}"
            yield f"On {dataset}, the ARI of {titles[method]} ({start}) becomes {'; '.join(ways)}."


def _way(way: str, curve: pd.DataFrame) -> str:
    """The score at the worst level."""
    worst = curve.loc[(curve["level"] - UNTOUCHED[way]).abs().idxmax()]
    level = AT_LEVEL[way].format(worst["level"])
    if pd.isna(worst["mean"]):
        return f"no score ({worst['status']}) {level}"
    return f"{_score(worst)} {level} ({_draws(int(worst['n']))})"


def _draws(n: int) -> str:
    return f"{n} draw{'s' * (n != 1)}"


def _score(row: pd.Series) -> str:
    """``.65 [.60, .70]``; without an interval if there is none."""
    ends = "" if pd.isna(row["low"]) else f" [{number(row['low'])}, {number(row['high'])}]"
    return number(row["mean"]) + ends


def _sensitivity(changes: pd.DataFrame, titles: Mapping[str, str]) -> Iterator[str]:
    for (dataset, method), group in changes.groupby(["dataset", "method"], sort=False):
        scored = group.dropna(subset=["change_final"])
        small = scored["change_final"].abs() < SMALL
        large = scored[~small].sort_values("change_final", key=pd.Series.abs, ascending=False)
        larger = [
            f"{_change(row)} {signed(row['change_final'])}{interval(row)}"
            for _, row in large.iterrows()
        ]
        text = (
            f"{small.sum()} of {len(group)} variants change the final ARI of {titles[str(method)]}"
        )
        text += f" on {dataset} by less than {number(SMALL)}{_seeds_of(scored)}"
        text += f"; larger changes: {', '.join(larger)}" if larger else ""
        failed = [
            f"{_change(row)} ({row['status']})"
            for _, row in group.iterrows()
            if pd.isna(row["change_final"])
        ]
        yield text + (f"; no score: {', '.join(failed)}." if failed else ".")


def _seeds_of(scored: pd.DataFrame) -> str:
    """`` (2 seeds)``, or `` (2 to 5 seeds)``; without intervals if all have one seed."""
    if scored.empty:
        return ""
    least, most = int(scored["n"].min()), int(scored["n"].max())
    if most == 1:
        return " (1 seed: no interval, so any change can be chance)"
    return f" ({seeds(most)})" if least == most else f" ({least} to {seeds(most)})"


def _change(row: pd.Series) -> str:
    name = str(row["factor"]).replace("_", " ")
    return name if pd.isna(row["value"]) else f"{name} {row['value']:g}"
