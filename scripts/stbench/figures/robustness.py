"""Curves of scores on degraded data."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from stbench.config.degradation import UNTOUCHED
from stbench.figures.method_style import method_styles
from stbench.figures.style import GRID

WAYS = {
    "counts": "fewer counts",
    "cells": "fewer cells",
    "dropout": "more dropout",
    "jitter": "shifted positions",
}
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
    """A row for each dataset, a column for each way of degradation, a line for each method.

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
    styles = method_styles(shown)
    figure, panels = plt.subplots(
        len(rows),
        len(ways),
        figsize=(2.6 * len(ways) + 1.6, 2.4 * len(rows) + 0.4),
        sharey=True if len(labels) == 1 else "row",
        squeeze=False,
        layout="constrained",
    )
    for i, (row, (dataset, metric)) in enumerate(zip(panels, rows, strict=True)):
        of_row = curves[(curves["dataset"] == dataset) & (curves["metric"] == metric)]
        for axis, way in zip(row, ways, strict=True):
            of_way = of_row[of_row["way"] == way]
            for method in shown:
                line = of_way[of_way["method"] == method].sort_values("level")
                color, marker = styles[method].color, styles[method].marker
                axis.plot(
                    *(line["level"], line["mean"]), marker=marker, ms=4, mec="white", mew=0.4,
                    color=color, label=titles[method],
                )  # fmt: skip
                axis.fill_between(
                    line["level"], line["low"], line["high"], color=color, alpha=0.12, lw=0
                )
            if UNTOUCHED[way] == 1:
                axis.invert_xaxis()
            axis.set_xlabel(axes[way], fontsize=8)
            if i == 0:
                axis.set_title(WAYS[way], fontweight="bold")
            axis.grid(axis="y", color=GRID, lw=0.7)
        row[0].set_ylabel(f"{dataset}\n{labels[metric]}")
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside right upper", fontsize=8)
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left", fontsize=10)
    return figure
