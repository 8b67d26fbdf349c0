"""Criteria over the number of domains."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from stbench.choosing.number_criteria import CRITERIA
from stbench.choosing.tables import ALTERNATIVE, RECOMMENDED
from stbench.figures.style import DOMAIN_COLORS, GRID, QUIET


def number_curves(table: pd.DataFrame, title: str) -> Figure:
    """A panel for each criterion over the same numbers.

    Args:
        table: ``number_of_domains.csv`` of one dataset.
        title: above the figure.
    """
    import matplotlib.pyplot as plt

    shown = [name for name in CRITERIA if name in set(table["criterion"])]
    figure, panels = plt.subplots(
        *(1, len(shown)), figsize=(2.5 * len(shown), 2.7), squeeze=False, layout="constrained"
    )
    numbers = sorted(set(table["n_domains"].astype(int)))
    for axis, name, color in zip(panels[0], shown, DOMAIN_COLORS, strict=False):
        curve = table[table["criterion"] == name].sort_values("n_domains")
        for choice, style in ((RECOMMENDED, "-"), (ALTERNATIVE, ":")):
            for number in curve.loc[curve["choice"] == choice, "n_domains"]:
                axis.axvline(number, color=QUIET, ls=style, lw=1, zorder=0)
        axis.errorbar(
            *(curve["n_domains"], curve["value"], curve["error"].fillna(0)),
            color=color,
            marker="o",
            ms=3,
            lw=1.2,
        )
        chosen = curve[curve["chosen"]]
        axis.plot(chosen["n_domains"], chosen["value"], "o", ms=9, mfc="none", color=color)
        axis.set_title(CRITERIA[name], fontsize=8.5)
        axis.set_xticks(numbers[:: 1 + len(numbers) // 8])
        axis.set_xlabel("domains")
        axis.grid(axis="y", color=GRID, lw=0.7)
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return figure
