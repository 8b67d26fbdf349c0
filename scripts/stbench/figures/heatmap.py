"""A heat map of one score: methods by datasets, with the status of failed fits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from stbench.common.constants import FAILED
from stbench.figures.style import FAILED_TEXT, FAILURE_FACES, QUIET
from stbench.results.formatting import sd_of_starts

_SHORT = {"not_applicable": "n/a"}
_MEANING = {
    "oom": "out of memory",
    "timeout": "time limit exceeded",
    "error": "stopped with an error",
    "nan": "values that are not finite",
    "killed": "process was killed",
    "n/a": "not defined or not available",
}


def score_heatmap(table: pd.DataFrame, titles: dict[str, str], title: str) -> Figure:
    """Draw the means of a score table of one clusterer as colored squares with their numbers.

    Args:
        table: rows of one clusterer of ``stbench.results.aggregates.score_table``, one for each
            dataset and method.
        titles: display names of the methods to show, by id, from top to bottom.
        title: above the figure.
    """
    import matplotlib.pyplot as plt

    datasets = list(dict.fromkeys(table["dataset"]))
    entries = table.set_index(["dataset", "method"])
    means = entries["mean"].unstack("dataset").reindex(index=list(titles), columns=datasets)
    longest = max(map(len, titles.values()))
    figure, ax = plt.subplots(
        figsize=(1.4 + 0.07 * longest + 0.72 * len(datasets), 1.5 + 0.36 * len(titles)),
        layout="constrained",
    )
    mesh = ax.pcolormesh(
        np.ma.masked_invalid(means.to_numpy(dtype=float)),
        vmin=0,
        vmax=1,
        cmap="viridis",
        edgecolors="white",
        linewidth=1.5,
    )
    figure.colorbar(mesh, ax=ax, label="ARI", shrink=0.8, pad=0.02, aspect=30)
    shown: set[str] = set()
    for y, method in enumerate(titles):
        for x, dataset in enumerate(datasets):
            if (dataset, method) in entries.index:
                shown |= _write_entry(ax, x, y, entries.loc[(dataset, method)])
    ax.set_yticks(np.arange(len(titles)) + 0.5, list(titles.values()))
    ax.set_xticks(np.arange(len(datasets)) + 0.5, datasets)
    ax.tick_params(length=0)
    ax.tick_params(axis="x", rotation=35)
    for label in ax.get_xticklabels():
        label.set(ha="right", rotation_mode="anchor")
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_ylim(len(titles), 0)
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left", fontsize=10)
    legend = [
        Patch(facecolor=FAILURE_FACES[word], label=f"{word}: {meaning}")
        for word, meaning in _MEANING.items()
        if word in shown
    ]
    if legend:
        columns = 1 if figure.get_figwidth() < 5 else 2 if figure.get_figwidth() < 8 else 3
        figure.legend(handles=legend, loc="outside lower left", ncols=columns, fontsize=8)
    return figure


def _write_entry(ax: Axes, x: int, y: int, entry: pd.Series) -> set[str]:
    """Write the number or the status into a square; return the statuses that were written."""
    center: dict[str, Any] = {"ha": "center", "va": "center"}
    words = [_SHORT.get(word, word) for word in str(entry["status"]).replace(",", " ").split()]
    statuses = {word for word in words if word in _MEANING}
    if np.isnan(entry["mean"]):
        word = _SHORT.get(entry["status"], entry["status"])
        face = FAILURE_FACES[next(name for name in words if name in _MEANING)]
        ax.add_patch(Rectangle((x, y), 1, 1, facecolor=face, edgecolor="white", lw=1.5))
        failed = statuses & set(FAILED)
        ax.text(
            *(x + 0.5, y + 0.5, word.replace(", ", "\n")),
            color=FAILED_TEXT if failed else QUIET,
            fontsize=8 if len(word) < 9 else 6,
            **center,
        )
        return statuses
    color = "white" if entry["mean"] < 0.6 else "black"
    below = "" if np.isnan(entry["sd"]) else f"± {entry['sd']:.2f}"
    if not np.isnan(starts := sd_of_starts(entry)):
        below = f"(± {starts:.2f})"
    if entry["status"] != "ok":
        below = _counted(words)
    text = f"{round(entry['mean'], 2) + 0:.2f}"
    ax.text(x + 0.5, y + (0.36 if below else 0.5), text, color=color, **center)
    ax.text(x + 0.5, y + 0.76, below, color=color, fontsize=6, **center)
    return statuses


def _counted(words: list[str]) -> str:
    """``["oom", "1/5"]`` as ``oom 1/5``; several kinds of failure are summed: ``3/5 failed``."""
    if len(words) <= 2:
        return " ".join(words)
    counts = [word.split("/") for word in words[1::2]]
    return f"{sum(int(failed) for failed, _ in counts)}/{counts[0][1]} failed"
