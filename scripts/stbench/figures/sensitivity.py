"""What one change does to a method: a tornado of all changes, and lines over numeric settings."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from stbench.figures.style import INK, PROTOCOL_COLOURS, QUIET


def tornado(changes: pd.DataFrame, title: str) -> Figure:
    """Change of the final ARI by each variant of one method on one dataset, the largest on top.

    Args:
        changes: rows of the table ``sensitivity``.
    """
    spread = changes.groupby("factor")["change_final"].agg(lambda values: values.abs().max())
    factors = list(spread.sort_values(na_position="first").index)
    figure, axis = plt.subplots(figsize=(6.4, 0.32 * len(factors) + 1.2), layout="constrained")
    for place, factor in enumerate(factors):
        for row in changes[changes["factor"] == factor].itertuples():
            if np.isnan(row.change_final):
                axis.annotate(str(row.status), (0, place), color=QUIET, va="center")
                continue
            axis.barh(place, row.change_final, height=0.7, color=PROTOCOL_COLOURS["final"])
            side = 1 if row.change_final >= 0 else -1
            axis.annotate(
                "" if np.isnan(row.value) else f"{row.value:g}",
                (row.change_final, place),
                (3 * side, 0),
                textcoords="offset points",
                ha="left" if side > 0 else "right",
                va="center",
                fontsize=7,
                color=INK,
            )
    axis.axvline(0, color=INK, lw=0.8)
    axis.set_yticks(range(len(factors)), [factor.replace("_", " ") for factor in factors])
    axis.margins(x=0.12)
    axis.set(xlabel="change of the final ARI", title=title)
    return figure


def setting_lines(changes: pd.DataFrame, own: dict[str, float], title: str) -> Figure | None:
    """Final and oracle ARI over each numeric setting, one dataset; None where none was varied.

    Args:
        changes: rows of the table ``sensitivity``.
        own: the method's ARI with its published settings, by protocol.
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
        mine = varied[varied["factor"] == factor]
        for protocol in ("oracle", "final"):
            points = dict(zip(mine["value"], mine[f"ARI_{protocol}"], strict=True))
            published = mine["published"].iloc[0]
            if not np.isnan(published):
                points[published] = own[protocol]
                axis.axvline(published, color=QUIET, lw=0.6, ls=":")
            line = sorted(points.items())
            style = {"marker": "o", "ms": 3, "color": PROTOCOL_COLOURS[protocol], "label": protocol}
            axis.plot(*zip(*line, strict=True), **style)
        axis.set_title(factor.replace("_", " "), fontsize=8)
    for axis in list(axes.flat)[len(factors) :]:
        axis.remove()
    for row in axes:
        row[0].set_ylabel("ARI")
    axes[0][0].legend(fontsize=7)
    figure.suptitle(f"{title}; dotted: published")
    return figure
