"""Joined sections: mixing against biology, and embeddings colored by section and domain."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stbench.figures.method_style import method_styles
from stbench.figures.style import (
    FAILED_TEXT,
    GRID,
    UNLABELED,
    domain_colors,
    legend_below,
    no_frame,
    quick_dot,
)
from stbench.integration.tables import COMPOSITES

COLUMNS = 7  # methods in one row at most


def mixing_against_biology(scores: pd.DataFrame, titles: Mapping[str, str], title: str) -> Figure:
    """A panel for each dataset: a mark for each method, bars for the interval over seeds.

    The legend names the marks, which have the color and marker of their method.

    Args:
        scores: the table ``integration_scores``.
        titles: display names of the methods, by id, in order.
        title: above the panels.
    """
    import matplotlib.pyplot as plt

    datasets = list(dict.fromkeys(scores["dataset"]))
    columns = min(3, len(datasets))
    rows = -(-len(datasets) // columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(4.3 * columns, 4.1 * rows + 0.3),
        squeeze=False,
        layout="constrained",
    )
    shown = [method for method in titles if method in set(scores["method"])]
    styles = method_styles(shown)
    for ax, dataset in zip(axes.flat, datasets, strict=False):
        of_dataset = scores[scores["dataset"] == dataset].set_index(["method", "metric"])
        scored, run = set(), [method for method in shown if method in of_dataset.index]
        for method in run:
            x, y = (of_dataset.loc[(method, name)] for name in ("mixing", "biology"))
            if np.isnan(x["mean"] + y["mean"]):
                continue
            scored.add(method)
            ends = [[[one["mean"] - one["low"]], [one["high"] - one["mean"]]] for one in (x, y)]
            color, marker = styles[method].color, styles[method].marker
            look: dict[str, Any] = {"color": color, "ms": 8, "mec": "white", "lw": 1.2}
            ax.errorbar(
                *(x["mean"], y["mean"]), xerr=ends[0], yerr=ends[1], fmt=marker, zorder=3, **look
            )
        missing = [titles[method] for method in run if method not in scored]
        if missing:
            text = "\n".join(textwrap.wrap(f"no score: {', '.join(missing)}", 60))
            ax.text(0.02, 0.02, text, color=FAILED_TEXT, fontsize=7.5, va="bottom")
        ax.set(xlim=(0, 1), ylim=(0, 1), title=dataset, aspect="equal")
        ax.set(xlabel=COMPOSITES["mixing"].label, ylabel=COMPOSITES["biology"].label)
        ax.grid(color=GRID, lw=0.7)
    for ax in axes.flat[len(datasets) :]:
        ax.set_axis_off()
    legend_below(figure, [quick_dot(styles[m].color, titles[m], styles[m].marker) for m in shown])
    figure.suptitle(f"{title}\n", fontweight="bold", x=0.01, ha="left", linespacing=0.5)
    return figure


def embedding_grid(
    flat: Mapping[str, np.ndarray | str],
    groupings: Mapping[str, pd.Categorical],
    titles: Mapping[str, str],
    title: str,
) -> Figure:
    """A column for each method, a row for each grouping of the cells.

    Args:
        flat: by method, the embedding in two dimensions (n, 2), or the reason why it is missing.
        groupings: by name, such as ``section``, the group of each cell.
        titles: display names of the methods, by id, in order.
        title: above the panels.
    """
    import matplotlib.pyplot as plt

    shown = [method for method in titles if method in flat]
    blocks = -(-len(shown) // COLUMNS)
    columns = -(-len(shown) // blocks)  # of blocks of equal width
    size = (2.2 * columns + 1.6, 2.3 * blocks * len(groupings) + 0.5)
    figure, axes = plt.subplots(
        blocks * len(groupings), columns, figsize=size, squeeze=False, layout="constrained"
    )
    for place, ax in enumerate(axes.flat):
        no_frame(ax)
        row, column = divmod(place, columns)
        block, which = divmod(row, len(groupings))
        if (index := block * columns + column) >= len(shown):
            continue
        if which == 0:
            ax.set_title(titles[shown[index]])
        content = flat[shown[index]]
        if isinstance(content, str):
            style = {"color": FAILED_TEXT, "transform": ax.transAxes, "fontsize": 7.5}
            text = "\n".join(textwrap.wrap(content, 28)[:6])
            ax.text(0.5, 0.5, text, ha="center", va="center", **style)
        else:
            _points(ax, content, list(groupings.values())[which])
    for which, (name, groups) in enumerate(groupings.items()):
        axes[which][0].set_ylabel(f"by {name}")
        axes[which][-1].legend(
            handles=_legend(groups),
            loc="center left",
            bbox_to_anchor=(1.02, 0.5),
            fontsize=7.5,
            handletextpad=0.1,
            title=name,
        )
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left")
    return figure


def _points(ax: Axes, flat: np.ndarray, groups: pd.Categorical) -> None:
    """Draw cells in random order, so that no group covers the others by being drawn last."""
    colors = np.array([*domain_colors(len(groups.categories)), UNLABELED])  # -1: the last
    order = np.random.default_rng(0).permutation(len(flat))
    size = float(np.clip(5000 / len(flat), 0.5, 10))
    look: dict[str, Any] = {"c": colors[groups.codes[order]], "linewidths": 0, "rasterized": True}
    ax.scatter(flat[order, 0], flat[order, 1], s=size, **look)


def _legend(groups: pd.Categorical) -> Sequence[Any]:
    names = [str(name) for name in groups.categories]
    handles = [
        quick_dot(color, name) for color, name in zip(domain_colors(len(names)), names, strict=True)
    ]
    return [*handles, quick_dot(UNLABELED, "not known")] if (groups.codes < 0).any() else handles
