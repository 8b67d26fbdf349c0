"""The gap from the last to the best epoch, which is chosen by the true labels."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from stbench.figures.style import GRID, PROTOCOL_COLORS, QUIET, label_rows, legend_below, quick_dot


def gap_dumbbells(pairs: pd.DataFrame, titles: dict[str, str], title: str) -> Figure:
    """Draw the means of both protocols over datasets (large) and each dataset (small).

    Args:
        pairs: one row per dataset and method that has both: dataset, method, oracle, final, and
            oracle_reclustered (NaN: unknown).
        titles: display names of the methods, by id; those without a row are skipped.
        title: above the figure.
    """
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    means = pairs.groupby("method")[["oracle", "oracle_reclustered", "final"]].mean()
    gaps = (means["oracle"] - means["final"]).reindex([m for m in titles if m in means.index])
    methods = gaps.sort_values(ascending=False, kind="stable").index
    figure, ax = plt.subplots(figsize=(6.6, 1.2 + 0.32 * len(methods)), layout="constrained")
    for y, method in enumerate(methods):
        of_method, mean = pairs[pairs["method"] == method], means.loc[method]
        ends = [mean["final"], mean["oracle"]]
        ax.plot(ends, [y, y], color="#bbbbbb", lw=3, zorder=1, solid_capstyle="butt")
        for protocol in ("final", "oracle"):
            color = PROTOCOL_COLORS[protocol]
            ax.plot(
                of_method[protocol], [y] * len(of_method), "o", ms=3, mew=0, alpha=0.45, color=color
            )
            ax.plot(mean[protocol], y, "o", ms=8, mec="white", mew=0.8, zorder=3, color=color)
        color = PROTOCOL_COLORS["oracle_reclustered"]
        ax.plot(mean["oracle_reclustered"], y, "|", ms=12, mew=2, zorder=4, color=color)
        ax.annotate(
            *(f"{gaps[method]:+.2f}", (1.01, y)),
            xycoords=("axes fraction", "data"),
            color=QUIET,
            va="center",
        )
    label_rows(ax, [titles[method] for method in methods])
    ax.set_xlim(min(-0.05, pairs["final"].min() - 0.05), 1.03)
    ax.set_xlabel("ARI (1: the true domains, 0: chance)")
    ax.grid(axis="x", color=GRID, lw=0.7)
    ax.set_title(title, loc="left", fontweight="bold")
    handles = [
        quick_dot(PROTOCOL_COLORS["oracle"], "oracle: the epoch chosen by the true labels"),
        Line2D([], [], marker="|", ls="", ms=9, mew=2, label="re-clustered", color=color),
        quick_dot(PROTOCOL_COLORS["final"], "final: the last epoch"),
    ]
    legend_below(figure, handles)
    return figure
