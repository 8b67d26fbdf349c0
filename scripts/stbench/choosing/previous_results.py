"""How methods rank on the labeled tissues of the results that come with the project."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from stbench.common.constants import RANK_BY


def read_previous(scores: Path, manifest: Path) -> pd.DataFrame:
    """The final ARI of ranked methods on every shipped tissue, the mean over training seeds.

    A training that failed counts as the lowest ARI of its tissue, and never more than 0.

    Args:
        scores: ``scores.parquet`` of the shipped results, ``manifest``: their ``manifest.json``.

    Returns:
        dataset, unit (a study), technology, method, ARI.
    """
    wanted = {
        "metric": "ARI",
        "protocol": "final",
        "clusterer": RANK_BY,
        "ranked": True,
        "study": "",
    }
    columns = ["dataset", "unit", "method", "value", "status"]
    rows = pd.read_parquet(
        scores, columns=columns, filters=[(name, "==", value) for name, value in wanted.items()]
    )
    rows = rows[rows["status"] != "not_applicable"]
    rows = rows.astype({"dataset": "str", "unit": "str", "method": "str"})
    lowest = rows.groupby("dataset")["value"].transform("min").clip(upper=0)
    mean = rows.assign(value=rows["value"].fillna(lowest))
    mean = mean.groupby(["dataset", "unit", "method"])["value"].mean().rename("ARI").reset_index()
    tissues = json.loads(manifest.read_text(encoding="utf-8"))["tissues"]
    return mean.assign(technology=[tissues[name]["technology"] for name in mean["dataset"]])


def mean_ranks(scores: pd.DataFrame, technology: str, unit: str = "") -> pd.Series:
    """Mean rank of each method on tissues of a technology, of all tissues if it has none.

    Ranks are scaled: 0 for the best method of a tissue, 1 for the worst. They are averaged over
    the tissues of a unit (a study), then over units.

    Args:
        scores: dataset, unit, technology, method, and final ARI.
        technology: of the tissue for which a method is chosen.
        unit: its own unit, which is left out; joined sections have several, ``A; B``.

    Returns:
        By method; empty without any other unit.
    """
    others = scores[~scores["unit"].isin(unit.split("; "))].dropna(subset=["ARI"])
    alike = others[others["technology"] == technology]
    used = alike if len(alike) else others
    ranks = used.groupby("dataset")["ARI"].rank(ascending=False) - 1
    worst = used.groupby("dataset")["ARI"].transform("count") - 1
    scaled = used.assign(rank=ranks / worst.clip(lower=1))
    return scaled.groupby(["unit", "method"])["rank"].mean().groupby("method").mean()
