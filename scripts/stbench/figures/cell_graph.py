"""A learned cell graph: the positions of its edges, and the cell types that they join."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stbench.figures.style import DOMAIN_COLORS, QUIET, UNLABELED

SIGNIFICANT = 0.05
MOST_EDGES = 3000  # that can be distinguished on one map
NULLS = {
    "shuffled": "cell types shuffled among cells",
    "distance": "edges redrawn among pairs at similar distance",
    "degree": "edges of the same distances and numbers per cell",
    "shifted": "cell types shifted through the tissue",
}
_COLORED_PAIRS = 7  # as many as Okabe and Ito have colors
_OTHER_PAIRS = "#a8a8a8"
_LIMIT = 3.0  # of log2(observed / expected); larger values get the color of the limit


def edge_map(edges: pd.DataFrame, coords: np.ndarray, title: str) -> Figure:
    """Edges in space; those of the most frequent pairs of cell types in color.

    Of more than ``MOST_EDGES`` edges the strongest of each area are drawn. Edges are the more
    opaque, the higher their score.

    Args:
        edges: source, target, score, and type_source and type_target where cell types are known;
            without types, edges are colored by their score.
        coords: (n, 2) positions.
        title: above the map.
    """
    import matplotlib.pyplot as plt
    from matplotlib.collections import LineCollection

    spread = np.maximum(np.ptp(coords, axis=0), 1e-12)
    aspect = float(np.clip(spread[1] / spread[0], 0.15, 4))
    width = math.sqrt(28 / aspect)
    figure, ax = plt.subplots(
        figsize=(min(width, 9) + 2.2, min(width, 9) * aspect + 0.6), layout="constrained"
    )
    dots: dict[str, Any] = {"c": UNLABELED, "linewidths": 0, "rasterized": True}
    ax.scatter(coords[:, 0], coords[:, 1], s=float(np.clip(9000 / len(coords), 0.5, 14)), **dots)
    kept = strongest_per_area(edges, coords)
    order = kept["score"].rank(pct=True)
    kept = kept.assign(opacity=0.35 + 0.65 * order).sort_values("score", kind="stable")
    lines = list(coords[kept[["source", "target"]].to_numpy()])
    look: dict[str, Any] = {
        "linewidths": float(np.clip(70 / math.sqrt(len(coords)), 1.0, 2.2)),
        "capstyle": "round",
        "rasterized": True,
        "alpha": kept["opacity"].to_numpy(),
    }
    if "type_source" in edges:
        names = _pair_names(edges)
        counts = names.value_counts(sort=False).sort_values(ascending=False, kind="stable")
        top = dict(zip(counts.index[:_COLORED_PAIRS], DOMAIN_COLORS, strict=False))
        colors = _pair_names(kept).map(top).fillna(_OTHER_PAIRS)
        ax.add_collection(LineCollection(lines, colors=colors, **look))
        for name, color in top.items():
            ax.plot([], [], color=color, lw=2, label=f"{name} ({counts[name]})")
        if len(counts) > len(top):
            rest = len(edges) - counts[list(top)].sum()
            ax.plot([], [], color=_OTHER_PAIRS, lw=2, label=f"other pairs ({rest})")
        figure.legend(loc="outside right upper", fontsize=8, title="edges between")
    else:
        drawn = LineCollection(lines, array=kept["score"].to_numpy(), cmap="viridis", **look)
        ax.add_collection(drawn)
        figure.colorbar(drawn, ax=ax, label="score", shrink=0.6, pad=0.01)
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_aspect("equal")
    ax.set_title(title, loc="left", fontweight="bold")
    if len(kept) < len(edges):
        words = f"drawn: the {len(kept)} strongest edges, equally many in each area"
        ax.text(0, 0, words, transform=ax.transAxes, fontsize=7.5, color=QUIET, va="top")
    return figure


def strongest_per_area(
    edges: pd.DataFrame, coords: np.ndarray, most: int = MOST_EDGES
) -> pd.DataFrame:
    """The edges, or about ``most`` of more edges: as many of the highest scores from each area.

    Areas are about ``most / 4`` squares of a grid over the positions; an edge belongs to that of
    its middle.

    Args:
        edges: source, target, score.
        coords: (n, 2) positions.
        most: number of edges.
    """
    if len(edges) <= most:
        return edges
    middles = coords[edges[["source", "target"]].to_numpy()].mean(axis=1)
    low, spread = coords.min(axis=0), np.maximum(np.ptp(coords, axis=0), 1e-12)
    side = math.sqrt(spread[0] * spread[1] / (most / 4))
    areas = pd.DataFrame(((middles - low) // side).astype(int), index=edges.index)
    place = edges["score"].groupby([areas[0], areas[1]]).rank(ascending=False, method="first")
    counts = place.value_counts().sort_index().cumsum()
    depth = counts[counts <= most].index.max() if (counts <= most).any() else 1
    return edges[place <= depth]


def _pair_names(edges: pd.DataFrame) -> pd.Series:
    ends = edges[["type_source", "type_target"]].astype(object).fillna("no type")
    names = [" – ".join(sorted(map(str, pair))) for pair in ends.to_numpy()]
    return pd.Series(names, index=edges.index)


def type_pair_heatmap(table: pd.DataFrame, title: str) -> Figure:
    """Ratio of observed to expected edges for every pair of cell types, one matrix per null.

    Args:
        table: that of ``stbench.interactions.type_pairs.type_pairs``.
        title: above the matrices.
    """
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    names = list(dict.fromkeys(table["type_a"]))
    nulls = [name for name in NULLS if table[f"p_{name}"].notna().any()]
    side = max(1.4 + 0.25 * len(names), 2.4)
    figure, axes = plt.subplots(
        1,
        len(nulls),
        figsize=(len(nulls) * side + 1.8, side + 1.9),
        squeeze=False,
        sharey=True,
        layout="constrained",
    )
    for ax, null in zip(axes.flat, nulls, strict=True):
        image = _matrix(ax, table, names, null)
    label = "log2 ((observed + ½) / (expected + ½)) edges"
    figure.colorbar(image, ax=axes, label=label, extend="both", pad=0.01)
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left")
    dot = Line2D([], [], marker="o", ls="", ms=4, mew=0, color="black")
    note = f"q < {SIGNIFICANT} (Benjamini-Hochberg over pairs)"
    figure.legend([dot], [note], loc="outside lower left", fontsize=8)
    return figure


def _matrix(ax: Axes, table: pd.DataFrame, names: list[str], null: str) -> Any:
    a, b = (pd.Index(names).get_indexer(table[key]) for key in ("type_a", "type_b"))
    ratio = np.log2((table["observed"] + 0.5) / (table[f"expected_{null}"] + 0.5))
    values = np.empty((len(names), len(names)))
    values[a, b] = values[b, a] = ratio
    image = ax.imshow(values, cmap="RdBu_r", vmin=-_LIMIT, vmax=_LIMIT)
    significant = (table[f"q_{null}"] < SIGNIFICANT).to_numpy()
    for y, x in {
        *zip(a[significant], b[significant], strict=True),
        *zip(b[significant], a[significant], strict=True),
    }:
        dark = abs(values[y, x]) > 0.6 * _LIMIT
        ax.plot(x, y, "o", ms=3.2, mew=0, color="white" if dark else "black")
    ax.set_xticks(range(len(names)), names, rotation=90)
    ax.set_yticks(range(len(names)), names)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_title("\n".join(textwrap.wrap(f"against {NULLS[null]}", 30)), fontsize=9)
    return image
