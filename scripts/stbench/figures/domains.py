"""True domains of a tissue beside the domains of each method, in matching colors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stbench.figures.positions import scale_bar
from stbench.figures.style import FAILED_TEXT, QUIET, UNLABELED, domain_colors, no_frame
from stbench.scoring.matching import match_labels

_WANTED_SHAPE = 2.0  # width over height of the whole figure
_PANEL_AREA = 5.0  # square inches of one map
_MIN_WIDTH = 1.8  # of a panel, so that its title fits
_BETWEEN_TITLES = 0.2
_MAX_WIDTH = 16.0
_LEGEND_ENTRY = 1.2  # inches


@dataclass(frozen=True)
class Map:
    """One panel.

    Attributes:
        title: first line above the map.
        labels: (n_cells,) integers from 0, -1 = not labeled; None where there are none.
        note: second line above the map; without labels, the reason.
    """

    title: str
    labels: np.ndarray | None
    note: str = ""


def domain_maps(
    coords: np.ndarray,
    maps: Sequence[Map],
    title: str,
    truth: np.ndarray | None = None,
    domain_names: Sequence[str] = (),
    *,
    together: int = 1,
    first_title: str = "Truth",
    unit: str = "",
) -> Figure:
    """Draw maps of one tissue side by side, all with the same scale and colors.

    Args:
        coords: (n_cells, 2) positions.
        maps: one panel per method.
        title: above the figure.
        truth: (n_cells,) codes of the true domains, -1 = not known; drawn once, first. The labels
            of the maps are matched to it. None: no truth.
        domain_names: names of the true domains, for the legend.
        together: number of consecutive maps that stay in the same row.
        first_title: of the first map; that of a consensus of methods, in place of a truth.
        unit: of the positions, for a scale bar below the first map.
    """
    import matplotlib.pyplot as plt

    first = []
    if truth is not None:
        first = [Map(first_title, truth, f"{len(domain_names)} domains")]
        maps = [replace(one, labels=_matched(truth, one.labels)) for one in maps]
    spread = np.maximum(np.ptp(coords, axis=0), 1e-12)
    width, of_map = map_size(coords)
    aspect = of_map / width
    panel, height = max(width, _MIN_WIDTH), of_map + 0.5
    columns = _columns(len(maps), len(first), together, panel / height)
    shrunk = min(1.0, _MAX_WIDTH / (columns * panel))
    panel, width = max(panel * shrunk, _MIN_WIDTH), width * shrunk
    grid = _rows(first, maps, columns, together)
    entries = len(domain_names) + 1 if truth is not None else 0
    legend_columns = max(1, int(columns * panel / _LEGEND_ENTRY))
    legend_height = 0.4 + 0.22 * math.ceil(entries / legend_columns)
    figure, axes = plt.subplots(
        len(grid),
        columns,
        figsize=(columns * panel, len(grid) * (width * aspect + 0.5) + legend_height),
        squeeze=False,
        layout="constrained",
    )
    shown = [one.labels for one in (*first, *maps) if one.labels is not None]
    n_domains = max((int(labels.max()) + 1 for labels in shown), default=1)
    colors = [*domain_colors(n_domains), UNLABELED]  # -1 takes the last
    size = marker_size(spread, len(coords), width)
    for i, row in enumerate(grid):
        for j, ax in enumerate(axes[i]):
            if j < len(row):
                draw_map(ax, coords, row[j], colors, size)
                _fit_title(ax, panel)
            else:
                ax.set_axis_off()
    scale_bar(axes[0, 0], coords, unit)
    figure.suptitle(f"{title}\n", fontweight="bold", x=0.01, ha="left", linespacing=0.6)
    if truth is not None:
        unlabeled = bool((truth < 0).any())
        domain_legend(figure, domain_names, colors, legend_columns, unlabeled=unlabeled)
    return figure


def map_size(coords: np.ndarray, area: float = _PANEL_AREA) -> tuple[float, float]:
    """Width and height in inches of a map with this area, for positions (n_cells, 2)."""
    spread = np.maximum(np.ptp(coords, axis=0), 1e-12)
    aspect = float(np.clip(spread[1] / spread[0], 0.2, 5))
    width = math.sqrt(area / aspect)
    return width, width * aspect


def _matched(truth: np.ndarray, labels: np.ndarray | None) -> np.ndarray | None:
    return None if labels is None else match_labels(truth, labels)


def _rows(
    first: Sequence[Map], maps: Sequence[Map], columns: int, together: int
) -> list[list[Map]]:
    """The maps of each row; groups of ``together`` maps stay in one row."""
    rows = [list(first)]
    for i in range(0, len(maps), together):
        group = list(maps[i : i + together])
        if rows[-1] and len(rows[-1]) + len(group) > columns:
            rows.append([])
        rows[-1] += group
    return rows


def _columns(maps: int, before: int, together: int, shape: float) -> int:
    """The number of columns for which the figure is closest to the wanted shape.

    Args:
        maps: number of maps; groups of ``together`` maps stay in one row.
        before: number of panels before them.
        shape: width over height of a panel.
    """
    panels = maps + before
    most = max(before + together, min(panels, int(_MAX_WIDTH / _MIN_WIDTH)))

    def off(columns: int) -> float:
        rows = math.ceil(panels / columns)
        empty = (rows * columns - panels) / columns
        return abs(math.log(columns * shape / rows / _WANTED_SHAPE)) + 0.3 * empty

    best = min(range(before + together, most + 1, together), key=off)
    return max(min(best, panels), 1)


def marker_size(spread: np.ndarray, n_cells: int, width: float) -> float:
    """Area in points^2 of dots that just touch if cells are spread evenly."""
    spacing = math.sqrt(spread[0] * spread[1] / n_cells) / spread[0] * width * 72 * 0.9
    return float(np.clip((0.88 * spacing) ** 2, 0.3, 120))


def draw_map(ax: Axes, coords: np.ndarray, one: Map, colors: Sequence[str], size: float) -> None:
    """Draw one panel: cells in the colors of their labels, or the reason why there are none."""
    ax.set_aspect("equal")
    no_frame(ax)
    labels = one.labels
    look: dict[str, Any] = {"s": size, "linewidths": 0, "rasterized": True}
    if labels is None:
        ax.scatter(*coords.T[:2], color="#f2f2f2", **look)
    else:
        # One call for each color: dots of one style are drawn many times faster than mixed ones.
        for label in np.unique(labels):
            ax.scatter(*coords[labels == label].T[:2], color=colors[label], **look)
    ax.set_title(one.title, pad=14)
    if labels is None:
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


def _fit_title(ax: Axes, width: float) -> None:
    """Reduce a title that is longer than its panel, in inches."""
    from matplotlib.textpath import TextPath

    font = ax.title.get_fontproperties()
    drawn = TextPath((0, 0), ax.get_title(), prop=font).get_extents().width / 72
    if drawn > width - _BETWEEN_TITLES:
        ax.title.set_fontsize(font.get_size_in_points() * (width - _BETWEEN_TITLES) / drawn)


def _wrapped(text: str) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, 24)[:6])


def domain_legend(
    figure: Figure, names: Sequence[str], colors: Sequence[str], columns: int, *, unlabeled: bool
) -> None:
    """Name the colors of the true domains below all panels."""
    from matplotlib.lines import Line2D

    shown = list(zip(names, colors, strict=False))
    shown += [("no true label", UNLABELED)] if unlabeled else []
    handles = [Line2D([], [], marker="o", ls="", color=color, label=name) for name, color in shown]
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=min(len(handles), columns),
        handletextpad=0.1,
        columnspacing=1.2,
    )
