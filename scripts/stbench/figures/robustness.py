"""Curves of the ARI as data get worse."""

from __future__ import annotations

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from stbench.degraded import UNTOUCHED
from stbench.figures.style import DOMAIN_COLOURS

_AXES = {
    "counts": "share of counts kept",
    "cells": "share of cells kept",
    "dropout": "share of counts lost",
    "jitter": "jitter (cell spacings)",
}


def robustness_curves(curves: pd.DataFrame, titles: dict[str, str], title: str) -> Figure:
    """A row for each dataset, a column for each way, a line for each method with its interval.

    Args:
        curves: ``robustness_curves`` of one clusterer.
        titles: what to call the methods, by id, in order.
    """
    datasets, ways = (list(dict.fromkeys(curves[name])) for name in ("dataset", "way"))
    shown = [method for method in titles if method in set(curves["method"])]
    figure, axes = plt.subplots(
        len(datasets),
        len(ways),
        figsize=(2.6 * len(ways) + 1.6, 2.4 * len(datasets) + 0.4),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for row, dataset in zip(axes, datasets, strict=True):
        for axis, way in zip(row, ways, strict=True):
            here = curves[(curves["dataset"] == dataset) & (curves["way"] == way)]
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
            axis.set(xlabel=_AXES[way], title=dataset)
        row[0].set_ylabel("final ARI")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper")
    figure.suptitle(title)
    return figure
