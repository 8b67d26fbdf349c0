"""Tables of the detection of planted interactions by learned cell graphs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from stbench.interactions.communication import TITLES
from stbench.interactions.communication_scores import LEVELS, PERMUTED
from stbench.interactions.regimes import mean_over_units, regime_table
from stbench.interactions.scores import COLUMNS, NULLS, TRUTH
from stbench.results.aggregates import fold_reasons, fold_statuses
from stbench.results.assembly import in_order, read_stacked
from stbench.results.statistics import holm, verdict

ALL, BEST = "all", "best"
LIFTED = ("AUPRC", "AUROC_within_distance_and_types")
_INTERVAL = ["mean", "low", "high", "tissues"]
_CHOSEN_BY = ", "
_NO_TISSUE = "no tissue has planted interactions"


def read_interaction_scores(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Read and stack the scores of datasets; see ``read_stacked``."""
    return read_stacked(paths, list(COLUMNS), "score_interactions.py")


def interaction_tables(
    scores: pd.DataFrame, units: Mapping[str, str] | None = None
) -> dict[str, pd.DataFrame]:
    """Every table, by file name without ending; tools have one if there are any.

    Args:
        scores: of ``read_interaction_scores``.
        units: by tissue, the independent unit that it belongs to (``regime_table``).
    """
    has_tools = scores["scorer"].isin(TITLES).any()
    tables = {
        "interactions_truth": truth_table(scores),
        "interactions_auprc": auprc_table(scores, units),
        "interactions_lift": lift_table(scores, units),
        "interactions_regimes": regime_table(scores, units=units),
        "interactions_permuted": permuted_table(scores),
    }
    if has_tools:
        tables["interactions_communication"] = communication_table(scores, units)
    return tables


