"""Curves of scores as data get worse."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from stbench.config.degradation import UNTOUCHED
from stbench.figures.style import DOMAIN_COLOURS

AXES = {
    "counts": "share of counts kept",
    "cells": "share of cells kept",
    "dropout": "share of counts lost",
    "jitter": "jitter (cell spacings)",
}


def robustness_curves(
    curves: pd.DataFrame,
    titles: Mapping[str, str],
    title: str,
    labels: Mapping[str, str] | None = None,
    axes: Mapping[str, str] = AXES,
) -> Figure:
    """A row for each dataset, a column for each way, a line for each method with its interval.

    Args:
        curves: ``robustness_curves`` of one clusterer.
        titles: what to call the methods, by id, in order.
        labels: metrics with what to call them, each of which has rows of its own; None where the
            curves are of the final ARI.
        axes: what to call the levels of each way.
    """
    if labels is None:
        curves, labels = curves.assign(metric="ARI"), {"ARI": "final ARI"}
    datasets, ways = (list(dict.fromkeys(curves[name])) for name in ("dataset", "way"))
    rows = [(dataset, metric) for dataset in datasets for metric in labels]
    shown = [method for method in titles if method in set(curves["method"])]
    figure, panels = plt.subplots(
        len(rows),
        len(ways),
        figsize=(2.6 * len(ways) + 1.6, 2.4 * len(rows) + 0.4),
        sharey=True if len(labels) == 1 else "row",
        squeeze=False,
        layout="constrained",
    )
    for row, (dataset, metric) in zip(panels, rows, strict=True):
        own = curves[(curves["dataset"] == dataset) & (curves["metric"] == metric)]
        for axis, way in zip(row, ways, strict=True):
            here = own[own["way"] == way]
            for colour, method in zip(DOMAIN_COLOURS, shown, strict=False):
                line = here[here["method"] == method].sort_values("level")
                axis.plot(
                    line["level"], line["mean"], "o-", ms=3, color=colour, label=titles[method]
                )
                axis.fill_between(
                    line["level"], line["low"], line["high"], color=colour, alpha=0.15, lw=0
                )
            if UNTOUCHED[way] == 1:
                axis.invert_xaxis()
            axis.set(xlabel=axes[way], title=dataset)
        row[0].set_ylabel(labels[metric])
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside right upper")
    figure.suptitle(title)
    return figure
