"""Scores of every run by method: a box over datasets and seeds, and a point for each run."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from stbench.figures.style import (
    FAILED_TEXT,
    GRID,
    INK,
    domain_colors,
    label_rows,
    legend_below,
    quick_dot,
)

_KINDS = 2  # statuses that are named; further ones are only counted
_GOLDEN = 0.6180339887  # its multiples spread points evenly and reproducibly


def score_boxes(rows: pd.DataFrame, titles: dict[str, str], title: str) -> Figure:
    """Draw a box and the single runs of each method, the best median on top.

    Args:
        rows: one row per run: dataset, method, value (NaN: no score), status.
        titles: display names of the methods, by id.
        title: above the figure.
    """
    import matplotlib.pyplot as plt

    medians = rows.groupby("method")["value"].median().reindex(list(titles))
    methods = medians.sort_values(ascending=False, kind="stable", na_position="last").index
    datasets = list(dict.fromkeys(rows["dataset"]))
    colors = dict(zip(datasets, domain_colors(len(datasets)), strict=True))
    figure, ax = plt.subplots(figsize=(7.2, 1.2 + 0.3 * len(methods)), layout="constrained")
    for y, method in enumerate(methods):
        of_method = rows[rows["method"] == method]
        scored = of_method.dropna(subset=["value"])
        if len(scored):
            ax.boxplot(
                scored["value"],
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
            heights = y + 0.42 * ((np.arange(len(scored)) * _GOLDEN) % 1 - 0.5)
            face = scored["dataset"].map(colors)
            ax.scatter(scored["value"], heights, c=face, s=16, lw=0.3, ec="white", zorder=3)
        lost = of_method.loc[of_method["value"].isna(), "status"].value_counts()
        if len(lost):
            counts = [f"{count} {str(word).replace('_', ' ')}" for word, count in lost.items()]
            if len(counts) > _KINDS:
                counts[_KINDS:] = [f"{lost[_KINDS:].sum()} more"]
            ax.annotate(
                *(", ".join(counts), (1.01, y)),
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
    legend_below(figure, [quick_dot(colors[name], name) for name in datasets])
    return figure
