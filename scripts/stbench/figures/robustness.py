"""Curves of scores on degraded data."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from stbench.config.degradation import UNTOUCHED
from stbench.figures.style import DOMAIN_COLORS

AXES = {
    "counts": "share of counts kept",
    "cells": "share of cells kept",
    "dropout": "share of counts removed",
    "jitter": "jitter (cell spacings)",
}


def robustness_curves(
    curves: pd.DataFrame,
    titles: Mapping[str, str],
    title: str,
    labels: Mapping[str, str] | None = None,
    axes: Mapping[str, str] = AXES,
) -> Figure:
    """A row for each dataset, a column for each kind of degradation, a line for each method.

    Args:
        curves: ``robustness_curves`` of one clusterer.
        titles: display names of the methods, by id, in order.
        labels: axis labels by metric, for curves with a column ``metric``; None for curves of the
            final ARI.
        axes: axis labels of the levels, by kind of degradation.
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
        of_row = curves[(curves["dataset"] == dataset) & (curves["metric"] == metric)]
        for axis, way in zip(row, ways, strict=True):
            of_way = of_row[of_row["way"] == way]
            for color, method in zip(DOMAIN_COLORS, shown, strict=False):
                line = of_way[of_way["method"] == method].sort_values("level")
                axis.plot(
                    line["level"], line["mean"], "o-", ms=3, color=color, label=titles[method]
                )
                axis.fill_between(
                    line["level"], line["low"], line["high"], color=color, alpha=0.15, lw=0
                )
            if UNTOUCHED[way] == 1:
                axis.invert_xaxis()
            axis.set(xlabel=axes[way], title=dataset)
        row[0].set_ylabel(labels[metric])
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside right upper")
    figure.suptitle(title)
    return figure
