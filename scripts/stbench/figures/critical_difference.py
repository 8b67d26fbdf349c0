"""Mean ranks; dots on a bar are methods that do not differ significantly (Demsar, JMLR 2006)."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from stbench.figures.method_style import method_styles
from stbench.figures.style import GRID, QUIET, apply_style
from stbench.ranking.certainty import note, where
from stbench.ranking.ranks import Ranking, rank_intervals, tied_groups


def critical_difference(ranking: Ranking, titles: dict[str, str], title: str) -> Figure:
    """Methods from best (top) to worst with the 95 % interval of their mean rank; on the right
    one bar for each group of methods without a significant pair (Wilcoxon, Holm, 5 %), with a dot
    for each of its members, which need not be adjacent.

    Args:
        ranking: with a test.
        titles: display name of each method, by id.
        title: of the figure.
    """
    apply_style()
    table, groups = rank_intervals(ranking), tied_groups(ranking)
    rows = {method: i for i, method in enumerate(table.index)}
    styles = method_styles(map(str, rows))
    wide = 6 + 0.12 * len(groups)
    figure, axes = plt.subplots(figsize=(wide, 1.6 + 0.23 * len(rows)), layout="constrained")
    for method, row in rows.items():
        mean, low, high = table.loc[method, ["mean_rank", "low", "high"]]
        style = styles[str(method)]
        axes.plot([low, high], [row, row], color="#b8bcc0", lw=2, zorder=1)
        axes.plot(mean, row, style.marker, color=style.color, ms=6, mec="white", mew=0.5, zorder=2)
    n = len(rows)
    step = max(0.25, 0.02 * n)
    for i, group in enumerate(groups):
        members = [rows[method] for method in group]
        axes.plot([n + 0.6 + step * i] * len(group), members, "o-", color="black", lw=1, ms=4)
    if groups:
        words = "dots on a bar:\nno significant difference"
        place = n + 0.6 + step * (len(groups) - 1) / 2
        axes.text(place, -0.75, words, ha="center", va="bottom", fontsize=7.5, color=QUIET)
    axes.set_yticks(range(n), [titles.get(method, method) for method in rows])
    axes.set(ylim=(n - 0.4, -0.6), xlim=(0.7, n + 0.9 + step * len(groups)))
    axes.set_title(title, loc="left", fontweight="bold", pad=26)
    axes.set_xticks(sorted({1, *range(5, n, 5), n}) if n > 12 else range(1, n + 1))
    axes.grid(axis="x", color=GRID, lw=0.7)
    axes.tick_params(axis="y", length=0)
    lines = [
        f"mean rank over {where(ranking)} (1 = best); line: 95 % interval",
        f"Friedman's test by F: p = {ranking.iman_davenport_p:.2g}; pairs: Wilcoxon, Holm, 5 %",
        note(ranking),
    ]
    axes.set_xlabel("\n".join(filter(None, lines)), color=QUIET)
    return figure
