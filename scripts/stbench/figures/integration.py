"""Joined sections: mixing against biology, and embeddings colored by section and domain."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stbench.figures.style import (
    FAILED_TEXT,
    GRID,
    QUIET,
    UNLABELED,
    domain_colors,
    no_frame,
    quick_dot,
)
from stbench.integration.tables import COMPOSITES

COLUMNS = 7  # methods in one row at most
# As shares of the side of a panel of mixing against biology:
_LINE = 0.038  # height of a name
_LETTER = 0.02  # width of a letter
_MARK = 0.016  # half a mark
_AWAY = 0.03  # from a mark to its name
_STEP = 0.045  # up or down, to the next place tried for a name
_STEPS = (0, 1, -1, 2, -2, 3, -3, 4, -4)


def mixing_against_biology(scores: pd.DataFrame, titles: Mapping[str, str], title: str) -> Figure:
    """A panel for each dataset: a mark for each method, bars for the interval over seeds.

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
    colors = dict(zip(shown, domain_colors(len(shown)), strict=True))
    for ax, dataset in zip(axes.flat, datasets, strict=False):
        of_dataset = scores[scores["dataset"] == dataset].set_index(["method", "metric"])
        points, run = {}, [method for method in shown if method in of_dataset.index]
        for method in run:
            x, y = (of_dataset.loc[(method, name)] for name in ("mixing", "biology"))
            if np.isnan(x["mean"] + y["mean"]):
                continue
            points[method] = (x["mean"], y["mean"])
            ends = [[[one["mean"] - one["low"]], [one["high"] - one["mean"]]] for one in (x, y)]
            look: dict[str, Any] = {"color": colors[method], "ms": 7, "mec": "white", "lw": 1.2}
            ax.errorbar(*points[method], xerr=ends[0], yerr=ends[1], fmt="o", zorder=3, **look)
        _name_points(ax, points, titles)
        missing = [titles[method] for method in run if method not in points]
        if missing:
            text = "\n".join(textwrap.wrap(f"no score: {', '.join(missing)}", 60))
            ax.text(0.02, 0.02, text, color=FAILED_TEXT, fontsize=7.5, va="bottom")
        ax.set(xlim=(0, 1), ylim=(0, 1), title=dataset, aspect="equal")
        ax.set(xlabel=COMPOSITES["mixing"].label, ylabel=COMPOSITES["biology"].label)
        ax.grid(color=GRID, lw=0.7)
    for ax in axes.flat[len(datasets) :]:
        ax.set_axis_off()
    figure.suptitle(f"{title}\n", fontweight="bold", x=0.01, ha="left", linespacing=0.5)
    return figure


def _name_points(
    ax: Axes, points: Mapping[str, tuple[float, float]], titles: Mapping[str, str]
) -> None:
    """Write each name beside its mark, at the nearest place without a mark or another name."""
    taken = [(x - _MARK, x + _MARK, y - _MARK, y + _MARK) for x, y in points.values()]
    for method, (x, y) in sorted(points.items(), key=lambda item: item[1][1]):
        width = _LETTER * len(titles[method])
        places = [(side, y + step * _STEP) for step in _STEPS for side in ("left", "right")]
        boxes = [_box(x, side, at, width) for side, at in places]
        is_free = [_inside(box) and not any(_overlap(box, one) for one in taken) for box in boxes]
        chosen = is_free.index(True) if True in is_free else 0
        side, at = places[chosen]
        taken.append(boxes[chosen])
        ax.annotate(
            titles[method],
            (x, y),
            (x + _AWAY if side == "left" else x - _AWAY, at),
            ha=side,
            va="center",
            fontsize=8,
            arrowprops={"arrowstyle": "-", "color": QUIET, "lw": 0.5} if at != y else None,
            zorder=4,
        )


_Box = tuple[float, float, float, float]  # left, right, bottom, top


def _box(x: float, side: str, y: float, width: float) -> _Box:
    left = x + _AWAY if side == "left" else x - _AWAY - width
    return left, left + width, y - _LINE / 2, y + _LINE / 2


def _inside(box: _Box) -> bool:
    return box[0] >= 0 and box[1] <= 1.02 and box[2] >= 0 and box[3] <= 1


def _overlap(a: _Box, b: _Box) -> bool:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]


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