def communication_table(
    scores: pd.DataFrame, units: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Tools and graphs at the levels of cells and types by regime; see ``regime_table``.

    The baseline is the product of ligand and receptor without positions.
    """
    measured = [name for name in LEVELS if not name.endswith(PERMUTED)]
    return regime_table(scores, measured, "ligand_receptor", units)


def permuted_table(scores: pd.DataFrame) -> pd.DataFrame:
    """AUROC against permuted truth, which is .5 unless the scoring is biased.

    Returns:
        By ``scorer``, ``method`` and ``metric``: the ``mean`` over tissues, the ``lowest`` and the
        ``highest`` tissue (mean over seeds), and the number of ``tissues``.
    """
    rows = scores[scores["metric"].str.contains("permuted") & scores["value"].notna()]
    keys = ["scorer", "method", "metric"]
    of_tissue = rows.groupby([*keys, "dataset"], sort=False)["value"].mean()
    grouped = of_tissue.groupby(keys, sort=False)
    table = grouped.agg(mean="mean", lowest="min", highest="max", tissues="count")
    return table.reset_index()


def truth_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean, sd (ddof 1) and n over training seeds of every metric of every scorer and dataset."""
    keys = ["dataset", "scorer", "method", "metric"]
    rows = []
    for key, group in scores.groupby(keys, sort=False):
        values = group["value"].dropna()
        status = fold_statuses(group["status"].tolist())
        reason = fold_reasons(group["seed"].tolist(), group["reason"].tolist())
        rows.append((*key, values.mean(), values.std(), len(values), status, reason))
    names = [*keys, "mean", "sd", "n", "status", "reason"]
    table = pd.DataFrame(rows, columns=names).astype({"mean": float, "sd": float})
    return in_order(table, ["dataset"])


def auprc_table(scores: pd.DataFrame, units: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Mean AUPRC of every scorer over units, in total and by effect, with its 95 % interval."""
    auprc = _values(scores, "AUPRC")
    rows: list[dict] = []
    for (scorer, method), of_scorer in auprc.groupby(["scorer", "method"], sort=False):
        for effect, tissues in _by_effect(of_scorer):
            values = {d: group["value"].to_numpy() for d, group in tissues.groupby("dataset")}
            found = _interval(values, units)
            rows.append({"scorer": scorer, "method": method, "effect": effect, **found})
    return pd.DataFrame(rows, columns=["scorer", "method", "effect", *_INTERVAL])


def lift_table(scores: pd.DataFrame, units: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Every method minus nulls on the same pairs, over units, in total and by effect.

    The null ``best`` is the null with the highest mean on each tissue, so it is the strictest
    comparison. Differences are paired by training seed if the null has seeds. Intervals are
    those of Student over the means of units.

    Returns:
        ``metric`` (of ``LIFTED``), ``method``, ``null``, ``effect``, ``mean``, ``low``, ``high``,
        ``tissues``, ``p_holm`` (corrected over the metric) and the ``verdict`` by it,
        ``chosen`` (number of tissues on which each null was the best), ``status`` and ``reason``.
    """
    rows = []
    for metric in LIFTED:
        values = _values(scores, metric)
        for method in dict.fromkeys(scores.loc[scores["method"] == scores["scorer"], "method"]):
            for effect, tissues in _by_effect(values[values["method"].isin(["", method])]):
                by_tissue = {
                    str(d): _lifts(rows, method)
                    for d, rows in tissues.groupby("dataset", sort=False)
                }
                for null in (BEST, *NULLS):
                    found = _lift(by_tissue, method, null, effect, units)
                    rows.append({"metric": metric, **found})
    columns = ["metric", "method", "null", "effect", *_INTERVAL, "p", "chosen", "status", "reason"]
    table = pd.DataFrame(rows, columns=columns)
    for _, of_metric in table.groupby("metric"):
        table.loc[of_metric.index, "p"] = holm(of_metric["p"].to_numpy(dtype=float))
    verdicts = [verdict(*pair) for pair in zip(table["mean"], table["p"], strict=True)]
    table.insert(table.columns.get_loc("p") + 1, "verdict", verdicts)
    return table.rename(columns={"p": "p_holm"})


def chosen_nulls(chosen: str) -> list[str]:
    """The nulls that the column ``chosen`` of the lift table counts."""
    return [part.rsplit(" ", 1)[0] for part in chosen.split(_CHOSEN_BY) if part]


def _values(scores: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Values of a metric, with the effect of the tissue as text."""
    effect_rows = scores[(scores["scorer"] == TRUTH) & (scores["metric"] == "effect")]
    effects = effect_rows.set_index("dataset")["value"].map("{:g}".format)
    values = scores[(scores["metric"] == metric) & scores["value"].notna()]
    return values.assign(effect=values["dataset"].map(effects))


def _by_effect(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """All rows, then those of each effect, the smallest first."""
    yield ALL, rows
    for effect in sorted(rows["effect"].dropna().unique(), key=float):
        yield effect, rows[rows["effect"] == effect]


def _lifts(rows: pd.DataFrame, method: str) -> dict[str, tuple[str, np.ndarray]]:
    """On one tissue, by null, its name and the differences by seed; ``best`` among them."""
    learned = rows[rows["scorer"] == method].set_index("seed")["value"]
    lifts, heights = {}, {}
    if not len(learned):
        return {}
    for null, of_null in rows[rows["scorer"].isin(NULLS)].groupby("scorer", sort=False):
        values = of_null.set_index("seed")["value"]
        against = values.reindex(learned.index).fillna(values.mean())
        lifts[str(null)] = (str(null), (learned - against).to_numpy())
        heights[str(null)] = values.mean()
    if heights:
        lifts[BEST] = lifts[max(heights, key=lambda null: heights[null])]
    return lifts


def _lift(
    by_tissue: dict[str, dict[str, tuple[str, np.ndarray]]],
    method: str,
    null: str,
    effect: str,
    units: Mapping[str, str] | None,
) -> dict:
    chosen = {d: lifts[null] for d, lifts in by_tissue.items() if null in lifts}
    names = [name for name, _ in chosen.values()]
    times = {name: names.count(name) for name in NULLS if name in names}
    missing = f"{len(by_tissue) - len(chosen)} of {len(by_tissue)} tissues have no score"
    return {
        "method": method,
        "null": null,
        "effect": effect,
        **_interval({d: values for d, (_, values) in chosen.items()}, units),
        "chosen": _CHOSEN_BY.join(f"{name} {n}" for name, n in times.items())
        if null == BEST
        else "",
        "status": "ok" if chosen else "not_applicable",
        "reason": _NO_TISSUE if not by_tissue else missing if len(chosen) < len(by_tissue) else "",
    }


def _interval(by_tissue: Mapping[str, np.ndarray], units: Mapping[str, str] | None) -> dict:
    """The mean over units of the mean over seeds."""
    means = pd.Series({name: values.mean() for name, values in by_tissue.items()}, dtype=float)
    result = mean_over_units(means, units)
    facts = {"mean": result.mean, "low": result.low, "high": result.high}
    return {**facts, "tissues": len(by_tissue), "p": result.p}
