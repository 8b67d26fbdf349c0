"""ARI under each protocol."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from stbench.figures.style import FAILED_TEXT, PROTOCOL_COLORS, QUIET
from stbench.results.aggregates import BASELINE

_MARKERS = {
    "oracle": "^",
    "oracle_reclustered": "v",
    "final": "o",
    "selected": "D",
    "consensus": "P",
    "untrained": "s",
}
_MEANING = {
    "oracle": "oracle: the epoch chosen by the true labels",
    "oracle_reclustered": "oracle, re-clustered: by starts of k-means that did not choose it",
    "final": "final: the last epoch",
    "selected": "selected: the epoch whose domains the data separate best",
    "consensus": "consensus: of all training seeds",
    "untrained": "untrained: before the first training step",
}
_OFFSETS = {name: 0.14 * place - 0.35 for place, name in enumerate(_MARKERS)}


def protocol_plot(rows: pd.DataFrame, titles: dict[str, str], title: str) -> Figure:
    """Draw the ARI of every training seed (small) and their mean (large) for each method.

    Args:
        rows: results of one dataset, one clusterer, metric ARI.
        titles: display names of the methods to show, by id, from top to bottom.
        title: above the figure.
    """
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    figure, ax = plt.subplots(figsize=(6.4, 1.5 + 0.6 * len(titles)), layout="constrained")
    for y, method in enumerate(titles):
        of_method = rows[rows["method"] == method]
        for protocol, offset in _OFFSETS.items():
            values = of_method.loc[of_method["protocol"] == protocol, "value"].dropna()
            look: dict[str, Any] = {
                "color": PROTOCOL_COLORS[protocol],
                "marker": _MARKERS[protocol],
                "ls": "",
            }
            height = y + offset
            ax.plot(values, [height] * len(values), ms=3.5, alpha=0.55, mew=0, **look)
            if len(values):
                ax.plot(values.mean(), height, ms=8, mec="white", mew=0.8, zorder=3, **look)
        if of_method["value"].isna().all():
            status = of_method["status"].iloc[0] if len(of_method) else "not run"
            ax.text(0.01, y, status, color=FAILED_TEXT, va="center")
    baseline = rows[(rows["method"] == BASELINE) & (rows["protocol"] == "final")]["value"].mean()
    if pd.notna(baseline):
        ax.axvline(baseline, color=QUIET, lw=0.9, ls="--", zorder=0)
        ax.annotate(
            titles.get(BASELINE, BASELINE),
            (baseline, 1),
            xycoords=("data", "axes fraction"),
            xytext=(3, 1),
            textcoords="offset points",
            fontsize=7.5,
            color=QUIET,
            va="bottom",
        )
    ax.set_yticks(range(len(titles)), list(titles.values()))
    ax.set_ylim(len(titles) - 0.5, -0.5)
    lowest = rows["value"].min()
    ax.set_xlim(min(-0.05, lowest - 0.05) if pd.notna(lowest) else -0.05, 1.03)
    ax.set_xlabel("ARI (1: the true domains, 0: chance)")
    ax.grid(axis="x", color="#e5e5e5", lw=0.7)
    ax.set_axisbelow(True)
    ax.set_title(title, loc="left", fontweight="bold", pad=14)
    handles = [
        Line2D([], [], color=PROTOCOL_COLORS[p], marker=_MARKERS[p], ls="", label=_MEANING[p])
        for p in _OFFSETS
        if rows.loc[rows["protocol"] == p, "value"].notna().any()
    ]
    figure.legend(handles=handles, loc="outside lower left", fontsize=8, ncols=1)
    return figure
