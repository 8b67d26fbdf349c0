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
_LANE, _LEAST = 0.1, 0.2  # inches of a protocol, and of a method


def protocol_plot(rows: pd.DataFrame, titles: dict[str, str], title: str) -> Figure:
    """Draw the ARI of every training seed (small) and their mean (large) for each method.

    Methods are sorted by the mean of their last epoch, controls are below; a method takes as much
    room as it has protocols.

    Args:
        rows: results of one dataset, one clusterer, metric ARI.
        titles: display names of the methods to show, by id.
        title: above the figure.
    """
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    scored = rows.dropna(subset=["value"])
    final = scored[scored["protocol"] == "final"].groupby("method")["value"].mean()
    controls = set(rows.loc[rows["control"], "method"])
    methods = sorted(titles, key=lambda m: (m in controls, -final.get(m, -1.0)))
    shown = scored.groupby("method")["protocol"].agg(set).to_dict()
    heights = [max(_LEAST, _LANE * len(shown.get(m, ())) + 0.08) for m in methods]
    tops = [sum(heights[:i]) for i in range(len(heights))]
    total = sum(heights)
    figure, ax = plt.subplots(figsize=(6.8, 1.9 + total), layout="constrained")
    for i, (method, top, height) in enumerate(zip(methods, tops, heights, strict=True)):
        of_method = rows[rows["method"] == method]
        if i % 2 == 0:
            ax.axhspan(top, top + height, color="#f3f4f5", lw=0, zorder=0)
        if method in controls and i and methods[i - 1] not in controls:
            ax.axhline(top, color=QUIET, lw=0.8)
        lanes = [name for name in _MARKERS if name in shown.get(method, ())]
        for lane, protocol in enumerate(lanes):
            values = of_method.loc[of_method["protocol"] == protocol, "value"].dropna()
            look: dict[str, Any] = {
                "color": PROTOCOL_COLORS[protocol],
                "marker": _MARKERS[protocol],
                "ls": "",
            }
            y = top + height / 2 + _LANE * (lane - (len(lanes) - 1) / 2)
            ax.plot(values, [y] * len(values), ms=3, alpha=0.55, mew=0, **look)
            ax.plot(values.mean(), y, ms=6, mec="white", mew=0.5, zorder=3, **look)
        if not lanes:
            status = of_method["status"].iloc[0] if len(of_method) else "not run"
            ax.text(0.01, top + height / 2, status, color=FAILED_TEXT, va="center", fontsize=8)
    baseline = rows[(rows["method"] == BASELINE) & (rows["protocol"] == "final")]["value"].mean()
    if pd.notna(baseline):
        ax.axvline(baseline, color=QUIET, lw=0.9, ls="--", zorder=1)
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
    middles = [top + height / 2 for top, height in zip(tops, heights, strict=True)]
    ax.set_yticks(middles, [titles[method] for method in methods], fontsize=8.5)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(total, 0)
    lowest = rows["value"].min()
    ax.set_xlim(min(-0.05, lowest - 0.05) if pd.notna(lowest) else -0.05, 1.03)
    ax.set_xlabel("ARI (1: the true domains, 0: chance)")
    ax.grid(axis="x", color="#e5e5e5", lw=0.7)
    ax.set_axisbelow(True)
    ax.set_title(title, loc="left", fontweight="bold", pad=14)
    handles = [
        Line2D([], [], color=PROTOCOL_COLORS[p], marker=_MARKERS[p], ls="", label=_MEANING[p])
        for p in _MARKERS
        if rows.loc[rows["protocol"] == p, "value"].notna().any()
    ]
    figure.legend(handles=handles, loc="outside lower left", fontsize=8, ncols=1)
    return figure
