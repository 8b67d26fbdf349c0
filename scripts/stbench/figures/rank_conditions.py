"""The rank of each method under each condition of the benchmark."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from stbench.figures.style import apply_style

_GAP = 0.35  # between kinds of conditions


def rank_conditions(table: pd.DataFrame, titles: dict[str, str], title: str) -> Figure:
    """A field with the rank for every method (row) and condition (column), dark for the best.

    Args:
        table: of ``stbench.ranking.robustness.rank_robustness``, of one kind of tissue.
        titles: display name of each method, by id.
        title: of the figure.
    """
    apply_style()
    columns = table[["kind", "condition"]].drop_duplicates()
    ranks = table.pivot_table(index="method", columns="condition", values="rank", dropna=False)
    ranks = ranks[columns["condition"]].astype("float64")
    ranks = ranks.sort_values(list(ranks.columns[:1]), kind="stable")
    starts = (columns["kind"] != columns["kind"].shift()).cumsum().to_numpy() - 1
    places = np.arange(len(columns)) + _GAP * starts
    size = (2.2 + 0.42 * len(columns), 1.6 + 0.28 * len(ranks))
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    colors = plt.get_cmap("cividis")
    last = max(len(ranks) - 1, 1)
    for row, (_, values) in enumerate(ranks.iterrows()):
        for place, rank in zip(places, values, strict=True):
            if np.isnan(rank):
                continue
            shade = (rank - 1) / last
            field = plt.Rectangle((place - 0.5, row - 0.5), 1, 1, color=colors(shade), lw=0)
            axes.add_patch(field)
            ink = "white" if shade < 0.55 else "black"
            axes.text(place, row, f"{rank:.0f}", ha="center", va="center", color=ink, fontsize=8)
    axes.set_yticks(range(len(ranks)), [titles.get(method, method) for method in ranks.index])
    axes.set_xticks(places, list(ranks.columns), rotation=45, ha="right", rotation_mode="anchor")
    axes.set(xlim=(-0.6, places[-1] + 0.6), ylim=(len(ranks) - 0.4, -0.6))
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(title, loc="left", fontweight="bold")
    return figure
