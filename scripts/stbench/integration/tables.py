"""Tables of the scores of joined sections: every metric, and composite scores."""

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
    """Mean of the scores for the mixing of sections."""
    return parts.reindex(MIXING).to_numpy().mean()


def biology(parts: pd.Series) -> float:
    """Mean of the scores for the conservation of domains."""
    return parts.reindex(BIOLOGY).to_numpy().mean()


def overall(parts: pd.Series) -> float:
    """Weighted mean of both."""
    return WEIGHT_OF_MIXING * mixing(parts) + (1 - WEIGHT_OF_MIXING) * biology(parts)


# Argument: the scores of one fit, by metric.
_LUECKEN = "weights of Luecken et al., Nature Methods 2022"
COMPOSITES = by_name(
    Metric("overall", "overall", overall, _LUECKEN, low=-0.5),
    Metric("mixing", "mixing of sections", mixing, _LUECKEN),
    Metric("biology", "conservation of biology", biology, _LUECKEN, low=-0.5),
)
_PARTS = {"overall": [*MIXING, *BIOLOGY], "mixing": MIXING, "biology": BIOLOGY}
METRICS = {
    **COMPOSITES,
    **{name: {**SINGLE, **TRUTH_METRICS}[name] for name in (*MIXING, *BIOLOGY)},
    ARI_WITHIN.name: ARI_WITHIN,
}
_ENTRY = ["dataset", "method"]


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
        rank_by: the clusterer whose ARI is used.

    Returns:
        ``integration_scores``: ``mean``, ``sd``, ``n`` and the 95 % interval ``low``, ``high`` over
        training seeds of every metric, ``status`` and ``reason``. ``integration``: one row per
        dataset and method with the means, in the order of names. ``mixing`` is the mean of
        iLISI, ASW_batch and graph_connectivity, ``biology`` that of cLISI and the joint ARI,
        ``overall`` their sum with weights .4 and .6 (Luecken et al. 2022, but without their
        rescaling to the range over methods, which would make a score depend on the other methods).
        A composite is empty if one of its scores is missing.
    """
    long = pd.concat([scores, _joint_ari(scores, results, rank_by)], ignore_index=True)
    long = pd.concat([long, *map(_composites, _seeds(long))], ignore_index=True)
    place = {metric: i for i, metric in enumerate(METRICS)}
    long = long.sort_values("metric", key=lambda names: names.map(place), kind="stable")
    summaries = pd.DataFrame(
        [
            {**dict(zip([*_ENTRY, "metric"], entry, strict=True)), **_summary(group)}
            for entry, group in long.groupby([*_ENTRY, "metric"], sort=False)
        ]
    )
    return {
        "integration_scores": in_order(summaries, _ENTRY),
        "integration": _one_row_each(summaries),
    }


def _joint_ari(scores: pd.DataFrame, results: pd.DataFrame, rank_by: str) -> pd.DataFrame:
    """Final ARI of the fits in ``scores``, with its columns."""
    chosen = (results["metric"] == "ARI") & (results["protocol"] == "final")
    ari = results[chosen & (results["clusterer"] == rank_by)].sort_values("n_domains")
    ari = ari.drop_duplicates([*_ENTRY, "seed"], keep="last")
    fits = scores[[*_ENTRY, "seed"]].drop_duplicates()
    return fits.merge(ari, on=[*_ENTRY, "seed"])[list(COLUMNS)]


def _seeds(long: pd.DataFrame) -> list[pd.DataFrame]:
    return [group for _, group in long.groupby([*_ENTRY, "seed"], sort=False)]


def _composites(rows: pd.DataFrame) -> pd.DataFrame:
    """The composites of one fit, or the status and reasons of their missing scores."""
    parts = rows.set_index("metric")
    names = {name: rows.iloc[0][name] for name in (*_ENTRY, "seed")}
    composites = []
    for metric in ("mixing", "biology", "overall"):
        missing = parts.reindex(_PARTS[metric])
        absent = {"status": "not_applicable", "reason": "the score is missing"}
        missing = missing[missing["status"] != "ok"].fillna(absent)
        reasons = [f"{name}: {reason}" for name, reason in missing["reason"].items()]
        if missing["reason"].nunique() == 1:
            reasons = [missing["reason"].iloc[0]]
        status = missing["status"].iloc[0] if len(missing) else "ok"
        about = {"status": status, "reason": "; ".join(reasons)}
        value = COMPOSITES[metric](parts["value"])
        composites.append({**names, "metric": metric, "value": value, **about})
    return pd.DataFrame(composites)[list(COLUMNS)]


def _summary(group: pd.DataFrame) -> dict[str, object]:
    values = group["value"].dropna().to_numpy()
    outcome = {
        "status": fold_statuses(group["status"].tolist()),
        "reason": fold_reasons(group["seed"].tolist(), group["reason"].tolist()),
    }
    if not len(values):
        return {"mean": np.nan, "sd": np.nan, "n": 0, "low": np.nan, "high": np.nan, **outcome}
    result = mean_over_groups([np.array([value]) for value in values])
    metric = METRICS[group["metric"].iloc[0]]
    low, high = np.clip([result.low, result.high], metric.low, metric.high)
    numbers = {"mean": result.mean, "sd": result.sd, "n": result.n, "low": low, "high": high}
    return {**numbers, **outcome}


def _one_row_each(summaries: pd.DataFrame) -> pd.DataFrame:
    means = (
        summaries.pivot(index=_ENTRY, columns="metric", values="mean")
        .reindex(columns=list(METRICS))
        .reset_index()
    )
    overall = summaries[summaries["metric"] == "overall"][[*_ENTRY, "n", "status", "reason"]]
    table = means.rename_axis(columns=None).merge(overall, on=_ENTRY)
    return in_order(table, _ENTRY)
