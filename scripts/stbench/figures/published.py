"""Measured scores beside the published range, dataset by dataset."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stbench.figures.style import (
    DOMAIN_COLORS,
    FAILED_TEXT,
    GRID,
    QUIET,
    label_rows,
    legend_below,
    quick_dot,
)

_POSITIONS = {
    "inside": ("measured, inside the range", DOMAIN_COLORS[0], "o"),
    "above": ("measured, above the range", DOMAIN_COLORS[2], ">"),
    "below": ("measured, below the range", DOMAIN_COLORS[5], "<"),
    "": ("measured, no published score", QUIET, "D"),
}
_RANGE = "#c9c9c9"
_COLUMNS = 4


def published_panels(table: pd.DataFrame, titles: dict[str, str], title: str) -> Figure:
    """Draw one panel per dataset: a bar for the published range, a mark for mean +- sd measured.

    Args:
        table: rows of one metric and clusterer of ``published_vs_measured``, at least one: dataset,
            method, measured (NaN: no score, see status), measured_sd (NaN: one seed),
            published_low, published_high (NaN: not published), position, status.
        titles: display names of the methods, by id, in order.
        title: above the panels.
    """
    import matplotlib.pyplot as plt

    datasets = list(dict.fromkeys(table["dataset"]))
    methods = [method for method in titles if method in set(table["method"])]
    columns = min(_COLUMNS, len(datasets))
    rows = math.ceil(len(datasets) / columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(max(5.2, 1.6 + 2.5 * columns), 0.9 + rows * (0.55 + 0.22 * len(methods))),
        squeeze=False,
        sharex=True,
        sharey=True,
        layout="constrained",
    )
    for ax, dataset in zip(axes.flat, datasets, strict=False):
        of_dataset = table[table["dataset"] == dataset].set_index("method")
        for y, method in enumerate(methods):
            if method in of_dataset.index:
                _draw_row(ax, y, of_dataset.loc[method])
        ax.set_title(dataset, loc="left", fontsize=9)
        ax.grid(axis="x", color=GRID, lw=0.7)
        ax.set_axisbelow(True)
        ax.tick_params(labelsize=8)
        ax.tick_params(axis="y", length=0)
    label_rows(axes.flat[0], [titles[method] for method in methods])
    ends = table[["measured", "published_low", "published_high"]]
    axes.flat[0].set_xlim(min(0.0, ends.min().min() - 0.03), min(1.02, ends.max().max() + 0.08))
    for i, ax in enumerate(axes.flat):
        if i >= len(datasets):
            ax.set_axis_off()
        elif i + columns >= len(datasets):
            ax.set_xlabel("ARI")
            ax.tick_params(axis="x", labelbottom=True)
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left", fontsize=10)
    positions = set(table.loc[table["measured"].notna(), "position"])
    handles = [quick_dot(_RANGE, "published range", "s")]
    handles += [
        quick_dot(c, text, m) for key, (text, c, m) in _POSITIONS.items() if key in positions
    ]
    legend_below(figure, handles)
    return figure


def _draw_row(ax: Axes, y: int, row: pd.Series) -> None:
    ends = [row["published_low"], row["published_high"]]
    ax.plot(ends, [y, y], color=_RANGE, lw=6, solid_capstyle="projecting", zorder=1)
    if np.isnan(row["measured"]):
        word = str(row["status"]).replace("_", " ")
        center = np.nan_to_num(np.mean(ends))
        at, side = (ends[1] + 0.03, "left") if center < 0.5 else (ends[0] - 0.03, "right")
        at = 0.02 if np.isnan(at) else at
        ax.text(at, y, word, fontsize=7, color=FAILED_TEXT, ha=side, va="center", zorder=2)
        return
    _, color, marker = _POSITIONS[row["position"]]
    spread = np.nan_to_num(row["measured_sd"])
    ax.errorbar(row["measured"], y, xerr=spread, fmt=marker, color=color, ms=5, lw=1.2, zorder=2)
