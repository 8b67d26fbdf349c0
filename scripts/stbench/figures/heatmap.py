"""A heat map of one score: datasets by methods, failures by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from stbench.figures.style import FAILED_FACE, FAILED_TEXT, QUIET
from stbench.tables import FAILED

_SHORT = {"not_applicable": "n/a"}
_MEANING = {
    "error": "the method stopped with an error",
    "oom": "out of memory",
    "timeout": "out of time",
    "nan": "not finite",
    "killed": "died",
    "n/a": "not defined or not available",
}


def score_heatmap(table: pd.DataFrame, titles: dict[str, str], title: str) -> Figure:
    """Draw the means of a score table of one clusterer as coloured cells with their numbers.

    Args:
        table: rows of one clusterer of ``stbench.tables.score_table``; one per dataset and method.
        titles: method ids to be shown, in order, with what to call them.
        title: above the picture.
    """
    import matplotlib.pyplot as plt
    import seaborn as sns

    datasets = list(dict.fromkeys(table["dataset"]))
    cells = table.set_index(["dataset", "method"])
    means = cells["mean"].unstack("method").reindex(index=datasets, columns=list(titles))
    figure, ax = plt.subplots(
        figsize=(2.2 + 0.95 * len(titles), 1.3 + 0.55 * len(datasets)), layout="constrained"
    )
    sns.heatmap(
        means.astype(float),
        ax=ax,
        vmin=0,
        vmax=1,
        cmap="viridis",
        linewidths=1.5,
        linecolor="white",
        cbar_kws={"label": "ARI", "shrink": 0.8, "pad": 0.02},
    )
    shown: set[str] = set()
    for y, dataset in enumerate(datasets):
        for x, method in enumerate(titles):
            if (dataset, method) in cells.index:
                shown |= _write_cell(ax, x, y, cells.loc[(dataset, method)])
    ax.set_xticklabels(list(titles.values()), rotation=35, ha="right", rotation_mode="anchor")
    ax.set_yticklabels(datasets, rotation=0)
    ax.tick_params(length=0)
    ax.set(xlabel="", ylabel="")
    ax.set_title(title, loc="left", fontweight="bold")
    legend = [
        Patch(facecolor=FAILED_FACE, label=f"{word}: {_MEANING[word]}")
        for word in _MEANING
        if word in shown
    ]
    if legend:
        figure.legend(handles=legend, loc="outside lower left", ncols=3, fontsize=8)
    return figure


def _write_cell(ax: Axes, x: int, y: int, cell: pd.Series) -> set[str]:
    """Write the number, or the status, into a cell; which statuses were written."""
    centre: dict[str, Any] = {"ha": "center", "va": "center"}
    failures = {word for word in FAILED if word in cell["status"].split()}
    if np.isnan(cell["mean"]):
        word = _SHORT.get(cell["status"], cell["status"])
        ax.add_patch(Rectangle((x, y), 1, 1, facecolor=FAILED_FACE, edgecolor="white", lw=1.5))
        colour = QUIET if word == "n/a" else FAILED_TEXT
        ax.text(x + 0.5, y + 0.5, word.replace(", ", "\n"), color=colour, fontsize=8, **centre)
        return failures or {word}
    colour = "white" if cell["mean"] < 0.6 else "black"
    lines = [] if np.isnan(cell["sd"]) else [f"± {cell['sd']:.2f}"]
    lines += [] if cell["status"] == "ok" else [_SHORT.get(cell["status"], cell["status"])]
    ax.text(
        x + 0.5,
        y + (0.36 if lines else 0.5),
        f"{round(cell['mean'], 2) + 0:.2f}",
        color=colour,
        **centre,
    )
    ax.text(x + 0.5, y + 0.74, "  ".join(lines), color=colour, fontsize=6.5, **centre)
    return failures
