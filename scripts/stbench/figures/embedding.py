"""An embedding in two dimensions and the graph of its groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stbench.figures.style import UNLABELED, domain_colors


def embedding_figure(
    umap: np.ndarray,
    groupings: Sequence[tuple[str, pd.Categorical]],
    connectivities: np.ndarray,
    title: str,
) -> Figure:
    """UMAP in the colors of every grouping, and the PAGA graph of the first.

    Args:
        umap: (n, 2).
        groupings: display name and (n,) groups of each grouping.
        connectivities: (groups, groups) of PAGA for the first grouping.
        title: above the panels.
    """
    import matplotlib.pyplot as plt

    panels = len(groupings) + 1
    figure, axes = plt.subplots(1, panels, figsize=(4.0 * panels, 4.8), layout="constrained")
    for ax, (name, groups) in zip(axes, groupings, strict=False):
        _points(ax, umap, groups)
        ax.set_title(f"UMAP, {name}", loc="left")
    name, groups = groupings[0]
    _paga(axes[-1], umap, groups, connectivities)
    axes[-1].set_title(f"PAGA, {name}", loc="left")
    for ax in axes:
        ax.set_xticks([])
        ax.set_yticks([])
        for spine in ax.spines.values():
            spine.set_visible(False)
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left")
    return figure


def _points(ax: Axes, umap: np.ndarray, groups: pd.Categorical) -> None:
    names = [str(name) for name in groups.categories]
    colors = np.array([*domain_colors(len(names)), UNLABELED])  # -1 takes the last
    dots: dict[str, Any] = {"c": colors[groups.codes], "linewidths": 0, "rasterized": True}
    ax.scatter(umap[:, 0], umap[:, 1], s=float(np.clip(9000 / len(umap), 0.8, 14)), **dots)
    for name, color in zip(names, colors, strict=False):
        ax.plot([], [], "o", color=color, ms=5, mew=0, label=name)
    ax.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        ncols=min(4, max(1, 40 // (4 + max(map(len, names))))),
        fontsize=7.5,
        handletextpad=0.1,
        columnspacing=0.8,
    )


def _paga(ax: Axes, umap: np.ndarray, groups: pd.Categorical, connectivities: np.ndarray) -> None:
    """Groups at the median of their cells; line widths show PAGA's connectivities."""
    from matplotlib.collections import LineCollection

    names = [str(name) for name in groups.categories]
    centers = np.array([np.median(umap[groups.codes == i], axis=0) for i in range(len(names))])
    a, b = np.nonzero(np.triu(connectivities, 1))
    lines = LineCollection(
        list(np.stack([centers[a], centers[b]], axis=1)),
        linewidths=8 * connectivities[a, b],
        colors="#8a8a8a",
        capstyle="round",
        zorder=1,
    )
    ax.add_collection(lines)
    share = np.bincount(groups.codes[groups.codes >= 0], minlength=len(names)) / len(groups)
    look: dict[str, Any] = {"c": domain_colors(len(names)), "edgecolors": "white", "zorder": 2}
    ax.scatter(centers[:, 0], centers[:, 1], s=60 + 900 * share, **look)
    for name, center in zip(names, centers, strict=True):
        ax.annotate(
            name,
            tuple(center),
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=8,
            zorder=3,
            bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.75},
        )
    ax.margins(0.14)
