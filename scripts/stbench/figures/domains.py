"""The tissue's true domains beside the domains each method finds, in matching colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stbench.figures.style import FAILED_TEXT, QUIET, UNLABELLED, domain_colours

_WANTED_SHAPE = 2.0  # width over height of the whole picture
_PANEL_AREA = 5.0  # square inches of one map
_MAX_WIDTH = 16.0
_LEGEND_ENTRY = 1.2  # inches


@dataclass(frozen=True)
class Map:
    """One panel.

    Attributes:
        title: first line above the map.
        labels: (n_cells,) integers from 0, -1 = not labelled; None where there are none.
        note: second line above the map, or where there are no labels why.
    """

    title: str
    labels: np.ndarray | None
    note: str = ""


def match_labels(truth: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Rename labels so that as many cells as possible carry the number of their true domain.

    An optimal one-to-one assignment (Hungarian algorithm) on the table of counts; labels that no
    true domain is left for get the next free numbers.

    Args:
        truth, labels: (n_cells,) integers from 0, -1 = not labelled.
    """
    from scipy.optimize import linear_sum_assignment

    n_true, n_labels = int(truth.max()) + 1, int(labels.max()) + 1
    both = (truth >= 0) & (labels >= 0)
    pairs = truth[both] * n_labels + labels[both]
    counts = np.bincount(pairs, minlength=n_true * n_labels).reshape(n_true, n_labels)
    domains, found = linear_sum_assignment(-counts)
    names = np.full(n_labels + 1, -1)  # the last one stays -1, the name of cells without a label
    names[found] = domains
    rest = np.flatnonzero(names[:-1] < 0)
    names[rest] = n_true + np.arange(len(rest))
    return names[labels]


def domain_maps(
    coords: np.ndarray,
    maps: Sequence[Map],
    title: str,
    truth: np.ndarray | None = None,
    domain_names: Sequence[str] = (),
) -> Figure:
    """Draw maps of one tissue side by side, all with the same scale and colours.

    Args:
        coords: (n_cells, 2) positions.
        maps: one panel per method.
        title: above all.
        truth: (n_cells,) codes of the true domains, -1 = not known; drawn first. The labels of the
            maps are matched to it. None: there is none.
        domain_names: names of the true domains, for the legend.
    """
    import matplotlib.pyplot as plt

    if truth is not None:
        matched = [
            Map(m.title, None if m.labels is None else match_labels(truth, m.labels), m.note)
            for m in maps
        ]
        maps = [Map("Truth", truth, f"{len(domain_names)} domains"), *matched]
    spread = np.maximum(np.ptp(coords, axis=0), 1e-12)
    aspect = float(np.clip(spread[1] / spread[0], 0.2, 5))
    width = math.sqrt(_PANEL_AREA / aspect)
    columns = _columns(len(maps), width, width * aspect + 0.45)
    width = min(width, _MAX_WIDTH / columns)
    rows = math.ceil(len(maps) / columns)
    entries = len(domain_names) + 1 if truth is not None else 0
    legend_columns = max(1, int(columns * width / _LEGEND_ENTRY))
    legend_rows = math.ceil(entries / legend_columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(columns * width, rows * (width * aspect + 0.5) + 0.4 + 0.22 * legend_rows),
        squeeze=False,
        layout="constrained",
    )
    n_domains = max((int(m.labels.max()) + 1 for m in maps if m.labels is not None), default=1)
    colours = np.array(domain_colours(n_domains) + [UNLABELLED])  # -1 takes the last
    size = _marker_size(spread, len(coords), width)
    for ax, one in zip(axes.flat, maps, strict=False):
        _draw_map(ax, coords, one, colours, size)
    for ax in axes.flat[len(maps) :]:
        ax.set_axis_off()
    figure.suptitle(f"{title}\n", fontweight="bold", x=0.01, ha="left", linespacing=0.6)
    if truth is not None:
        unlabelled = bool((truth < 0).any())
        _legend(figure, domain_names, colours, legend_columns, unlabelled=unlabelled)
    return figure


def _columns(panels: int, width: float, height: float) -> int:
    """The number of columns that brings the picture nearest to the wanted shape."""

    def off(columns: int) -> float:
        shape = columns * width / (math.ceil(panels / columns) * height)
        empty = -panels % columns
        return abs(math.log(shape / _WANTED_SHAPE)) + 0.2 * empty

    return min(range(1, panels + 1), key=off)


def _marker_size(spread: np.ndarray, n_cells: int, width: float) -> float:
    """Area in points^2 of dots that just touch where cells are spread evenly."""
    spacing = math.sqrt(spread[0] * spread[1] / n_cells) / spread[0] * width * 72 * 0.9
    return float(np.clip((0.88 * spacing) ** 2, 0.3, 120))


def _draw_map(ax: Axes, coords: np.ndarray, one: Map, colours: np.ndarray, size: float) -> None:
    ax.set_aspect("equal")
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)
    faint = one.labels is None
    ax.scatter(
        coords[:, 0],
        coords[:, 1],
        c="#f2f2f2" if faint else colours[one.labels],
        s=size,
        linewidths=0,
        rasterized=True,
    )
    ax.set_title(one.title, pad=14)
    if faint:
        ax.text(
            *(0.5, 0.5, _wrapped(one.note)),
            transform=ax.transAxes,
            ha="center",
            va="center",
            color=FAILED_TEXT,
        )
    else:
        ax.text(
            *(0.5, 1.01, one.note), transform=ax.transAxes, ha="center", va="bottom", color=QUIET
        )


def _wrapped(text: str) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, 24)[:6])


def _legend(
    figure: Figure, names: Sequence[str], colours: np.ndarray, columns: int, *, unlabelled: bool
) -> None:
    from matplotlib.lines import Line2D

    shown = list(zip(names, colours, strict=False))
    shown += [("no true label", UNLABELLED)] if unlabelled else []
    handles = [
        Line2D([], [], marker="o", ls="", color=colour, label=name) for name, colour in shown
    ]
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=min(len(handles), columns),
        handletextpad=0.1,
        columnspacing=1.2,
    )
