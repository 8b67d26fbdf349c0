"""Tables of two studies: degraded data (robustness) and changed settings (sensitivity)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stbench.common.constants import KMEANS_SEEDS
from stbench.config.degradation import UNTOUCHED
from stbench.results.aggregates import fold_reasons, fold_statuses, sample_of
from stbench.results.assembly import Studies, in_order
from stbench.results.confidence import Noise, combined, interval
from stbench.results.statistics import NOTHING, ROUNDING, paired_difference
from stbench.scoring.metrics import METRICS

CURVE = ["dataset", "method", "clusterer", "way", "level"]


def study_tables(results: pd.DataFrame, studies: Studies) -> dict[str, pd.DataFrame]:
    """The tables of the studies of this run, by file name."""
    derived, variants = (studies.get(name, {}) for name in ("derived", "variants"))
    tables = robustness_tables(results, derived) if derived else {}
    return tables | ({"sensitivity": sensitivity_table(results, variants)} if variants else {})


def robustness_tables(
    results: pd.DataFrame, derived: Mapping[str, Mapping[str, Any]]
) -> dict[str, pd.DataFrame]:
    """The final ARI on degraded data.

    Args:
        results: of ``stbench.results.assembly.assemble``.
        derived: by dataset ``of``, ``way``, ``level`` and ``draw``
            (``stbench.config.degradation.levels_of``).

    Returns:
        ``robustness_curves``: for every ``dataset``, ``method``, ``clusterer``, ``way`` and
        ``level``, including the original data, ``mean``, ``sd``, ``n`` and the 95 %
        interval ``low``, ``high`` of the ARI over training seeds, each with its own draw of the
        degradation, ``status`` and ``reason``. ``robustness_area``: for
        each curve ``area``, its mean height from the original data to the strongest level (the area
        under it, with evenly spaced levels), and ``kept``, this area divided by the ARI of the
        original data; empty if a level failed.
    """
    ari = results[(results["metric"] == "ARI") & (results["protocol"] == "final")]
    rows = [
        {**dict(zip(CURVE, key, strict=True)), **_summary(group)}
        for key, group in at_levels(ari, derived).groupby(CURVE, sort=False)
    ]
    curves = pd.DataFrame(rows, columns=[*CURVE, *_SUMMARY])
    areas = [
        {**dict(zip(CURVE[:4], key, strict=True)), **area_under(curve, str(key[3]))}
        for key, curve in curves.groupby(CURVE[:4], sort=False)
    ]
    area = pd.DataFrame(areas, columns=[*CURVE[:4], "area", "kept", "status", "reason"])
    return {
        "robustness_curves": in_order(curves, CURVE),
        "robustness_area": in_order(area, CURVE[:4]),
    }


def sensitivity_table(
    results: pd.DataFrame, variants: Mapping[str, Mapping[str, Any]]
) -> pd.DataFrame:
    """The effect of single changes on a method.

    Args:
        results: of ``stbench.results.assembly.assemble``.
        variants: by id ``method``, ``factor``, ``value`` (None for a part that is removed), and
            by dataset ``unchanged`` and ``published``: the value of the factor in the method's own
            and in its published settings.

    Returns:
        One row per dataset, variant and clusterer: ``method``, ``factor``, ``value``,
        ``unchanged``, ``published``, ``ARI_final``, ``ARI_oracle`` (means over seeds),
        ``change_final``, ``change_oracle`` (compared with the method itself, seeds paired), ``n``,
        ``low``, ``high`` (95 % interval of ``change_final``), ``status`` and ``reason``.
    """
    rows = []
    ari = results[results["metric"] == "ARI"]
    for variant, facts in variants.items():
        of_variant = ari[ari["method"] == variant]
        for (dataset, clusterer), group in of_variant.groupby(["dataset", "clusterer"], sort=False):
            here = (ari["dataset"] == dataset) & (ari["clusterer"] == clusterer)
            unchanged = ari[here & (ari["method"] == facts["method"])]
            changes = {name: _change(group, unchanged, name) for name in ("final", "oracle")}
            final = group[group["protocol"] == "final"]
            rows.append(
                {
                    "dataset": dataset,
                    "clusterer": clusterer,
                    "method": facts["method"],
                    "factor": facts["factor"],
                    "value": facts["value"],
                    **{
                        name: (facts.get(name) or {}).get(dataset)
                        for name in ("unchanged", "published")
                    },
                    "ARI_final": final["value"].mean(),
                    "ARI_oracle": group.loc[group["protocol"] == "oracle", "value"].mean(),
                    "change_final": changes["final"]["mean"],
                    "change_oracle": changes["oracle"]["mean"],
                    "n": changes["final"]["n"],
                    "low": changes["final"]["low"],
                    "high": changes["final"]["high"],
                    "status": fold_statuses(final["status"].tolist()),
                    "reason": fold_reasons(final["seed"].tolist(), final["reason"].tolist()),
                }
            )
    table = pd.DataFrame(rows)
    numbers = ("value", "unchanged", "published")
    return table.astype(dict.fromkeys(numbers, float)) if rows else table


_SUMMARY = ["mean", "sd", "n", "low", "high", "status", "reason"]


def at_levels(scores: pd.DataFrame, derived: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Rows of derived datasets under the original dataset, with its own rows for every ``way``.

    Args:
        scores: with columns ``dataset`` and ``method``.
        derived: by dataset ``of``, ``way``, ``level`` and ``draw``
            (``stbench.config.degradation.levels_of``).

    Returns:
        The same rows with ``way``, ``level`` and ``draw`` (-1 for the original).
    """
    facts = pd.DataFrame.from_dict(dict(derived), orient="index")
    degraded = scores.merge(facts, left_on="dataset", right_index=True)
    degraded["dataset"] = degraded["of"]
    studied = scores[scores["method"].isin(degraded["method"])]
    unchanged = [
        studied[studied["dataset"] == dataset].assign(way=way, level=UNTOUCHED[str(way)], draw=-1)
        for dataset, way in facts[["of", "way"]].drop_duplicates().itertuples(index=False)
    ]
    return pd.concat([*unchanged, degraded.drop(columns="of")], ignore_index=True)


