"""Training curves: the ARI of every recorded epoch, and the training loss below it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from stbench.figures.style import GRID, INK, PROTOCOL_COLORS, QUIET, legend_below, quick_dot

_COLUMNS = 6
_WIDE = 20.0  # ratio of the largest to the smallest loss above which the axis is logarithmic


def training_curves(epochs: pd.DataFrame, titles: dict[str, str], title: str) -> Figure:
    """Draw one column of two panels per method, one line per training seed.

    Args:
        epochs: rows of one dataset and number of domains of ``stbench.scoring.epoch_scores``.
        titles: display names of the methods, by id; those without a row are skipped.
        title: above the panels.
    """
    import matplotlib.pyplot as plt

    shown = [method for method in titles if method in set(epochs["method"])]
    bands = math.ceil(len(shown) / _COLUMNS)
    columns = math.ceil(len(shown) / bands)
    figure, axes = plt.subplots(
        2 * bands,
        columns,
        figsize=(max(4.6, 0.7 + 2.05 * columns), 1.0 + 2.7 * bands),
        gridspec_kw={"height_ratios": [1.6, 1.0] * bands},
        squeeze=False,
        layout="constrained",
    )
    low, high = epochs["ari"].min(), epochs["ari"].max()
    limits = (min(0.0, low - 0.02), high + 0.05) if pd.notna(low) else (0.0, 1.0)
    for i, method in enumerate(shown):
        band, column = divmod(i, columns)
        upper, lower = axes[2 * band : 2 * band + 2, column]
        of_method = epochs[epochs["method"] == method]
        _draw_ari(upper, of_method)
        _draw_loss(lower, of_method)
        upper.set_title(titles[method], fontsize=9, fontweight="bold")
        upper.set_ylim(limits)
        upper.sharex(lower)
        upper.tick_params(labelbottom=False, labelleft=column == 0)
        lower.set_xlabel("epoch", fontsize=8)
        if column == 0:
            upper.set_ylabel("ARI")
            lower.set_ylabel("loss")
    for ax in axes[2 * bands - 2 :, len(shown) - (bands - 1) * columns :].flat:
        ax.set_axis_off()
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left", fontsize=10)
    handles = [
        quick_dot(PROTOCOL_COLORS["oracle"], "best epoch (oracle)", "^"),
        quick_dot(PROTOCOL_COLORS["final"], "last epoch (final)"),
        quick_dot(PROTOCOL_COLORS["untrained"], "untrained", "s"),
    ]
    legend_below(figure, handles)
    return figure


def _draw_ari(ax: Axes, of_method: pd.DataFrame) -> None:
    recorded = of_method.dropna(subset=["ari"])
    ax.grid(color=GRID, lw=0.6)
    ax.set_axisbelow(True)
    ax.tick_params(labelsize=7)
    if not len(recorded):
        _write(ax, "not available by epoch")
        return
    for _, run in recorded.groupby("seed"):
        ax.plot(run["epoch"], run["ari"], color=INK, lw=0.8, alpha=0.55)
        trained = run[run["epoch"] > 0]
        marks = {"untrained": run[run["epoch"] == 0], "final": trained.tail(1)}
        if len(trained):
            marks["oracle"] = trained.loc[[trained["ari"].idxmax()]]
        for protocol, shape in (("untrained", "s"), ("final", "o"), ("oracle", "^")):
            if len(marks.get(protocol, ())):
                ax.plot(
                    *(marks[protocol]["epoch"], marks[protocol]["ari"], shape),
                    color=PROTOCOL_COLORS[protocol],
                    ms=5,
                    mec="white",
                    mew=0.5,
                    clip_on=False,
                    zorder=3,
                )


def _draw_loss(ax: Axes, of_method: pd.DataFrame) -> None:
    recorded = of_method.dropna(subset=["loss"])
    ax.tick_params(labelsize=7)
    if not len(recorded):
        _write(ax, "not reported")
        ax.set_yticks([])
        ax.set_xlim(0, of_method["epoch"].max())
        return
    for _, run in recorded.groupby("seed"):
        ax.plot(run["epoch"], run["loss"], color=INK, lw=0.8, alpha=0.55)
    lowest, highest = recorded["loss"].min(), recorded["loss"].max()
    if lowest > 0 and highest / lowest > _WIDE:
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.yaxis.set_minor_formatter(NullFormatter())
    else:
        ax.margins(y=0.1)
    if np.isclose(lowest, highest):
        ax.set_ylim(lowest - 0.5, highest + 0.5)


def _write(ax: Axes, text: str) -> None:
    center: dict[str, Any] = {"ha": "center", "va": "center"}
    ax.text(0.5, 0.5, text, transform=ax.transAxes, fontsize=7.5, color=QUIET, **center)
