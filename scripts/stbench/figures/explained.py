"""What explains a score: shares of its variance."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from stbench.figures.style import GRID, INK, QUIET, label_rows, legend_below, quick_dot

_WORDS = {
    "tissue": "tissue",
    "kind": "layout of its domains",
    "technology": "its technology",
    "spots": "spots or single cells",
    "cells": "its number of cells",
    "method": "method",
    "class": "trains, smooths or clusters",
    "method x tissue": "which method suits which tissue",
    "clusterer": "clusterer",
    "settings": "settings, default or published",
    "seed": "training seed",
    "rest": "all other interactions",
}
_WHOLE, _PART, _CHANCE = "#2166ac", "#92c5de", "#d55e00"


def explained_bars(table: pd.DataFrame, title: str) -> Figure:
    """Draw one bar per source; those within another source are lighter and indented.

    Args:
        table: of ``stbench.verdict.explained.explained``.
        title: above the figure.
    """
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    order = {name: place for place, name in enumerate(_WORDS)}
    rows = table.sort_values("source", key=lambda names: names.map(order)).reset_index(drop=True)
    figure, ax = plt.subplots(figsize=(6.6, 1.1 + 0.28 * len(rows)), layout="constrained")
    for y, row in rows.iterrows():
        part = bool(row["within"])
        ax.barh(y, 100 * row["share"], height=0.4 if part else 0.7, color=_PART if part else _WHOLE)
        if pd.notna(row["low"]):
            ax.plot([100 * row["low"], 100 * row["high"]], [y, y], color=INK, lw=1.2)
        if pd.notna(row["by_chance"]):
            ax.plot(100 * row["by_chance"], y, "|", ms=11, mew=1.8, color=_CHANCE)
        end = row[["share", "high", "by_chance"]].astype(float).max()
        ax.annotate(
            f"{100 * row['share']:.0f}", (100 * end, y), (5, 0), textcoords="offset points",
            va="center", fontsize=8, color=QUIET,
        )  # fmt: skip
    names, parts = rows["source"].map(_WORDS), rows["within"] != ""
    label_rows(ax, list(names.mask(parts, "   " + names)))
    for label, part in zip(ax.get_yticklabels(), rows["within"], strict=True):
        label.set_color(QUIET if part else "black")
    ax.set_xlim(0, None)
    ax.set_xlabel("share of the variance of the final ARI, %")
    ax.grid(axis="x", color=GRID, lw=0.7)
    ax.set_title(title, loc="left", fontweight="bold")
    handles = [
        quick_dot(_WHOLE, "source", "s"),
        quick_dot(_PART, "part of the source above, alone", "s"),
        Line2D(
            [], [], marker="|", ls="", ms=9, mew=1.8, color="#d55e00", label="the part, by chance"
        ),
    ]
    if rows["low"].notna().any():
        handles.append(Line2D([], [], color=INK, lw=1.2, label="range when one study is left out"))
    legend_below(figure, handles)
    return figure
