"""Every scorer by regime and range of planted interactions, and its lift over a simple one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from stbench.interactions.scores import TRUTH
from stbench.results.statistics import NOTHING, Difference, holm, mean_over_groups, verdict

ALL = "all"
SHOWN = ("AUROC", "AUPRC", "AUROC_within_distance_and_types", "AUPRC_within_distance_and_types")
# In small strata tied scores have less than untied ones without knowing less, so there is no lift.
_NO_COMMON_CHANCE = "AUPRC_within_distance_and_types"
COLUMNS = {
    **dict.fromkeys(("regime", "range", "scorer", "method", "metric"), "str"),
    **dict.fromkeys(("mean", "low", "high", "lift", "lift_low", "lift_high", "p_holm"), "float64"),
    "verdict": "str",
    **dict.fromkeys(("tissues", "units", "lift_units"), "int64"),
}


def regime_table(
    scores: pd.DataFrame,
    metrics: Sequence[str] = SHOWN,
    baseline: str = "distance",
    units: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Mean of every scorer over the units of a regime and range, with Student's interval.

    Args:
        scores: of ``stbench.interactions.scores.score_interactions``, stacked.
        metrics: names of those that are shown.
        baseline: the scorer that others are compared with.
        units: by tissue, the independent unit that it belongs to, such as the study whose sections
            interactions were planted into; a tissue without one is a unit itself.

    Returns:
        ``COLUMNS``; ``lift`` is the mean difference to the baseline on the tissues where both have
        the metric (``lift_units``), its p corrected by Holm over the scorers and regimes of a
        metric. Average precision within strata has none: it has no common chance level. The
        mean over the seeds and tissues of a unit counts once. The regime ``all`` has all tissues.
    """
    values = scores[scores["metric"].isin(metrics) & scores["value"].notna()]
    keys = ["dataset", "scorer", "method", "metric"]
    means = values.groupby(keys, sort=False)["value"].mean().reset_index()
    rows = []
    for regime, range_, datasets in _groups(scores):
        here = means[means["dataset"].isin(datasets)]
        near = here[here["scorer"] == baseline]
        for (scorer, method, metric), of_scorer in here.groupby(keys[1:], sort=False):
            own = of_scorer.set_index("dataset")["value"]
            base = _baseline(near[near["metric"] == metric], method).reindex(own.index)
            above = (own - base).dropna() if metric != _NO_COMMON_CHANCE else own[:0]
            mean, lift = mean_over_units(own, units), mean_over_units(above, units)
            rows.append(
                {
                    **{"regime": regime, "range": range_, "scorer": scorer, "method": method},
                    **{"metric": metric, "mean": mean.mean, "low": mean.low, "high": mean.high},
                    **{"lift": lift.mean, "lift_low": lift.low, "lift_high": lift.high},
                    **{"p_holm": lift.p if scorer != baseline else np.nan},
                    **{"tissues": len(own), "units": mean.n, "lift_units": lift.n},
                }
            )
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    for _, of_metric in table.groupby("metric"):
        table.loc[of_metric.index, "p_holm"] = holm(of_metric["p_holm"].to_numpy(dtype=float))
    table["verdict"] = [verdict(*pair) for pair in zip(table["lift"], table["p_holm"], strict=True)]
    return table.astype(COLUMNS)


def _baseline(near: pd.DataFrame, method: str) -> pd.Series:
    """The values of the baseline by dataset: of the method, or of no method."""
    return near[near["method"].isin(["", method])].set_index("dataset")["value"]


def _groups(scores: pd.DataFrame) -> Iterator[tuple[str, str, list[str]]]:
    """Regime, range and the datasets with both; first all datasets."""
    truth = scores[scores["scorer"] == TRUTH]
    by_name = {
        name: {
            str(metric).removeprefix(f"{name}_"): set(rows["dataset"])
            for metric, rows in truth.groupby("metric", sort=False)
            if str(metric).startswith(f"{name}_")
        }
        for name in ("regime", "range")
    }
    yield ALL, ALL, list(dict.fromkeys(truth["dataset"]))
    for regime, of_regime in by_name["regime"].items():
        for range_, of_range in by_name["range"].items():
            if both := sorted(of_regime & of_range):
                yield regime, range_, both


def mean_over_units(values: pd.Series, units: Mapping[str, str] | None) -> Difference:
    """Of values by tissue: the mean over units, each the mean of its tissues."""
    of_unit = [(units or {}).get(name, name) for name in values.index]
    groups = [group.to_numpy() for _, group in values.groupby(of_unit, sort=False)]
    return mean_over_groups(groups) if groups else NOTHING
