"""Scorers by regime and range of planted interactions, as one table of colors and numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from stbench.figures.interactions import in_order, label
from stbench.interactions.regimes import ALL
from stbench.results.statistics import BETTER, WORSE

PAIRS = "AUROC_within_distance_and_types"
CELLS, TYPES = "cells_AUROC_within_types", "types_AUROC"
_MARKS = {BETTER: "+", WORSE: "–"}
_WITHOUT_POSITIONS = "ligand x receptor without positions"
_ASKED = {
    PAIRS: (
        "Which pairs of cells interact, at the same distance and of the same types",
        "distance alone",
    ),
    CELLS: ("Which cells of one type take part, for each pair of genes", _WITHOUT_POSITIONS),
    TYPES: ("Between which types a pair of genes acts", _WITHOUT_POSITIONS),
}


def regime_heatmap(table: pd.DataFrame, titles: dict[str, str], metric: str = PAIRS) -> Figure:
    """AUROC by scorer and regime; marks say what is above or below the baseline of the table.

    Args:
        table: ``interactions_regimes`` or ``interactions_communication`` with at least one regime.
        titles: display names of the methods, by id.
        metric: PAIRS, CELLS or TYPES.
    """
    import matplotlib.pyplot as plt

    rows = table[(table["metric"] == metric) & (table["regime"] != ALL)]
    scorers = in_order(rows, titles)
    columns = list(dict.fromkeys(zip(rows["regime"], rows["range"], strict=True)))
    placed = rows.set_index(["scorer", "method", "regime", "range"])
    tissues = placed.groupby(["regime", "range"])["tissues"].max()
    names = [_named(scorer, rows, int(tissues.max()), titles) for scorer in scorers]
    width = 1.2 + 0.075 * max(map(len, names)) + 1.05 * len(columns)
    figure, ax = plt.subplots(figsize=(width, 1.5 + 0.29 * len(scorers)), layout="constrained")
    values = np.full((len(scorers), len(columns)), np.nan)
    for y, scorer in enumerate(scorers):
        for x, column in enumerate(columns):
            if (*scorer, *column) in placed.index:
                row = placed.loc[(*scorer, *column)]
                values[y, x] = row["mean"]
                text = f"{row['mean']:.2f}".lstrip("0") + _MARKS.get(row["verdict"], "")
                dark = abs(row["mean"] - 0.5) > 0.3
                color = "white" if dark else "black"
                ax.text(x, y, text, ha="center", va="center", fontsize=8, color=color)
    image = ax.imshow(values, cmap="RdBu_r", vmin=0, vmax=1, aspect="auto")
    figure.colorbar(image, ax=ax, label="AUROC; .5 is chance", pad=0.02)
    ax.set_yticks(range(len(scorers)), names)
    heads = [f"{regime}\n{range_} ({tissues[regime, range_]})" for regime, range_ in columns]
    ax.set_xticks(range(len(columns)), heads, fontsize=8)
    ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    question, baseline = _ASKED[metric]
    figure.suptitle(
        f"{question}\n+ above, – below {baseline} (5 %, Holm); number of tissues in brackets",
        x=0.01, ha="left", fontweight="bold", fontsize=9,
    )  # fmt: skip
    return figure


def _named(scorer: tuple[str, str], rows: pd.DataFrame, most: int, titles: dict[str, str]) -> str:
    """The name of a scorer, with its number of tissues if others have more."""
    own = rows[(rows["scorer"] == scorer[0]) & (rows["method"] == scorer[1])]["tissues"].max()
    return label(*scorer, titles) + (f" ({own})" if own < most else "")
