"""Evidence for learned edges: ligands and receptors, and the genes that scores depend on."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from stbench.figures.style import QUIET

SIGNIFICANT = 0.05
_SIGNIFICANT_COLOR, _OTHER_COLOR = "#d55e00", "#7a9cb8"
_GRADIENTS, _OCCLUDED = "#56b4e9", "#d55e00"
_PAIRS, _SETS, _GENES = 20, 6, 15


def ligand_receptor_plot(table: pd.DataFrame, title: str, coverage: str) -> Figure:
    """The best supported ligand-receptor pairs: z score compared with rewired edges.

    Args:
        table: of ``stbench.interactions.ligand_receptor.Support``.
        title: above the plot.
        coverage: the share of the resource that was tested, in words.
    """
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    top = table[table["z"].notna()].head(_PAIRS)
    figure, ax = plt.subplots(figsize=(6.8, 1.7 + 0.24 * len(top)), layout="constrained")
    y = np.arange(len(top))
    colors = [_SIGNIFICANT_COLOR if q < SIGNIFICANT else _OTHER_COLOR for q in top["q"]]
    share = np.sqrt(top["share_ligand"] * top["share_receptor"])
    ax.hlines(y, 0, top["z"], colors=colors, lw=1.2)
    ax.scatter(top["z"], y, s=_area(share), c=colors, linewidths=0, zorder=3)
    ax.set_yticks(y, [f"{a} – {b}" for a, b in zip(top["ligand"], top["receptor"], strict=True)])
    ax.set_ylim(len(top) - 0.4, -0.6)
    ax.axvline(0, color="black", lw=0.8)
    ax.margins(x=0.08)
    ax.grid(axis="x", color="#e5e5e5", lw=0.7)
    ax.set_axisbelow(True)
    ax.set_xlabel("z of mean ligand x receptor, compared with edges rewired within type pairs")
    ax.set_title(title, loc="left", fontweight="bold", pad=18)
    ax.text(0, 1.01, coverage, transform=ax.transAxes, color=QUIET, fontsize=8, va="bottom")
    dot: dict[str, Any] = {"marker": "o", "ls": "", "mew": 0}
    handles = [
        Line2D([], [], color=_SIGNIFICANT_COLOR, label=f"q < {SIGNIFICANT}", **dot),
        Line2D([], [], color=_OTHER_COLOR, label=f"q ≥ {SIGNIFICANT}", **dot),
        *(
            Line2D([], [], color=QUIET, ms=math.sqrt(_area(size)), label=f"{size:.0%}", **dot)
            for size in (0.1, 0.5, 1.0)
        ),
    ]
    what = "size: share of the cells that express ligand and receptor (geometric mean)"
    figure.legend(
        handles=handles, loc="outside lower left", ncols=5, fontsize=8, title=what, title_fontsize=8
    )
    return figure


def _area(share: Any) -> Any:
    return 12 + 90 * share


def gene_ranking(genes: pd.DataFrame, title: str) -> Figure:
    """The genes that edge scores depend on, one panel per set of edges.

    Args:
        genes: edge_set, rank, gene, attribution and occlusion (NaN where not computed).
        title: above the panels.
    """
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    sets = list(dict.fromkeys(genes["edge_set"]))[:_SETS]
    columns = min(3, len(sets))
    rows = math.ceil(len(sets) / columns)
    size = (2.9 * columns + 0.6, 3.2 * rows + 0.8)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for ax, name in zip(axes.flat, sets, strict=False):
        top = genes[genes["edge_set"] == name].nsmallest(_GENES, "rank")
        y = np.arange(len(top))
        ax.barh(y, top["attribution"], color=_GRADIENTS, height=0.7)
        ax.plot(top["occlusion"], y, "o", ms=3.5, color=_OCCLUDED, mew=0)
        ax.axvline(0, color="black", lw=0.8)
        ax.set_yticks(y, top["gene"])
        ax.set_ylim(len(top) - 0.4, -0.6)
        ax.tick_params(axis="y", length=0)
        ax.locator_params(axis="x", nbins=4)
        ax.set_title("\n".join(textwrap.wrap(str(name), 30)), fontsize=9)
    for ax in axes.flat[len(sets) :]:
        ax.set_axis_off()
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left")
    dot: dict[str, Any] = {"marker": "o", "ls": "", "mew": 0}
    handles = [
        Patch(color=_GRADIENTS, label="integrated gradients"),
        Line2D([], [], color=_OCCLUDED, label="decrease of the score without the gene", **dot),
    ]
    figure.legend(handles=handles, loc="outside lower left", ncols=2, fontsize=8)
    return figure
