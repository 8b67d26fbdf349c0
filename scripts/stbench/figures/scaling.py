"""Costs of a fit against the number of cells on logarithmic axes, and how fast they grow."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from stbench.figures.style import GRID, QUIET, SERIES, legend_below, quick_dot

SIZES_TO_FIT = 3  # different numbers of cells, the largest at least twice the smallest:
SPAN_TO_FIT = 2.0  # with a smaller span a slope is mostly noise
_COLUMNS = 6
_PANEL = 1.75  # width of a panel in inches
_WIDE_LETTER = 0.68  # width of a letter of a title, of its height
_NO_EXPONENT = ": no exponent"


def sizes_differ(cells: np.ndarray) -> bool:
    """Whether numbers of cells (n,) are enough, and different enough, for an exponent."""
    sizes = np.unique(cells)
    return len(sizes) >= SIZES_TO_FIT and bool(sizes[-1] >= SPAN_TO_FIT * sizes[0])


def exponent(cells: np.ndarray, values: np.ndarray) -> tuple[float, float] | None:
    """The power law ``value = factor * cells ** slope`` through the medians of every size.

    Least squares on logarithms, every size with the same weight.

    Args:
        cells, values: (n,) positive numbers of single fits.

    Returns:
        ``slope`` and ``factor``; None if the sizes are too few or too similar.
    """
    if not sizes_differ(cells):
        return None
    medians = pd.Series(values).groupby(np.asarray(cells)).median()
    slope, level = np.polyfit(np.log(medians.index.to_numpy(float)), np.log(medians), 1)
    return float(slope), math.exp(level)


def scaling_panels(
    costs: pd.DataFrame, titles: dict[str, str], quantity: str, title: str
) -> Figure:
    """Draw one panel per method: its fits, its line, and in pale gray the lines of all others.

    Args:
        costs: one row per fit: method, cells, value (positive), series (one of ``SERIES``).
        titles: display names of the methods, by id; those without a row are listed below.
        quantity: of the value axis, with its unit.
        title: above the panels.
    """
    import matplotlib.pyplot as plt

    shown = [method for method in titles if method in set(costs["method"])]
    columns = min(_COLUMNS, max(3, math.ceil(math.sqrt(len(shown)))), len(shown))
    rows = math.ceil(len(shown) / columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(0.8 + _PANEL * columns, 1.1 + 1.65 * rows),
        squeeze=False,
        sharex=True,
        sharey=True,
        layout="constrained",
    )
    fits = {key: _fit(of_method) for key, of_method in costs.groupby(["method", "series"])}
    for ax, method in zip(axes.flat, shown, strict=False):
        for (other, _), line in fits.items():
            if other != method and line is not None:
                ax.plot(line[0], line[1], color="#e0e0e0", lw=0.8)
        of_method = costs[costs["method"] == method]
        notes = [_draw_series(ax, name, part) for name, part in _series(of_method)]
        if len(notes) > 1:
            notes = [
                f"{name} {note}" for (name, _), note in zip(_series(of_method), notes, strict=True)
            ]
            notes = [note.removesuffix(_NO_EXPONENT) for note in notes]
        fitting = 72 * _PANEL / (_WIDE_LETTER * max(len(titles[method]), 1))
        size = float(np.clip(fitting, 6.5, 8.5))
        ax.set_title(titles[method], fontsize=size, fontweight="bold", pad=14)
        ax.text(
            *(0.5, 1.02, ", ".join(notes)),
            transform=ax.transAxes,
            ha="center",
            va="bottom",
            fontsize=7.5,
            color=QUIET,
            parse_math=True,
        )
        _logarithmic(ax, costs)
    for ax in axes.flat[len(shown) :]:
        ax.set_axis_off()
    for i, ax in enumerate(axes.flat[: len(shown)]):
        if i + columns >= len(shown):
            ax.tick_params(axis="x", labelbottom=True)
            ax.set_xlabel("cells", fontsize=8)
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left", fontsize=10)
    figure.supylabel(quantity, fontsize=9)
    unfitted = [name for method, name in titles.items() if method not in shown]
    handles = [quick_dot(SERIES[name][0], name, SERIES[name][1]) for name, _ in _series(costs)]
    note = f"no completed fit: {', '.join(unfitted)}" if unfitted else ""
    legend_below(figure, handles, note)
    return figure


def _series(costs: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [
        (name, costs[costs["series"] == name]) for name in SERIES if (costs["series"] == name).any()
    ]


def _draw_series(ax: Axes, name: str, of_method: pd.DataFrame) -> str:
    """Draw points and line; return the note on the exponent."""
    color, marker = SERIES[name]
    ax.plot(
        of_method["cells"],
        of_method["value"],
        marker,
        ms=4,
        mew=0,
        alpha=0.7,
        color=color,
        zorder=3,
    )
    line = _fit(of_method)
    if line is None:
        sizes = of_method["cells"].nunique()
        reason = (
            "sizes too similar" if sizes >= SIZES_TO_FIT else f"{sizes} size{'s' * (sizes != 1)}"
        )
        return reason + _NO_EXPONENT
    ax.plot(line[0], line[1], color=color, lw=1.3, zorder=2)
    return f"~ cells$^{{{line[2]:.2f}}}$"


def _fit(of_method: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, float] | None:
    """Ends of the fitted line and its slope."""
    fitted = exponent(of_method["cells"].to_numpy(), of_method["value"].to_numpy())
    if fitted is None:
        return None
    slope, factor = fitted
    ends = np.array([of_method["cells"].min(), of_method["cells"].max()], dtype=float)
    return ends, factor * ends**slope, slope


def _logarithmic(ax: Axes, costs: pd.DataFrame) -> None:
    ax.set(xscale="log", yscale="log")
    for axis, values in ((ax.xaxis, costs["cells"]), (ax.yaxis, costs["value"])):
        decades = math.log10(values.max() / values.min())
        subs = (1.0, 2.0, 5.0) if decades < 1.6 else (1.0,)
        axis.set_major_locator(LogLocator(subs=subs, numticks=8))
        axis.set_minor_formatter(NullFormatter())
        axis.set_major_formatter(FuncFormatter(lambda value, _: short_number(value)))
    ax.set_xlim(costs["cells"].min() / 1.3, costs["cells"].max() * 1.3)
    ax.tick_params(labelsize=7)
    ax.grid(color=GRID, lw=0.6)
    ax.set_axisbelow(True)


def short_number(value: float) -> str:
    """0.5, 20, 1k, 100k, 2M."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
