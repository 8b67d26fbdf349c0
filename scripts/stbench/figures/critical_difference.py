"""Mean ranks; dots on a bar are methods that do not differ significantly (Demsar, JMLR 2006)."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from stbench.figures.style import PROTOCOL_COLORS, QUIET, apply_style
from stbench.ranking.certainty import note, where
from stbench.ranking.ranks import Ranking, rank_intervals, tied_groups


def critical_difference(ranking: Ranking, titles: dict[str, str], title: str) -> Figure:
    """Methods from best (top) to worst with the 95 % interval of their mean rank; on the right
    one bar for each group of methods without a significant pair (Wilcoxon, Holm, 5 %), with a dot
    for each of its members, which need not be adjacent.

    Args:
        ranking: with at least one dataset and one method.
        titles: display name of each method, by id.
        title: of the figure.
    """
    apply_style()
    table, groups = rank_intervals(ranking), tied_groups(ranking)
    rows = {method: i for i, method in enumerate(table.index)}
    figure, axes = plt.subplots(figsize=(6, 1.2 + 0.26 * len(rows)), layout="constrained")
    for method, row in rows.items():
        mean, low, high = table.loc[method, ["mean_rank", "low", "high"]]
        axes.plot([low, high], [row, row], color=PROTOCOL_COLORS["untrained"], lw=2, zorder=1)
        axes.plot(mean, row, "o", color=PROTOCOL_COLORS["final"], zorder=2)
    n = len(rows)
    for i, group in enumerate(groups):
        members = [rows[method] for method in group]
        axes.plot([n + 0.6 + 0.25 * i] * len(group), members, "o-", color="black", lw=1, ms=4)
    axes.set_yticks(range(n), [titles.get(method, method) for method in rows])
    axes.set(ylim=(n - 0.4, -0.6), xlim=(0.7, n + 0.9 + 0.25 * len(groups)))
    axes.set_title(title, loc="left", fontweight="bold")
    axes.set_xticks(range(1, n + 1))
    test = (
        "dots on one bar are methods that do not differ significantly "
        f"(Friedman, F: p = {ranking.iman_davenport_p:.2g}; pairs: Wilcoxon, Holm, 5 %)"
    )
    lines = [f"mean rank over {where(ranking)} (1 = best)"]
    lines += [test if ranking.tested else "", note(ranking)]
    axes.set_xlabel("\n".join(filter(None, lines)), color=QUIET)
    return figure
