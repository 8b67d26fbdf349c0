"""The overview: a row for each method, a column for each kind of result."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from stbench.config.tissues import REAL, SEMI_SYNTHETIC, SIMULATED
from stbench.figures.method_style import method_styles
from stbench.figures.style import INK, QUIET
from stbench.results.formatting import duration, megabytes, number

ROW = 0.19  # inches, like all lengths here
_NAMES, _RANKS, _BAR, _CIRCLE, _COST, _FACT = 1.7, 1.1, 0.66, 0.44, 0.5, 0.4
_ACCURACY = 1.0  # of the bars of all kinds of tissues together, at least
_GAP, _EDGE, _HEAD, _BAND = 0.13, 0.05, 0.9, 0.26
_SLANTED = 0.4  # right of the last column, for its title
_LETTER, _LETTER_OF_NAME = 0.052, 0.056  # width of one, in small text and in a name
_TEXT, _SMALL = 7.5, 6.5  # points
_LARGEST = 0.155  # diameter of a circle
WIDEST_SPREAD = 0.25  # of ARI; the circle of this or a larger one is a point
_STRIPE, _EMPTY = "#f3f4f5", "#d9dce0"
_OTHERS = "Other controls"
_KINDS = {REAL: "real", SEMI_SYNTHETIC: "semi-synthetic", SIMULATED: "simulated"}
_STABILITY = {"seeds": "training seeds", "clusterers": "clusterers", "starts": "starts of k-means"}
_LOSSES = {
    "lost_counts": "fewer counts",
    "lost_cells": "fewer cells",
    "lost_dropout": "dropout",
    "lost_jitter": "moved cells",
}
_FACTS = {"shared": "main packages", "deterministic": "deterministic", "cpu": "no GPU requested"}


@dataclass(frozen=True)
class _Column:
    """A column: ``draw(ax, row, left edge, height)`` draws one entry."""

    title: str
    width: float
    draw: Callable[[Axes, pd.Series, float, float], None]


@dataclass
class _Group:
    title: str
    color: str
    columns: list[_Column] = field(default_factory=list)


def overview_figure(board: pd.DataFrame, titles: Mapping[str, str], title: str) -> Figure:
    """Draw one page. Columns without any value are left out.

    Args:
        board: of ``stbench.ranking.overview.overview``, at least one row; and the columns of
            ``stbench.ranking.overview.losses`` and ``usability``, if known.
        titles: display names of the methods, by id.
        title: above the figure.
    """
    import matplotlib.pyplot as plt

    groups = [group for group in _groups(board) if group.columns]
    names = {m: titles.get(str(m), str(m)) + _incomplete(row) for m, row in board.iterrows()}
    starts, left = {}, max(_NAMES, _LETTER_OF_NAME * max(map(len, names.values())))
    for group in groups:
        left += _GAP
        for column in group.columns:
            starts[group.title, column.title] = left
            left += column.width
    width = left + _SLANTED
    lines = _joined(_explained(board, groups), int(width / _LETTER))
    bands = [(name, part) for name, part in _bands(board) if len(part)]
    height = _HEAD + 0.25 + sum(_BAND + ROW * len(part) for _, part in bands)
    height += 0.16 * len(lines) + 0.1
    figure = plt.figure(figsize=(width, height))
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(-_EDGE, width - _EDGE), ylim=(height, 0))
    ax.set_axis_off()
    ax.text(0, 0.14, title, fontsize=10, fontweight="bold", va="center")
    for group in groups:
        _head(ax, group, starts)
    y = _HEAD + 0.25
    for name, part in bands:
        ax.text(0, y + 0.55 * _BAND, name, fontsize=_TEXT, fontweight="bold", va="center")
        y += _BAND
        if name != _OTHERS:
            _reference(ax, board, groups, starts, y, len(part))
        for i, (method, row) in enumerate(part.iterrows()):
            middle = y + (i + 0.5) * ROW
            if i % 2 == 0:
                stripe = Rectangle((0, middle - ROW / 2), left, ROW, fc=_STRIPE, lw=0, zorder=0)
                ax.add_patch(stripe)
            ax.text(0.04, middle, names[method], fontsize=_TEXT, va="center_baseline")
            for group in groups:
                for column in group.columns:
                    column.draw(ax, row, starts[group.title, column.title], middle)
        y += ROW * len(part)
    for i, line in enumerate(lines):
        ax.text(0, y + 0.17 + 0.16 * i, line, fontsize=_SMALL, color=QUIET, va="center")
    return figure


def _bands(board: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    ranked, control = board["ranked"].astype(bool), board["control"].astype(bool)
    return [
        ("Methods", board[~control]),
        ("Controls that smooth", board[control & ranked]),
        (_OTHERS, board[control & ~ranked]),
    ]


def _groups(board: pd.DataFrame) -> list[_Group]:
    """The columns that have a value."""
    there = {name for name in board if board[name].notna().any()}
    rank = _Group("Rank", "#444444")
    n = int((~board["control"].astype(bool)).sum())
    if "rank" in there and n > 1:
        rank.columns.append(_Column(f"1 to {n}", _RANKS, _draw_ranks(n)))
    accuracy = _Group("Accuracy: ARI", "#2166ac")
    kinds = {kind: words for kind, words in _KINDS.items() if kind in there}
    wide = max(_BAR, _ACCURACY / max(len(kinds), 1))
    accuracy.columns = [
        _Column(words, wide, _draw_bar(kind, wide)) for kind, words in kinds.items()
    ]
    smooth = _Group("Space", "#1b7837")
    if "continuity" in there:
        smooth.columns.append(_Column("continuity", _CIRCLE, _draw_share("continuity", "Greens")))
    stable = _Group("Stability of ARI over", "#b35806")
    stable.columns = [
        _Column(words, _CIRCLE, _draw_spread(name))
        for name, words in _STABILITY.items()
        if name in there and (name != "seeds" or _seeds_vary(board))
    ]
    robust = _Group("Robust to", "#8c510a")
    robust.columns = [
        _Column(words, _CIRCLE, _draw_spread(name))
        for name, words in _LOSSES.items()
        if name in there
    ]
    cost = _Group("Cost of a fit", "#762a83")
    cost.columns = [
        _Column(words, _COST, _draw_cost(name, board[name], text))
        for name, words, text in (
            ("seconds", "time", duration),
            ("memory", "memory", megabytes),
        )
        if name in there
    ]
    use = _Group("Use", "#444444")
    use.columns = [
        _Column(words, _FACT, _draw_fact(name)) for name, words in _FACTS.items() if name in there
    ]
    return [rank, accuracy, smooth, stable, robust, cost, use]


def _seeds_vary(board: pd.DataFrame) -> bool:
    return bool((board["seeds"] > 0).any())


def _head(ax: Axes, group: _Group, starts: Mapping[tuple[str, str], float]) -> None:
    """A bar with the title of a group, and the slanted titles of its columns."""
    left = starts[group.title, group.columns[0].title]
    right = starts[group.title, group.columns[-1].title] + group.columns[-1].width
    base = _HEAD + 0.2
    ax.plot([left, right], [base, base], color=group.color, lw=2, solid_capstyle="butt")
    ax.text(
        *(left, base + 0.11, group.title),
        fontsize=_TEXT, fontweight="bold", color=group.color, va="center",
    )  # fmt: skip
    for column in group.columns:
        x = starts[group.title, column.title]
        x += min(column.width / 2, 0.22) - 0.04
        ax.text(
            *(x, base - 0.06, column.title),
            fontsize=_TEXT, rotation=40, rotation_mode="anchor", ha="left", va="bottom",
        )  # fmt: skip


def _reference(
    ax: Axes,
    board: pd.DataFrame,
    groups: list[_Group],
    starts: Mapping[tuple[str, str], float],
    top: float,
    rows: int,
) -> None:
    """The best control that smooths, as a dashed line through the bars of each kind of tissue."""
    best = board[board["control"].astype(bool) & board["ranked"].astype(bool)]
    titles = {words: kind for kind, words in _KINDS.items()}
    for group in groups:
        for column in group.columns:
            kind = titles.get(column.title)
            if kind in best and best[kind].notna().any():
                x = starts[group.title, column.title]
                x += _length(float(best[kind].max()), column.width)
                ends = [top, top + rows * ROW]
                ax.plot([x, x], ends, color=INK, lw=0.8, ls=(0, (3, 2)), zorder=2)


def _length(ari: float, width: float) -> float:
    return max(ari, 0.0) * (width - 0.1)


def _shade(palette: str, value: float) -> Any:
    """A color for a value in 0 .. 1, the darker the larger."""
    return mpl.colormaps[palette](0.25 + 0.6 * value)


def _draw_ranks(n: int) -> Callable[[Axes, pd.Series, float, float], None]:
    def draw(ax: Axes, row: pd.Series, x: float, y: float) -> None:
        if pd.isna(row["rank"]):
            return
        begin, step = x + 0.3, (_RANKS - 0.4) / max(n - 1, 1)
        ax.text(x + 0.16, y, f"{row['rank']:.0f}", fontsize=_TEXT, ha="right", va="center")
        ends = [begin + step * (row[end] - 1) for end in ("best", "worst")]
        ax.plot(ends, [y, y], color="#9aa0a6", lw=2, solid_capstyle="round", zorder=2)
        style = method_styles([str(row.name)])[str(row.name)]
        ax.plot(
            *(begin + step * (row["rank"] - 1), y, style.marker),
            color=style.color, ms=5.2, mec="white", mew=0.5, zorder=3,
        )  # fmt: skip

    return draw


def _draw_bar(kind: str, width: float) -> Callable[[Axes, pd.Series, float, float], None]:
    def draw(ax: Axes, row: pd.Series, x: float, y: float) -> None:
        value = row[kind]
        if pd.isna(value):
            _draw_dash(ax, x + 0.06, y)
            return
        length, shown = _length(value, width), max(value, 0.0)
        color = _shade("Blues", shown)
        ax.add_patch(Rectangle((x, y - 0.36 * ROW), length, 0.72 * ROW, fc=color, lw=0, zorder=1))
        inside = length > 0.25
        ax.text(
            *(x + length + (-0.03 if inside else 0.03), y, number(value)),
            fontsize=_SMALL, ha="right" if inside else "left", va="center_baseline", zorder=3,
            color="white" if inside and shown > 0.45 else "black",
            path_effects=[] if inside else [withStroke(linewidth=2, foreground="white")],
        )  # fmt: skip

    return draw


def _draw_circle(ax: Axes, x: float, y: float, share: float, palette: str) -> None:
    """A circle whose area is a share of the largest one."""
    diameter = 72 * _LARGEST * math.sqrt(max(share, 0.02))
    color = _shade(palette, share)
    ax.plot(x + _CIRCLE / 2, y, "o", ms=diameter, mew=0, color=color, zorder=2)


def _draw_share(name: str, palette: str) -> Callable[[Axes, pd.Series, float, float], None]:
    def draw(ax: Axes, row: pd.Series, x: float, y: float) -> None:
        if pd.isna(row[name]):
            _draw_dash(ax, x + _CIRCLE / 2, y)
        else:
            _draw_circle(ax, x, y, float(row[name]), palette)

    return draw


def _draw_spread(name: str) -> Callable[[Axes, pd.Series, float, float], None]:
    def draw(ax: Axes, row: pd.Series, x: float, y: float) -> None:
        if pd.isna(row[name]):
            _draw_dash(ax, x + _CIRCLE / 2, y)
        else:
            spread = min(max(row[name], 0.0), WIDEST_SPREAD)
            _draw_circle(ax, x, y, 1 - spread / WIDEST_SPREAD, "Oranges")

    return draw


def _draw_cost(
    name: str, column: pd.Series, text: Callable[[float], str]
) -> Callable[[Axes, pd.Series, float, float], None]:
    """A number on a field that is the darker, the more a fit costs (logarithmic)."""
    known = column[column > 0]
    low, high = math.log(known.min()), math.log(known.max())

    def draw(ax: Axes, row: pd.Series, x: float, y: float) -> None:
        if not row[name] > 0:
            _draw_dash(ax, x + _COST / 2, y)
            return
        share = (math.log(row[name]) - low) / (high - low) if high > low else 0.0
        field = Rectangle(
            (x + 0.02, y - 0.42 * ROW), _COST - 0.04, 0.84 * ROW,
            fc=mpl.colormaps["Purples"](0.05 + 0.65 * share), lw=0, zorder=1,
        )  # fmt: skip
        ax.add_patch(field)
        color = "white" if share > 0.72 else "black"
        look: dict[str, Any] = {"ha": "center", "va": "center_baseline", "zorder": 3}
        ax.text(x + _COST / 2, y, text(row[name]), fontsize=_SMALL, color=color, **look)

    return draw


def _draw_fact(name: str) -> Callable[[Axes, pd.Series, float, float], None]:
    def draw(ax: Axes, row: pd.Series, x: float, y: float) -> None:
        if pd.isna(row[name]):
            _draw_dash(ax, x + _FACT / 2, y)
            return
        face = INK if row[name] else "white"
        edge = INK if row[name] else "#9aa0a6"
        ax.plot(x + _FACT / 2, y, "o", ms=5.5, mfc=face, mec=edge, mew=0.8, zorder=2)

    return draw


def _draw_dash(ax: Axes, x: float, y: float) -> None:
    ax.text(x, y, "–", fontsize=_TEXT, color=QUIET, ha="center", va="center", zorder=2)


def _incomplete(row: pd.Series) -> str:
    """The number of datasets with a score, if some are missing."""
    if row["scored"] == row["datasets"]:
        return ""
    return f" ({row['scored']:.0f}/{row['datasets']:.0f})"


def _explained(board: pd.DataFrame, groups: list[_Group]) -> list[str]:
    """How to read the groups that are shown."""
    shown = {group.title for group in groups if group.columns}
    smooths = (board["control"].astype(bool) & board["ranked"].astype(bool)).any()
    lines = {
        "Rank": "Rank: among methods; the line spans other clusterers, metrics and rules.",
        "Accuracy: ARI": "ARI: mean of the means of studies."
        + (" Dashed: best control that smooths." if smooths else ""),
        "Space": "Continuity: share of cells with the label that most neighbors have; a smooth map "
        "can be wrong.",
        "Stability of ARI over": f"Circles of stability: large = no spread, a point = "
        f"{WIDEST_SPREAD:g} or more; – = not defined.",
        "Robust to": f"Circles of robustness: large = nothing lost on degraded data, "
        f"a point = {WIDEST_SPREAD:g} or more; a low ARI cannot lose much.",
        "Use": "Use: filled = yes; main packages = needs no environment of its own.",
    }
    texts = [text for name, text in lines.items() if text and name in shown]
    if (board["scored"] < board["datasets"]).any():
        texts.append("In brackets: datasets with a score.")
    return texts


def _joined(sentences: list[str], most: int) -> list[str]:
    """Sentences in lines of at most ``most`` letters."""
    lines: list[str] = []
    for sentence in sentences:
        if lines and len(lines[-1]) + 1 + len(sentence) <= most:
            lines[-1] += f" {sentence}"
        else:
            lines.append(sentence)
    return lines
