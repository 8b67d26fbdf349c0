"""The lift over the best control of each dataset, a harder reference than one fixed control."""

from __future__ import annotations

import pandas as pd

from stbench.results.aggregates import LIFT, differences, sample_of
from stbench.results.statistics import Difference, difference

# The first sees the labels, the second is a lower bound.
_NO_REFERENCE = ("jittered_truth", "random")
_WHERE = ["dataset", "clusterer", "n_domains", "exploratory"]


def lift_over_best_control(results: pd.DataFrame) -> pd.DataFrame:
    """Final ARI of every method minus that of the control with the highest mean, by dataset.

    The control is chosen by the same scores (the first of equal ones), which favors it a little.

    Args:
        results: of ``stbench.results.assembly.assemble``.

    Returns:
        One row for each method on a dataset under a clusterer, without controls: ``best_control``
        (its id; empty if none has a score) and the columns of ``lift_table``.
    """
    final = results[(results["metric"] == "ARI") & (results["protocol"] == "final")]
    found: dict[tuple, Difference] = {}
    best: dict[tuple, str] = {}
    missing = []
    for place, here in final.groupby(_WHERE, sort=False):
        candidates = here[here["control"] & ~here["method"].isin(_NO_REFERENCE)]
        heights = candidates.groupby("method", sort=False)["value"].mean().dropna()
        best[place] = str(heights.idxmax()) if len(heights) else ""
        control = sample_of(here[here["method"] == best[place]].dropna(subset=["value"]))
        for method, of_method in here[~here["control"]].groupby("method", sort=False):
            sample = sample_of(of_method.dropna(subset=["value"]))
            if len(sample.values) and not best[place]:
                missing.extend(of_method.index)
            elif len(sample.values):
                found[place[0], method, *place[1:]] = difference(sample, control)
    methods = final[~final["control"]].copy()
    methods.loc[missing, ["status", "reason"]] = ["not_applicable", "no control has a score"]
    table = differences(found, methods, LIFT)
    places = table[_WHERE].itertuples(index=False, name=None)
    table.insert(3, "best_control", [best[place] for place in places])
    return table
