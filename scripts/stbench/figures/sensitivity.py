"""Effect of single changes on a method: a tornado of all changes, and lines over settings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from stbench.figures.style import GRID, INK, PROTOCOL_COLORS, QUIET

# Of STAGUE; the names of other settings are written as they are.
_NAMES = {
    "k": "reach of candidate edges",
    "a_k": "neighbors in the first cell graph",
    "adj_weight": "expression against distance",
    "maskfeat_rate_learner": "hidden features, learner",
    "maskfeat_rate_anchor": "hidden features, anchor",
    "margin": "margin of the triplet loss",
    "margin_weight": "weight of the triplet loss",
    "temperature": "temperature of the contrast",
    "tau": "share of the anchor kept",
    "gamma": "decay with distance",
    "lr": "learning rate",
}
_PUBLISHED = "#aa0000"


def readable(factor: str) -> str:
    """A setting in words, with its name in the configuration."""
    return f"{_NAMES[factor]} ({factor})" if factor in _NAMES else factor.replace("_", " ")


def tornado(changes: pd.DataFrame, title: str) -> Figure:
    """Change of the ARI for each variant of one method on one dataset, the largest on top.

    The name of a setting is followed by the method's own value, and by the published one where it
    differs.

    Args:
        changes: rows of the table ``sensitivity``.
        title: above the figure.
    """
    size = changes.groupby("factor")["change_final"].agg(lambda values: values.abs().max())
    factors = list(size.sort_values(ascending=False, na_position="last").index)
    height = 0.22 * len(changes) + 0.12 * len(factors) + 1.4
    figure, axis = plt.subplots(figsize=(7.6, height), layout="constrained")
    place, ticks = 0.0, []
    for factor in factors:
        rows = changes[changes["factor"] == factor].sort_values("value")
        ticks.append(place + (len(rows) - 1) / 2)
        for row in rows.itertuples():
            _bar(axis, row, place)
            place += 1
        place += 0.5
    axis.axvline(0, color=INK, lw=0.8)
    labels = [_with_values(changes[changes["factor"] == factor].iloc[0]) for factor in factors]
    axis.set_yticks(ticks, labels, fontsize=8)
    axis.tick_params(axis="y", length=0)
    axis.invert_yaxis()
    axis.margins(x=0.12, y=0.01)
    axis.grid(axis="x", color=GRID, lw=0.7)
    axis.set_xlabel("change of the ARI")
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left", fontsize=10)
    starred = changes.loc[_is_published(changes), "change_final"].notna().any()
    figure.legend(*_key(starred=bool(starred)), loc="outside lower left", ncols=3, fontsize=8)
    return figure


def _with_values(row: pd.Series) -> str:
    """The setting with the method's own and the published value."""
    name, own, published = readable(row["factor"]), row["unchanged"], row["published"]
    if np.isnan(own):
        return name
    same = np.isnan(published) or published == own
    return f"{name}\nown {own:g}" + ("" if same else f", published {published:g}")


def _is_published(changes: pd.DataFrame) -> pd.Series:
    return changes["value"] == changes["published"]


def _bar(axis: Axes, row: Any, place: float) -> None:
    """One variant: a bar for the last epoch, a dot for the best epoch."""
    if np.isnan(row.change_final):
        axis.annotate(
            str(row.status),
            (0, place),
            (3, 0),
            textcoords="offset points",
            color=QUIET,
            va="center",
            fontsize=7.5,
        )
        return
    axis.barh(place, row.change_final, height=0.8, color=PROTOCOL_COLORS["final"])
    axis.plot(
        row.change_oracle, place, "o", ms=4, mec="white", mew=0.5, color=PROTOCOL_COLORS["oracle"]
    )
    if np.isnan(row.value):
        return
    ends = [end for end in (0.0, row.change_final, row.change_oracle) if not np.isnan(end)]
    right = row.change_final >= 0
    published = row.value == row.published
    axis.annotate(
        f"{row.value:g}" + (" *" if published else ""),
        (max(ends) if right else min(ends), place),
        (5 if right else -5, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        fontsize=7.5,
        color=_PUBLISHED if published else INK,
        fontweight="bold" if published else "normal",
    )


def _key(*, starred: bool) -> tuple[list[Artist], list[str]]:
    bar = Patch(color=PROTOCOL_COLORS["final"])
    dot = Line2D([], [], color=PROTOCOL_COLORS["oracle"], marker="o", ls="")
    handles: list[Artist] = [bar, dot]
    words = ["last epoch (final)", "best epoch (oracle)"]
    if starred:
        handles.append(Line2D([], [], color=_PUBLISHED, marker="*", ls=""))
        words.append("published value")
    return handles, words


def setting_lines(changes: pd.DataFrame, unchanged: dict[str, float], title: str) -> Figure | None:
    """Final and oracle ARI over each numeric setting, one dataset; None if none was varied.

    The tested values are placed at even distances, because they span decades.

    Args:
        changes: rows of the table ``sensitivity``.
        unchanged: the ARI of the method itself, by protocol.
        title: above the panels.
    """
    varied = changes.dropna(subset=["value"])
    factors = list(dict.fromkeys(varied["factor"]))
    if not factors:
        return None
    columns = min(3, len(factors))
    rows = -(-len(factors) // columns)
    size = (max(2.5 * columns, 4.6) + 0.6, 2.0 * rows + 0.9)
    figure, axes = plt.subplots(
        rows, columns, figsize=size, sharey=True, squeeze=False, layout="constrained"
    )
    marked = False
    for axis, factor in zip(axes.flat, factors, strict=False):
        of_factor = varied[varied["factor"] == factor]
        own, published = of_factor[["unchanged", "published"]].iloc[0]
        values = sorted({*of_factor["value"], *([] if np.isnan(own) else [own])})
        for protocol in ("oracle", "final"):
            points = dict(zip(of_factor["value"], of_factor[f"ARI_{protocol}"], strict=True))
            points |= {} if np.isnan(own) else {own: unchanged[protocol]}
            line = [points[value] for value in values]
            style = {"marker": "o", "ms": 3, "color": PROTOCOL_COLORS[protocol], "label": protocol}
            axis.plot(range(len(values)), line, **style)
        axis.set_xticks(range(len(values)), [f"{value:g}" for value in values])
        if own in values:
            axis.axvline(values.index(own), color=QUIET, lw=0.8, ls=":", zorder=0)
        if published in values:
            marked = True
            place = values.index(published)
            axis.axvline(place, color=_PUBLISHED, lw=0.8, zorder=0)
            axis.get_xticklabels()[place].set(color=_PUBLISHED, fontweight="bold")
        axis.grid(axis="y", color=GRID, lw=0.7)
        untested = not np.isnan(published) and published not in values
        words = f", published {published:g}" if untested else ""
        axis.set_title(readable(factor).replace(" (", "\n(") + words, fontsize=8)
    for axis in list(axes.flat)[len(factors) :]:
        axis.remove()
    for row in axes:
        row[0].set_ylabel("ARI")
    handles = [
        Line2D([], [], marker="o", ms=3, color=PROTOCOL_COLORS["final"], label="last epoch"),
        Line2D([], [], marker="o", ms=3, color=PROTOCOL_COLORS["oracle"], label="best epoch"),
        Line2D([], [], color=QUIET, lw=0.8, ls=":", label="own value"),
    ]
    if marked:
        handles.append(Line2D([], [], color=_PUBLISHED, lw=0.8, label="published value"))
    figure.legend(handles=handles, loc="outside lower left", ncols=4, fontsize=8)
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left", fontsize=10)
    return figure
