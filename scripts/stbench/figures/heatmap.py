"""A heat map of one score: methods by datasets, with means and the status of failed fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
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
_GAP = 0.3  # between kinds of tissues and between bands, in fields


def score_heatmap(
    table: pd.DataFrame,
    titles: Mapping[str, str],
    title: str,
    *,
    bands: Sequence[Sequence[str]],
    kinds: Mapping[str, str],
    oracle: pd.DataFrame | None = None,
    fixed: frozenset[str] = frozenset(),
) -> Figure:
    """Draw the means of a score table of one clusterer as colored fields with their numbers.

    The datasets of each kind of tissue are together; their mean follows, and the mean of the best
    epoch if any method has one. A mean of not all datasets is in brackets.

    Args:
        table: rows of one clusterer of ``stbench.results.aggregates.score_table``, one for each
            dataset and method.
        titles: display names of the methods, by id.
        title: above the figure.
        bands: the methods to show, from top to bottom; bands are drawn apart.
        kinds: the kind of tissue of each dataset.
        oracle: like ``table``, of the best epoch.
        fixed: methods that ignore their seed; they have no standard deviation.
    """
    import matplotlib.pyplot as plt

    bands = [band for band in bands if band]
    entries = table.set_index(["dataset", "method"])
    columns = _columns(table, kinds, oracle)
    places, width = _places([kind for kind, _ in columns])
    tops, height = _places([i for i, band in enumerate(bands) for _ in band])
    methods = [method for band in bands for method in band]
    longest = max(len(titles[method]) for method in methods)
    figure, ax = plt.subplots(
        figsize=(1.1 + 0.07 * longest + 0.62 * width, 1.6 + 0.3 * height), layout="constrained"
    )
    colors = ScalarMappable(cmap="viridis")
    colors.set_clim(0, 1)
    shown: set[str] = set()
    for y, method in zip(tops, methods, strict=True):
        for x, (kind, column) in zip(places, columns, strict=True):
            if column in (_MEAN, _BEST):
                source = table if column == _MEAN else oracle
                assert source is not None
                _write_mean(ax, x, y, _of_kind(source, kinds, kind, method), colors)
            elif (column, method) in entries.index:
                entry = entries.loc[(column, method)]
                entry = entry if method not in fixed else entry.where(entry.index != "sd")
                shown |= _write_entry(ax, x, y, entry, colors)
    for kind in dict.fromkeys(kind for kind, _ in columns):
        first = places[[k for k, _ in columns].index(kind)]
        ax.text(first, -0.25, kind, fontweight="bold", fontsize=8.5, va="bottom")
    ax.set_yticks([y + 0.5 for y in tops], [titles[method] for method in methods])
    ax.set_xticks([x + 0.5 for x in places], [column for _, column in columns])
    ax.tick_params(length=0)
    ax.tick_params(axis="x", rotation=35)
    for label in ax.get_xticklabels():
        label.set(ha="right", rotation_mode="anchor")
        label.set_fontweight("bold" if label.get_text() in (_MEAN, _BEST) else "normal")
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set(xlim=(-0.05, width), ylim=(height, -0.9))
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left", fontsize=10)
    legend = [
        Patch(facecolor=FAILURE_FACES[word], label=f"{word}: {meaning}")
        for word, meaning in _MEANING.items()
        if word in shown
    ]
    if legend:
        per_row = 1 if figure.get_figwidth() < 5 else 2 if figure.get_figwidth() < 8 else 3
        figure.legend(handles=legend, loc="outside lower left", ncols=per_row, fontsize=8)
    return figure


_MEAN, _BEST = "mean", "best epoch"


def _columns(
    table: pd.DataFrame, kinds: Mapping[str, str], oracle: pd.DataFrame | None
) -> list[tuple[str, str]]:
    """Kind of tissue and title of each column."""
    datasets = list(dict.fromkeys(table["dataset"]))
    columns = []
    for kind in dict.fromkeys(kinds[name] for name in datasets):
        here = [name for name in datasets if kinds[name] == kind]
        columns += [(kind, name) for name in here]
        columns += [(kind, _MEAN)] if len(here) > 1 else []
        if oracle is not None and oracle.loc[oracle["dataset"].isin(here), "mean"].notna().any():
            columns.append((kind, _BEST))
    return columns


def _places(groups: Sequence[Any]) -> tuple[list[float], float]:
    """Where fields begin, with a gap wherever the group changes, and where they end."""
    places, at = [], 0.0
    for i, group in enumerate(groups):
        at += _GAP if i and group != groups[i - 1] else 0.0
        places.append(at)
        at += 1.0
    return places, at


def _of_kind(table: pd.DataFrame, kinds: Mapping[str, str], kind: str, method: str) -> pd.Series:
    """The means of a method on the datasets of one kind of tissue."""
    here = (table["dataset"].map(kinds) == kind) & (table["method"] == method)
    return table.loc[here, "mean"]


def _write_mean(ax: Axes, x: float, y: float, means: pd.Series, colors: ScalarMappable) -> None:
    """The mean of the datasets; in brackets where some have no score."""
    if means.notna().any():
        text = f"{round(means.mean(), 2) + 0:.2f}"
        _field(ax, x, y, colors.to_rgba(means.mean()))
        text = text if means.notna().all() else f"({text})"
        color = "white" if means.mean() < 0.6 else "black"
        look: dict[str, Any] = {"ha": "center", "va": "center", "fontweight": "bold"}
        ax.text(x + 0.5, y + 0.5, text, color=color, fontsize=8, **look)


def _field(ax: Axes, x: float, y: float, color: Any) -> None:
    ax.add_patch(Rectangle((x, y), 1, 1, facecolor=color, edgecolor="white", lw=1.5))


def _write_entry(
    ax: Axes, x: float, y: float, entry: pd.Series, colors: ScalarMappable
) -> set[str]:
    """Write the number or the status into a field; return the statuses that were written."""
    center: dict[str, Any] = {"ha": "center", "va": "center"}
    words = [_SHORT.get(word, word) for word in str(entry["status"]).replace(",", " ").split()]
    statuses = {word for word in words if word in _MEANING}
    if np.isnan(entry["mean"]):
        word = _SHORT.get(entry["status"], entry["status"])
        _field(ax, x, y, FAILURE_FACES[next(name for name in words if name in _MEANING)])
        failed = statuses & set(FAILED)
        ax.text(
            *(x + 0.5, y + 0.5, word.replace(", ", "\n")),
            color=FAILED_TEXT if failed else QUIET,
            fontsize=8 if len(word) < 9 else 6.5,
            **center,
        )
        return statuses
    _field(ax, x, y, colors.to_rgba(entry["mean"]))
    color = "white" if entry["mean"] < 0.6 else "black"
    below = "" if np.isnan(entry["sd"]) else f"± {entry['sd']:.2f}"
    if not np.isnan(starts := sd_of_starts(entry)):
        below = f"(± {starts:.2f})"
    if entry["status"] != "ok":
        below = _counted(words)
    text = f"{round(entry['mean'], 2) + 0:.2f}"
    ax.text(x + 0.5, y + (0.35 if below else 0.5), text, color=color, fontsize=8.5, **center)
    ax.text(x + 0.5, y + 0.77, below, color=color, fontsize=6.5, **center)
    return statuses


def _counted(words: list[str]) -> str:
    """``["oom", "1/5"]`` as ``oom 1/5``; several kinds of failure are summed: ``3/5 failed``."""
    if len(words) <= 2:
        return " ".join(words)
    counts = [word.split("/") for word in words[1::2]]
    return f"{sum(int(failed) for failed, _ in counts)}/{counts[0][1]} failed"
