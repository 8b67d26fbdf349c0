"""Figures of a tissue without a truth: maps of all methods, their consensus, how they agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from stbench.figures.domains import Map, draw_map, map_size, marker_size
from stbench.figures.positions import scale_bar
from stbench.figures.style import (
    QUIET,
    UNLABELED,
    domain_colors,
    label_rows,
    legend_below,
    no_frame,
    quick_dot,
)
from stbench.maps.cells_file import CellsFile
from stbench.maps.comparison import CONSENSUS
from stbench.scoring.metrics import ari

_CONSENSUS_TITLE = "Consensus"
_KINDS = {"": "last epoch", "_selected": "selected epoch", "_consensus": "all seeds"}
_STABILITY = {
    "agreement": ("other methods", "#333333", "o"),
    "stability_seeds": ("training seeds", "#0072b2", "^"),
    "stability_starts": ("starts of k-means", "#e69f00", "s"),
    "stability_cells": ("80 % of the cells", "#009e73", "D"),
}


def maps_of_methods(
    maps: CellsFile, titles: Mapping[str, str], failed: Mapping[str, str]
) -> list[Map]:
    """One map for each method, three for those that train; first those that have most.

    Args:
        maps: of all methods.
        titles: display names of the methods, by id, in order.
        failed: why a method has no map, by id.
    """
    reference = maps.columns.get(CONSENSUS)
    groups = []
    for method, title in titles.items():
        group = []
        for ending, words in _KINDS.items():
            labels = maps.columns.get(f"{method}{ending}")
            if labels is not None:
                trains = any(f"{method}{end}" in maps.columns for end in _KINDS if end)
                kind = words if trains else ""
                agrees = "" if reference is None else f"ARI {ari(reference, labels):.2f}"
                group.append(Map(title, labels, ", ".join(filter(None, [kind, agrees]))))
        if not group and method in failed:
            group = [Map(title, None, failed[method])]
        groups.append(group)
    return [one for group in sorted(groups, key=len, reverse=True) for one in group]


def consensus_maps(coords: np.ndarray, maps: CellsFile, title: str, unit: str) -> Figure:
    """The consensus with the sizes of its domains, and the disagreement of the methods.

    Args:
        coords: (n_cells, 2) as drawn.
        maps: with a consensus.
        title: above the figure.
        unit: of the positions.
    """
    import matplotlib.pyplot as plt

    labels = maps.columns[CONSENSUS]
    width, height = map_size(coords, 12.0)
    figure, axes = plt.subplots(
        1, 2, figsize=(2 * width + 2.2, height + 0.9), layout="constrained", squeeze=False
    )
    left, right = axes[0]
    counts = np.bincount(labels)
    colors = [*domain_colors(len(counts)), UNLABELED]
    size = marker_size(np.maximum(np.ptp(coords, axis=0), 1e-12), len(coords), width)
    draw_map(left, coords, Map("Consensus of methods", labels), colors, size)
    scale_bar(left, coords, unit)
    handles = [
        quick_dot(color, f"{domain + 1}  ({count})")
        for domain, (color, count) in enumerate(zip(colors, counts, strict=False))
    ]
    left.legend(
        handles=handles, title="domain (cells)", title_fontsize=8, fontsize=8, labelspacing=0.3,
        loc="center left", bbox_to_anchor=(1.0, 0.5), handletextpad=0.1, borderaxespad=0.2,
    )  # fmt: skip
    right.set_aspect("equal")
    no_frame(right)
    assert maps.disagreement is not None
    order = np.argsort(maps.disagreement, kind="stable")  # disputed cells on top
    drawn = right.scatter(
        *coords[order].T, c=maps.disagreement[order], s=size, linewidths=0, rasterized=True,
        cmap="magma_r", vmin=0, vmax=1,
    )  # fmt: skip
    right.set_title("Disagreement", pad=14)
    figure.colorbar(
        drawn, ax=right, label="share of votes for another domain", shrink=0.7, aspect=25, pad=0.02
    )
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left")
    return figure


def agreement_matrix(table: pd.DataFrame, titles: Mapping[str, str], title: str) -> Figure:
    """ARI of every pair of maps, ordered by a dendrogram (average linkage of 1 - ARI).

    Args:
        table: one dataset of ``label_free_agreement.csv``, at least two methods.
        titles: display names of the methods, by id.
        title: above the figure.
    """
    import matplotlib.pyplot as plt
    from scipy.cluster.hierarchy import dendrogram, linkage
    from scipy.spatial.distance import squareform

    matrix = table.pivot(index="method", columns="other", values="ARI")
    values = matrix[matrix.index].to_numpy()
    distances = np.maximum(1 - (values + values.T) / 2, 0)
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), "average", optimal_ordering=True)
    n = len(matrix)
    names = [titles.get(name, _CONSENSUS_TITLE) for name in matrix.index]
    side = 0.42 * n
    wide = 0.085 * max(map(len, names)) + 0.2
    figure, (trunk, ax) = plt.subplots(
        1, 2, figsize=(1.3 + wide + side + 0.9, side + wide * 0.75 + 0.7), layout="constrained",
        width_ratios=[1.2, side + wide], sharey=True,
    )  # fmt: skip
    leaves = dendrogram(
        tree, orientation="left", ax=trunk, no_labels=True, link_color_func=lambda _: QUIET
    )["leaves"]
    ordered = values[np.ix_(leaves, leaves)]
    places = 10 * np.arange(n + 1)  # leaves of a dendrogram are 10 apart
    mesh = ax.pcolormesh(
        *(places, places, ordered), vmin=0, vmax=1, cmap="viridis", edgecolors="white", lw=1.2
    )
    for i in range(n):
        for j in range(n):
            color = "white" if ordered[i, j] < 0.6 else "black"
            text = f"{round(ordered[i, j], 2) + 0:.2f}".replace("0.", ".")
            ax.text(10 * j + 5, 10 * i + 5, text, ha="center", va="center", fontsize=7, color=color)
    shown = [names[i] for i in leaves]
    ax.set_xticks(10 * np.arange(n) + 5, shown, rotation=40, ha="right", rotation_mode="anchor")
    ax.set_yticks(10 * np.arange(n) + 5, shown)
    ax.tick_params(length=0, labelleft=True)
    trunk.tick_params(labelleft=False, length=0)
    for one in (ax, trunk):
        for spine in one.spines.values():
            spine.set_visible(False)
    trunk.set_xticks([])
    trunk.set_ylim(10 * n, 0)
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        for label in labels:
            label.set_fontweight("bold" if label.get_text() == _CONSENSUS_TITLE else "normal")
    figure.colorbar(mesh, ax=ax, label="ARI", shrink=0.8, aspect=25, pad=0.02)
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left", fontsize=10)
    return figure


def stability_plot(table: pd.DataFrame, titles: Mapping[str, str], title: str) -> Figure:
    """Agreement and stability of each method as marks on one line, best agreement first.

    Args:
        table: the methods with labels of one dataset of ``label_free.csv``.
        titles: display names of the methods, by id.
        title: above the figure.
    """
    import matplotlib.pyplot as plt

    table = table.sort_values("agreement", ascending=False, kind="stable")
    figure, ax = plt.subplots(figsize=(7.5, 1.3 + 0.32 * len(table)), layout="constrained")
    for i, (column, (_, color, marker)) in enumerate(_STABILITY.items()):
        heights = np.arange(len(table)) + 0.16 * (i - 1.5)
        ax.plot(table[column], heights, color=color, marker=marker, **_mark())
    label_rows(ax, [titles[method] for method in table["method"]])
    lowest = float(np.nanmin(table[list(_STABILITY)].to_numpy(float)))
    ax.set_xlim(min(0.0, lowest) - 0.02, 1.02)
    ax.set_xlabel("ARI")
    ax.grid(axis="x", color="#e5e5e5")
    ax.spines["left"].set_visible(False)
    for edge in np.arange(len(table) - 1) + 0.5:
        ax.axhline(edge, color="#f2f2f2", lw=0.8)
    handles = [quick_dot(color, words, mark) for words, color, mark in _STABILITY.values()]
    legend_below(figure, handles, "Mean ARI between the map and those of")
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left", fontsize=10)
    return figure


def _mark() -> dict[str, Any]:
    return {"ls": "", "ms": 5.5, "mec": "none", "clip_on": False}
