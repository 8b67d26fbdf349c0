"""The first markers of every domain, and how they are expressed in all domains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from stbench.figures.style import QUIET, domain_colors

_LARGEST = 85.0  # area in points^2 of the dot of a gene that every cell expresses
_SHARES = (0.25, 0.5, 1.0)


def marker_dots(
    markers: Mapping[int, Sequence[str]],
    means: np.ndarray,
    shares: np.ndarray,
    names: Sequence[str],
    title: str,
) -> Figure:
    """Draw one dot for each domain (row) and marker (column).

    Args:
        markers: by domain from 0, its first markers; their order is that of the columns.
        means: (domains, markers) mean expression.
        shares: (domains, markers) share of cells that express the gene.
        names: of the domains.
        title: above the figure.
    """
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    genes = [(domain, gene) for domain, found in markers.items() for gene in found]
    n, m = len(names), len(genes)
    longest = max(len(gene) for _, gene in genes)
    figure, ax = plt.subplots(
        figsize=(1.6 + 0.27 * m + 1.5, 1.1 + 0.33 * n + 0.07 * longest), layout="constrained"
    )
    relative = means / np.maximum(means.max(axis=0), 1e-12)
    columns, rows = np.meshgrid(np.arange(m), np.arange(n))
    drawn = ax.scatter(
        columns, rows, s=shares * _LARGEST, c=relative, cmap="YlOrRd", vmin=0, vmax=1,
        linewidths=0.3, edgecolors=QUIET, clip_on=False,
    )  # fmt: skip
    colors = domain_colors(n)
    ax.set_xticks(range(m), [gene for _, gene in genes], rotation=90, fontsize=8)
    ax.set_yticks(range(n), list(names))
    for place, (domain, _) in enumerate(genes):
        ax.add_patch(Rectangle((place - 0.5, n - 0.45), 1, 0.15, color=colors[domain], lw=0))
    for place, color in enumerate(colors):
        ax.add_patch(Rectangle((-1.15, place - 0.32), 0.22, 0.64, color=color, lw=0))
    ends = np.cumsum([len(found) for found in markers.values()])[:-1]
    for end in ends:
        ax.axvline(end - 0.5, color="#e5e5e5", lw=0.8, zorder=0)
    ax.set_xlim(-1.15, m - 0.3)
    ax.set_ylim(n - 0.3, -0.6)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    figure.colorbar(
        drawn,
        ax=ax,
        label="mean, of the largest",
        shrink=0.9,
        aspect=18,
        pad=0.01,
        location="right",
    )
    handles = [
        Line2D(
            [], [], ls="", marker="o", color=QUIET, ms=np.sqrt(share * _LARGEST),
            label=f"{share:.0%}",
        )
        for share in _SHARES
    ]  # fmt: skip
    figure.legend(
        handles=handles, loc="outside lower left", ncols=len(handles), fontsize=8,
        title="share of cells that express the gene", title_fontsize=8, alignment="left",
    )  # fmt: skip
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left", fontsize=10)
    return figure
