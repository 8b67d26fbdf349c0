"""Costs of a fit as bars, for datasets of similar sizes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from stbench.figures.scaling import short_number
from stbench.figures.style import GRID, INK, SERIES, legend_below, quick_dot

WIDE = 10.0
_APART = 0.6  # between bands, in rows


def cost_bars(
    costs: pd.DataFrame,
    titles: Mapping[str, str],
    quantity: str,
    title: str,
    bands: Sequence[Sequence[str]],
) -> Figure:
    """Draw the median of the fits of each method, the cheapest of each band on top.

    A line spans all fits. The axis is logarithmic if the largest value is ``WIDE`` times the
    smallest or more.

    Args:
        costs: one row per fit: method, value (positive), series (one of ``SERIES``).
        titles: display names of the methods, by id.
        quantity: of the axis, with its unit.
        title: above the figure.
        bands: the methods to show, those without a row are skipped; bands are drawn apart.
    """
    import matplotlib.pyplot as plt

    medians = costs.groupby(["method", "series"])["value"].agg(["median", "min", "max"])
    of_method = medians["median"].groupby("method").max()
    rows: dict[str, float] = {}
    for band in bands:
        order = of_method.reindex([m for m in band if m in of_method.index])
        first = max(rows.values()) + 1 + _APART if rows else 0.0
        names = order.sort_values(kind="stable").index
        rows |= {str(method): first + i for i, method in enumerate(names)}
    bottom = max(rows.values())
    figure, ax = plt.subplots(figsize=(6.4, 1.3 + 0.22 * (bottom + 1)), layout="constrained")
    shown = [name for name in SERIES if name in set(costs["series"])]
    low, high = costs["value"].min(), costs["value"].max()
    wide = bool(high >= WIDE * low)
    begin = low / 1.5 if wide else 0.0
    for i, series in enumerate(shown):
        height = 0.74 / len(shown)
        for method, row in rows.items():
            if (method, series) not in medians.index:
                continue
            one, y = medians.loc[(method, series)], row + height * (i - (len(shown) - 1) / 2)
            ax.barh(y, one["median"] - begin, 0.9 * height, left=begin, color=SERIES[series][0])
            ax.plot([one["min"], one["max"]], [y, y], color=INK, lw=1)
            text = short_number(float(f"{one['median']:.2g}"))
            ax.annotate(
                *(text, (one["max"], y)),
                xytext=(4, 0),
                textcoords="offset points",
                fontsize=7.5,
                va="center",
            )
    if wide:
        ax.set_xscale("log")
        ax.set_xlim(begin, high * (high / begin) ** 0.09)
        decades = math.log10(high / begin)
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if decades < 2 else (1.0,)))
        ax.xaxis.set_minor_formatter(NullFormatter())
    else:
        ax.set_xlim(0, 1.1 * high)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short_number(value)))
    ax.set_yticks(list(rows.values()), [titles[method] for method in rows])
    ax.set_ylim(bottom + 0.6, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(f"{quantity} (logarithmic)" if wide else quantity)
    ax.grid(axis="x", color=GRID, lw=0.7)
    ax.set_title(title, loc="left", fontweight="bold")
    if len(shown) > 1:
        legend_below(figure, [quick_dot(SERIES[name][0], name, "s") for name in shown])
    return figure