def _summary(group: pd.DataFrame) -> dict[str, Any]:
    scores = group.dropna(subset=["value"])
    summary = _over_seeds(scores["value"], scores["sd_clustering"])
    for end in ("low", "high"):
        summary[end] = np.clip(summary[end], METRICS["ARI"].low, METRICS["ARI"].high)
    return {
        **summary,
        "status": fold_statuses(group["status"].tolist()),
        "reason": fold_reasons(group["seed"].tolist(), group["reason"].tolist()),
    }


def area_under(curve: pd.DataFrame, way: str) -> dict[str, Any]:
    """``area``, ``kept``, ``status`` and ``reason`` of one curve; see ``robustness_tables``."""
    ordered = curve.assign(away=(curve["level"] - UNTOUCHED[way]).abs()).sort_values("away")
    heights = ordered["mean"].to_numpy()
    failed = ordered[ordered["mean"].isna()]
    if len(failed):
        first = failed.iloc[0]
        failure = {
            "status": first["status"],
            "reason": f"{way} {first['level']:g}: {first['reason']}",
        }
        return {"area": np.nan, "kept": np.nan, **failure}
    area = float(np.trapezoid(heights, dx=1.0) / max(len(heights) - 1, 1))
    kept = area / heights[0] if heights[0] > 0 else np.nan
    return {"area": area, "kept": kept, "status": "ok", "reason": ""}


def _change(group: pd.DataFrame, unchanged: pd.DataFrame, protocol: str) -> dict[str, Any]:
    sides = [rows[rows["protocol"] == protocol].set_index("seed") for rows in (group, unchanged)]
    both = sides[0].join(sides[1], rsuffix="_own").dropna(subset=["value", "value_own"])
    change = NOTHING
    if len(both):
        change = paired_difference(sample_of(both), sample_of(both, "_own"))
    return {name: getattr(change, name) for name in ("mean", "sd", "n", "low", "high")}


def _over_seeds(values: pd.Series, spreads: pd.Series) -> dict[str, Any]:
    """``mean``, ``sd``, ``n`` and the 95 % interval ``low``, ``high`` of a score over seeds.

    ``spreads`` are sds over the clusterings of each seed. Their noise is added, although the sd
    over seeds contains it for most methods, because a method that ignores its seed has the same
    embedding and clusterings for all.
    """
    n = len(values)
    if n == 0:
        return {"mean": np.nan, "sd": np.nan, "n": 0, "low": np.nan, "high": np.nan}
    mean, sd = float(values.mean()), float(values.std())
    clusterings = float((spreads.fillna(0) ** 2).mean()) / len(KMEANS_SEEDS)
    noises = [Noise.of_mean(sd, n), Noise(clusterings, len(KMEANS_SEEDS) - 1)]
    known = combined(noises).variance > ROUNDING
    low, high = interval(mean, noises) if known else (np.nan, np.nan)
    return {"mean": mean, "sd": sd, "n": n, "low": low, "high": high}
