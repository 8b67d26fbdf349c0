"""Ranks of methods on each dataset: methods that are good everywhere or only on some datasets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from stbench.figures.style import QUIET, domain_colors

_LEADER = 0.35  # length of the line from the last rank to its name, in steps between datasets


def rank_bump(
    ranks: pd.DataFrame, failed: pd.DataFrame, titles: dict[str, str], quiet: set[str], title: str
) -> Figure:
    """Draw one line per method over the datasets; a hollow mark shows a failure.

    Args:
        ranks: (datasets, methods), 1 = best; ties share their mean rank.
        failed: (datasets, methods), whether the score is missing.
        titles: display names of the methods, by id; the first ones get the clearest colors.
        quiet: methods drawn gray and dashed.
        title: above the figure.
    """
    import matplotlib.pyplot as plt

    loud = [method for method in titles if method in ranks and method not in quiet]
    colors = dict.fromkeys(ranks, "#9a9a9a") | dict(
        zip(loud, domain_colors(len(loud)), strict=True)
    )
    n, last = len(ranks.columns), len(ranks) - 1
    step = float(np.clip(9 / max(last, 1), 0.75, 1.9))
    width = 3.6 + step * (last + 2 * _LEADER)
    figure, ax = plt.subplots(figsize=(width, 1.5 + 0.27 * n), layout="constrained")
    x = np.arange(len(ranks))
    for method in ranks:
        color, y = colors[method], ranks[method].to_numpy()
        look: dict[str, Any] = {"color": color, "ls": "--" if method in quiet else "-"}
        ax.plot(x, y, lw=0.8, alpha=0.35, zorder=1, **look)  # to and from failures
        ax.plot(x, np.where(failed[method], np.nan, y), lw=1.8, zorder=2, **look)
        face = np.where(failed[method], "white", color)
        ax.scatter(x, y, c=face, edgecolors=color, s=34, linewidths=1.2, zorder=3)
    for end, side in ((0, -1), (last, 1)):
        order = ranks.iloc[end].sort_index().sort_values(kind="stable")
        for slot, (method, rank) in enumerate(order.items(), start=1):
            at = end + side * _LEADER
            ax.plot([end, at], [rank, slot], color=colors[method], lw=0.7, zorder=1)
            ax.text(
                *(at + side * 0.05 * 1.9 / step, slot, titles.get(str(method), str(method))),
                ha="left" if side > 0 else "right",
                va="center",
                fontsize=8,
                color=QUIET if method in quiet else "black",
            )
    ax.set_xticks(x, list(ranks.index), rotation=0 if step > 1.2 else 35)
    if step <= 1.2:
        for label in ax.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    room = 1.55 / step
    ax.set(xlim=(-_LEADER - room, last + _LEADER + room), ylim=(n + 0.6, 0.4))
    ax.set_yticks([])
    for name in ("left", "bottom"):
        ax.spines[name].set_visible(False)
    ax.tick_params(length=0)
    ax.set_title(title, loc="left", fontweight="bold")
    if failed.to_numpy().any():
        note = "hollow: no score, worst rank"
        ax.text(0, 0, note, transform=ax.transAxes, fontsize=7.5, color=QUIET, va="top")
    return figure
