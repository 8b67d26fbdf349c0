"""Ranks of methods on each dataset: methods that are good everywhere or only on some datasets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from stbench.figures.method_style import method_styles
from stbench.figures.style import QUIET

_LEADER = 0.3  # inches of the line from the last rank to its name
_LETTER = 0.066  # inches of one in a name
_STEP = (0.55, 1.1)  # inches between datasets: at least, at most
_WIDE = 7.0  # inches of all steps together, if they need no more than the least


def rank_bump(
    ranks: pd.DataFrame,
    failed: pd.DataFrame,
    titles: Mapping[str, str],
    controls: Collection[str],
    title: str,
) -> Figure:
    """Draw one line per method over the datasets; a hollow mark shows a failure.

    Lines have the color and the marker of their method; those of controls are dashed.

    Args:
        ranks: (datasets, methods), 1 = best; ties share their mean rank.
        failed: (datasets, methods), whether the score is missing.
        titles: display names of the methods, by id.
        controls: methods drawn dashed.
        title: above the figure.
    """
    import matplotlib.pyplot as plt

    styles = method_styles(map(str, ranks))
    n, last = len(ranks.columns), len(ranks) - 1
    step = float(np.clip(_WIDE / max(last, 1), *_STEP))
    room = _LETTER * max(len(titles.get(str(m), str(m))) for m in ranks) + 0.1
    left, width = 0.5, 0.5 + step * last + _LEADER + room
    longest = max(len(str(name)) for name in ranks.index)
    slanted = longest * _LETTER > step
    below = 0.3 + (0.7 * _LETTER * longest if slanted else 0.0)
    height = 0.5 + 0.23 * n + below
    figure = plt.figure(figsize=(max(width, _LETTER * 1.25 * len(title) + 0.1), height))
    size = (left / figure.get_figwidth(), below / height)
    extent = ((width - left) / figure.get_figwidth(), 0.23 * n / height)
    ax = figure.add_axes((*size, *extent))
    x = step * np.arange(len(ranks))
    for method in ranks:
        style, y = styles[str(method)], ranks[method].to_numpy()
        look: dict[str, Any] = {"color": style.color, "ls": "--" if method in controls else "-"}
        ax.plot(x, y, lw=0.8, alpha=0.35, zorder=1, **look)  # to and from failures
        ax.plot(x, np.where(failed[method], np.nan, y), lw=1.6, zorder=2, **look)
        face = np.where(failed[method], "white", style.color)
        ax.scatter(
            *(x, y), c=face, edgecolors=style.color, marker=style.marker,
            s=30, linewidths=1.0, zorder=3,
        )  # fmt: skip
    order = ranks.iloc[-1].sort_index().sort_values(kind="stable")
    for slot, (method, rank) in enumerate(order.items(), start=1):
        style = styles[str(method)]
        ends = [x[-1] + 0.06, x[-1] + _LEADER]
        ax.plot(ends, [rank, slot], color=style.color, lw=0.7, zorder=1)
        ax.text(
            *(ends[1] + 0.04, slot, titles.get(str(method), str(method))),
            va="center", fontsize=8, color=QUIET if method in controls else "black",
        )  # fmt: skip
    ax.set_xticks(x, list(ranks.index), rotation=35 if slanted else 0)
    if slanted:
        for label in ax.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    ax.set(xlim=(-0.2, width - left - 0.2), ylim=(n + 0.6, 0.4))
    ax.set_yticks(sorted({1, *range(5, n, 5), n}))
    ax.set_ylabel("rank", color=QUIET)
    for name in ("left", "bottom"):
        ax.spines[name].set_visible(False)
    ax.tick_params(length=0, labelcolor=QUIET)
    ax.tick_params(axis="x", labelcolor="black")
    figure.text(0.05 / figure.get_figwidth(), 1, title, va="top", fontweight="bold", fontsize=10)
    if failed.to_numpy().any():
        figure.text(
            *(0.05 / figure.get_figwidth(), 0, "hollow: no score, worst rank"),
            fontsize=7.5, color=QUIET, va="top",
        )  # fmt: skip
    return figure
