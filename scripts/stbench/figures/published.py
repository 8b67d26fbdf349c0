"""Measured scores beside the published ones, dataset by dataset."""

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
from stbench.results.published import AGREES, DIFFERS, NO_VERDICT

_VERDICTS = {
    AGREES: ("measured, agrees with a source", DOMAIN_COLORS[0], "o"),
    DIFFERS: ("measured, differs from every source", DOMAIN_COLORS[5], "D"),
    NO_VERDICT: ("measured, cannot be compared", QUIET, "o"),
}
_PUBLISHED = "#b0b0b0"
_COLUMNS = 4


def published_panels(table: pd.DataFrame, titles: dict[str, str], title: str) -> Figure:
    """Draw one panel per dataset: a square for each source, a mark for the measured mean.

    Lines are standard deviations over training seeds.

    Args:
        table: rows of one metric and clusterer of ``published_vs_measured``, at least one: dataset,
            method, measured (NaN: no score, see status), measured_sd (NaN: one seed), published
            (NaN: not published), published_sd, verdict, status; a row for each source.
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
        of_dataset = table[table["dataset"] == dataset]
        for y, method in enumerate(methods):
            sources = of_dataset[of_dataset["method"] == method]
            if len(sources):
                _draw_row(ax, y, sources)
        ax.set_title(dataset, loc="left", fontsize=9)
        ax.grid(axis="x", color=GRID, lw=0.7)
        ax.set_axisbelow(True)
        ax.tick_params(labelsize=8)
        ax.tick_params(axis="y", length=0)
    label_rows(axes.flat[0], [titles[method] for method in methods])
    ends = table[["measured", "published"]]
    axes.flat[0].set_xlim(min(0.0, ends.min().min() - 0.05), min(1.02, ends.max().max() + 0.08))
    for i, ax in enumerate(axes.flat):
        if i >= len(datasets):
            ax.set_axis_off()
        elif i + columns >= len(datasets):
            ax.set_xlabel("ARI")
            ax.tick_params(axis="x", labelbottom=True)
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left", fontsize=10)
    shown = {
        overall_verdict(rows["verdict"])
        for _, rows in table[table["measured"].notna()].groupby(["dataset", "method"])
    }
    handles = [quick_dot(_PUBLISHED, "published, one for each source", "s")]
    handles += [quick_dot(c, text, m) for key, (text, c, m) in _VERDICTS.items() if key in shown]
    legend_below(figure, handles)
    return figure


def overall_verdict(verdicts: pd.Series) -> str:
    """Of one method on one dataset over all sources; agreement with one of them is enough."""
    return next((word for word in (AGREES, DIFFERS) if (verdicts == word).any()), NO_VERDICT)


def _draw_row(ax: Axes, y: int, sources: pd.DataFrame) -> None:
    """One method on one dataset."""
    ax.errorbar(
        sources["published"], np.full(len(sources), y), xerr=sources["published_sd"].fillna(0),
        fmt="s", color=_PUBLISHED, ms=5, lw=3, zorder=1,
    )  # fmt: skip
    first = sources.iloc[0]
    if np.isnan(first["measured"]):
        word = str(first["status"]).replace("_", " ")
        low, high = sources["published"].min(), sources["published"].max()
        at, side = (high + 0.06, "left") if not low > 0.5 else (low - 0.06, "right")
        at = 0.02 if np.isnan(at) else at
        ax.text(at, y, word, fontsize=7, color=FAILED_TEXT, ha=side, va="center", zorder=2)
        return
    _, color, marker = _VERDICTS[overall_verdict(sources["verdict"])]
    spread = np.nan_to_num(first["measured_sd"])
    ax.errorbar(first["measured"], y, xerr=spread, fmt=marker, color=color, ms=5, lw=1.2, zorder=2)
