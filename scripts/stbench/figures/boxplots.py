"""Scores of every run by method: boxes over datasets and seeds, and each run as a point."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from stbench.figures.style import (
    FAILED_TEXT,
    GRID,
    INK,
    domain_colours,
    label_rows,
    legend_below,
    quick_dot,
)

_KINDS = 2  # of failures that are named
_GOLDEN = 0.6180339887  # its multiples spread points evenly, the same every time


def score_boxes(rows: pd.DataFrame, titles: dict[str, str], title: str) -> Figure:
    """Draw a box and the single runs of each method, the best median on top.

    Args:
        rows: one row per run: dataset, method, value (NaN: none), status.
        titles: what to call the methods, by id.
        title: above the picture.
    """
    import matplotlib.pyplot as plt

    medians = rows.groupby("method")["value"].median().reindex(list(titles))
    methods = medians.sort_values(ascending=False, kind="stable", na_position="last").index
    datasets = list(dict.fromkeys(rows["dataset"]))
    colours = dict(zip(datasets, domain_colours(len(datasets)), strict=True))
    figure, ax = plt.subplots(figsize=(7.2, 1.2 + 0.3 * len(methods)), layout="constrained")
    for y, method in enumerate(methods):
        mine = rows[rows["method"] == method]
        known = mine.dropna(subset=["value"])
        if len(known):
            ax.boxplot(
                known["value"],
                positions=[y],
                widths=0.62,
                orientation="horizontal",
                showfliers=False,
                manage_ticks=False,
                medianprops={"color": INK, "lw": 1.6},
                boxprops={"color": "#888888"},
                whiskerprops={"color": "#888888"},
                capprops={"color": "#888888"},
            )
            heights = y + 0.42 * ((np.arange(len(known)) * _GOLDEN) % 1 - 0.5)
            face = known["dataset"].map(colours)
            ax.scatter(known["value"], heights, c=face, s=16, lw=0.3, ec="white", zorder=3)
        lost = mine.loc[mine["value"].isna(), "status"].value_counts()
        if len(lost):
            said = [f"{count} {str(word).replace('_', ' ')}" for word, count in lost.items()]
            if len(said) > _KINDS:
                said[_KINDS:] = [f"{lost[_KINDS:].sum()} more"]
            ax.annotate(
                *(", ".join(said), (1.01, y)),
                xycoords=("axes fraction", "data"),
                color=FAILED_TEXT,
                fontsize=7.5,
                va="center",
            )
    label_rows(ax, [titles[method] for method in methods])
    ax.set_xlim(min(-0.05, rows["value"].min() - 0.05), 1.03)
    ax.set_xlabel("ARI (1: the true domains, 0: chance)")
    ax.grid(axis="x", color=GRID, lw=0.7)
    ax.set_title(title, loc="left", fontweight="bold")
    legend_below(figure, [quick_dot(colours[name], name) for name in datasets])
    return figure
