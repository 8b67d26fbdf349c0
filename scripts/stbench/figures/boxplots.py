"""Scores by method: a point for each dataset, and a box over them where there are enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from stbench.figures.style import (
    FAILED_TEXT,
    GRID,
    INK,
    domain_colors,
    legend_below,
    quick_dot,
)

BOX_FROM = 5  # datasets; quartiles of fewer say no more than the points
_KINDS = 2  # statuses that are named; further ones are only counted
_APART = 0.6  # between bands, in rows
_GOLDEN = 0.6180339887  # its multiples spread points evenly and reproducibly


def score_boxes(
    table: pd.DataFrame, titles: Mapping[str, str], title: str, bands: Sequence[Sequence[str]]
) -> Figure:
    """Draw the datasets of each method, the best median of each band on top.

    A dataset is one point, however many training seeds it has: seeds are no independent
    observations.

    Args:
        table: one row for each dataset and method: dataset, method, mean over seeds (NaN: no
            score), status.
        titles: display names of the methods, by id.
        title: above the figure.
        bands: the methods to show; bands are drawn apart.
    """
    import matplotlib.pyplot as plt

    medians = table.groupby("method")["mean"].median()
    rows: dict[str, float] = {}
    for band in bands:
        of_band = medians.reindex(list(band)).sort_values(
            ascending=False, kind="stable", na_position="last"
        )
        first = max(rows.values()) + 1 + _APART if rows else 0.0
        rows |= {str(method): first + i for i, method in enumerate(of_band.index)}
    datasets = list(dict.fromkeys(table["dataset"]))
    colors = dict(zip(datasets, domain_colors(len(datasets)), strict=True))
    bottom = max(rows.values())
    figure, ax = plt.subplots(figsize=(7.2, 1.4 + 0.24 * bottom), layout="constrained")
    for method, y in rows.items():
        of_method = table[table["method"] == method]
        scored = of_method.dropna(subset=["mean"])
        if len(scored) >= BOX_FROM:
            ax.boxplot(
                scored["mean"],
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
        elif len(scored):
            ax.plot([scored["mean"].median()] * 2, [y - 0.31, y + 0.31], color=INK, lw=1.6)
        heights = y + 0.42 * ((np.arange(len(scored)) * _GOLDEN) % 1 - 0.5)
        face = scored["dataset"].map(colors)
        ax.scatter(scored["mean"], heights, c=face, s=20, lw=0.3, ec="white", zorder=3)
        lost = of_method.loc[of_method["mean"].isna(), "status"].value_counts()
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
    ax.set_yticks(list(rows.values()), [titles[method] for method in rows])
    ax.set_ylim(bottom + 0.6, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.set_xlim(min(-0.05, table["mean"].min() - 0.05), 1.03)
    ax.set_xlabel("ARI (1: the true domains, 0: chance)")
    ax.grid(axis="x", color=GRID, lw=0.7)
    ax.set_title(title, loc="left", fontweight="bold")
    legend_below(figure, [quick_dot(colors[name], name) for name in datasets])
    return figure
