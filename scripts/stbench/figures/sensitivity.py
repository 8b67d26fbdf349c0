"""Effect of single changes on a method: a tornado of all changes, and lines over settings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from stbench.figures.style import INK, PROTOCOL_COLORS, QUIET


def tornado(changes: pd.DataFrame, title: str) -> Figure:
    """Change of the ARI for each variant of one method on one dataset, the largest on top.

    Args:
        changes: rows of the table ``sensitivity``.
    """
    size = changes.groupby("factor")["change_final"].agg(lambda values: values.abs().max())
    factors = list(size.sort_values(ascending=False, na_position="last").index)
    height = 0.24 * len(changes) + 0.12 * len(factors) + 1.2
    figure, axis = plt.subplots(figsize=(6.4, height), layout="constrained")
    place, ticks = 0.0, []
    for factor in factors:
        rows = changes[changes["factor"] == factor].sort_values("value")
        ticks.append(place + (len(rows) - 1) / 2)
        for row in rows.itertuples():
            _bar(axis, row, place)
            place += 1
        place += 0.5
    axis.axvline(0, color=INK, lw=0.8)
    axis.set_yticks(ticks, [factor.replace("_", " ") for factor in factors])
    axis.invert_yaxis()
    axis.margins(x=0.12, y=0.01)
    axis.set(xlabel="change of the ARI", title=title)
    axis.legend(*_key(), loc="lower left", bbox_to_anchor=(0, 0), fontsize=7)
    return figure


def _bar(axis: Axes, row: Any, place: float) -> None:
    """One variant: a bar for the last epoch, a dot for the best epoch."""
    if np.isnan(row.change_final):
        axis.annotate(
            str(row.status),
            (0, place),
            (3, 0),
            textcoords="offset points",
            color=QUIET,
            va="center",
            fontsize=7,
        )
        return
    axis.barh(place, row.change_final, height=0.8, color=PROTOCOL_COLORS["final"])
    axis.plot(
        row.change_oracle, place, "o", ms=4, mec="white", mew=0.5, color=PROTOCOL_COLORS["oracle"]
    )
    if np.isnan(row.value):
        return
    ends = (0.0, row.change_final, row.change_oracle)
    right = row.change_final >= 0
    axis.annotate(
        f"{row.value:g}",
        (max(ends) if right else min(ends), place),
        (5 if right else -5, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        fontsize=7,
        color=INK,
    )


def _key() -> tuple[list[Artist], list[str]]:
    bar = Patch(color=PROTOCOL_COLORS["final"])
    dot = Line2D([], [], color=PROTOCOL_COLORS["oracle"], marker="o", ls="")
    return [bar, dot], ["last epoch (final)", "best epoch (oracle)"]


def setting_lines(changes: pd.DataFrame, unchanged: dict[str, float], title: str) -> Figure | None:
    """Final and oracle ARI over each numeric setting, one dataset; None if none was varied.

    The tested values are placed at even distances, because they span decades.

    Args:
        changes: rows of the table ``sensitivity``.
        unchanged: the ARI of the method itself, by protocol.
    """
    varied = changes.dropna(subset=["value"])
    factors = list(dict.fromkeys(varied["factor"]))
    if not factors:
        return None
    columns = min(5, len(factors))
    rows = -(-len(factors) // columns)
    size = (2.1 * columns + 0.6, 2.0 * rows + 0.5)
    figure, axes = plt.subplots(
        rows, columns, figsize=size, sharey=True, squeeze=False, layout="constrained"
    )
    for axis, factor in zip(axes.flat, factors, strict=False):
        of_factor = varied[varied["factor"] == factor]
        for protocol in ("oracle", "final"):
            points = dict(zip(of_factor["value"], of_factor[f"ARI_{protocol}"], strict=True))
            own = of_factor["unchanged"].iloc[0]
            if not np.isnan(own):
                points[own] = unchanged[protocol]
                axis.axvline(sorted(points).index(own), color=QUIET, lw=0.6, ls=":")
            values = sorted(points)
            line = [points[value] for value in values]
            style = {"marker": "o", "ms": 3, "color": PROTOCOL_COLORS[protocol], "label": protocol}
            axis.plot(range(len(values)), line, **style)
            axis.set_xticks(range(len(values)), [f"{value:g}" for value in values])
        axis.set_title(factor.replace("_", " "), fontsize=8)
    for axis in list(axes.flat)[len(factors) :]:
        axis.remove()
    for row in axes:
        row[0].set_ylabel("ARI")
    axes[0][0].legend(fontsize=7)
    figure.suptitle(f"{title}; dotted: unchanged")
    return figure
