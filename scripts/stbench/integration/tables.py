"""Tables of how well methods join sections: every metric, and what is made of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from stbench.common.metric import Metric, by_name
from stbench.integration.metrics import METRICS as SINGLE
from stbench.integration.scoring import ARI_WITHIN, COLUMNS
from stbench.results.aggregates import fold_reasons, fold_statuses
from stbench.results.assembly import in_order, read_stacked
from stbench.results.statistics import mean_over_groups
from stbench.scoring.metrics import TRUTH_METRICS

MIXING = ["iLISI", "ASW_batch", "graph_connectivity"]
BIOLOGY = ["cLISI", "ARI"]
WEIGHT_OF_MIXING = 0.4


def mixing(parts: pd.Series) -> float:
    """Mean of the scores, by metric, that tell how well sections are mixed."""
    return parts.reindex(MIXING).to_numpy().mean()


def biology(parts: pd.Series) -> float:
    """Mean of the scores, by metric, that tell how well domains are kept."""
    return parts.reindex(BIOLOGY).to_numpy().mean()


def overall(parts: pd.Series) -> float:
    """Both together."""
    return WEIGHT_OF_MIXING * mixing(parts) + (1 - WEIGHT_OF_MIXING) * biology(parts)


# They take the scores of one fit by metric.
_LUECKEN = "weights of Luecken et al., Nature Methods 2022"
COMPOSITES = by_name(
    Metric("overall", "overall", overall, _LUECKEN),
    Metric("mixing", "mixing of sections", mixing, _LUECKEN),
    Metric("biology", "biology kept", biology, _LUECKEN),
)
_PARTS = {"overall": [*MIXING, *BIOLOGY], "mixing": MIXING, "biology": BIOLOGY}
METRICS = {
    **COMPOSITES,
    **{name: {**SINGLE, **TRUTH_METRICS}[name] for name in (*MIXING, *BIOLOGY)},
    ARI_WITHIN.name: ARI_WITHIN,
}
_CELL = ["dataset", "method"]


def read_integration_scores(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Read and stack the scores of datasets; see ``read_stacked``."""
    return read_stacked(paths, list(COLUMNS), "score_integration.py")


def integration_tables(
    scores: pd.DataFrame, results: pd.DataFrame, rank_by: str
) -> dict[str, pd.DataFrame]:
    """Both tables, by file name without ending.

    Args:
        scores: of ``read_integration_scores``.
        results: of ``stbench.results.assembly.assemble``, for the ARI of the joint clustering.
        rank_by: the clusterer whose ARI counts.

    Returns:
        ``integration_scores``: ``mean``, ``sd``, ``n`` and the 95 % interval ``low``, ``high`` over
        training seeds of every metric, ``status`` and ``reason``. ``integration``: one row per
        dataset and method with the means, the best ``overall`` first. ``mixing`` is the mean of
        iLISI, ASW_batch and graph_connectivity, ``biology`` that of cLISI and the joint ARI,
        ``overall`` their sum with weights .4 and .6 (Luecken et al. 2022, but without their
        rescaling to the range over methods, which would make a score depend on who takes part). A
        composite of which a part is missing is empty.
    """
    long = pd.concat([scores, _joint_ari(scores, results, rank_by)], ignore_index=True)
    long = pd.concat([long, *map(_composites, _seeds(long))], ignore_index=True)
    place = {metric: i for i, metric in enumerate(METRICS)}
    long = long.sort_values("metric", key=lambda names: names.map(place), kind="stable")
    every = pd.DataFrame(
        [
            {**dict(zip([*_CELL, "metric"], cell, strict=True)), **_summary(group)}
            for cell, group in long.groupby([*_CELL, "metric"], sort=False)
        ]
    )
    return {
        "integration_scores": in_order(every, _CELL),
        "integration": _one_row_each(every),
    }


def _joint_ari(scores: pd.DataFrame, results: pd.DataFrame, rank_by: str) -> pd.DataFrame:
    """Final ARI of the fits that ``scores`` has, in its columns."""
    chosen = (results["metric"] == "ARI") & (results["protocol"] == "final")
    ari = results[chosen & (results["clusterer"] == rank_by)].sort_values("n_domains")
    ari = ari.drop_duplicates([*_CELL, "seed"], keep="last")
    fits = scores[[*_CELL, "seed"]].drop_duplicates()
    return fits.merge(ari, on=[*_CELL, "seed"])[list(COLUMNS)]


def _seeds(long: pd.DataFrame) -> list[pd.DataFrame]:
    return [group for _, group in long.groupby([*_CELL, "seed"], sort=False)]


def _composites(rows: pd.DataFrame) -> pd.DataFrame:
    """The composites of one fit; without its parts a composite has their status and reasons."""
    parts = rows.set_index("metric")
    names = {name: rows.iloc[0][name] for name in (*_CELL, "seed")}
    found = []
    for metric in ("mixing", "biology", "overall"):
        lacking = parts.reindex(_PARTS[metric])
        absent = {"status": "not_applicable", "reason": "no such score"}
        lacking = lacking[lacking["status"] != "ok"].fillna(absent)
        reasons = [f"{name}: {reason}" for name, reason in lacking["reason"].items()]
        if lacking["reason"].nunique() == 1:
            reasons = [lacking["reason"].iloc[0]]
        status = lacking["status"].iloc[0] if len(lacking) else "ok"
        about = {"status": status, "reason": "; ".join(reasons)}
        value = COMPOSITES[metric](parts["value"])
        found.append({**names, "metric": metric, "value": value, **about})
    return pd.DataFrame(found)[list(COLUMNS)]


def _summary(group: pd.DataFrame) -> dict[str, object]:
    values = group["value"].dropna().to_numpy()
    told = {
        "status": fold_statuses(group["status"].tolist()),
        "reason": fold_reasons(group["seed"].tolist(), group["reason"].tolist()),
    }
    if not len(values):
        return {"mean": np.nan, "sd": np.nan, "n": 0, "low": np.nan, "high": np.nan, **told}
    found = mean_over_groups([np.array([value]) for value in values])
    numbers = {name: getattr(found, name) for name in ("mean", "sd", "n", "low", "high")}
    return {**numbers, **told}


def _one_row_each(every: pd.DataFrame) -> pd.DataFrame:
    means = (
        every.pivot(index=_CELL, columns="metric", values="mean")
        .reindex(columns=list(METRICS))
        .reset_index()
    )
    overall = every[every["metric"] == "overall"][[*_CELL, "n", "status", "reason"]]
    table = means.rename_axis(columns=None).merge(overall, on=_CELL)
    return in_order(table.sort_values("overall", ascending=False, kind="stable"), ["dataset"])
