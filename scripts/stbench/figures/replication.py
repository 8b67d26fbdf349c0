"""What is found again of the interactions: by other training seeds, sections and halves."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from stbench.figures.edge_support import SIGNIFICANT
from stbench.figures.method_style import method_styles
from stbench.figures.style import GRID, QUIET, label_rows, legend_below, quick_dot

_NAMED = 8  # tissues or pairs of them in a row of their own; more are drawn in one row
_MEASURES = {
    "correlation": "training seeds: scores of edges",
    "beyond_distance": "training seeds: scores, given the distance",
    "jaccard": "training seeds: edges above the threshold, Jaccard index",
    "z_shuffled": "sections: pairs of types, against shuffled types",
    "z_distance": "sections: pairs of types, against redrawn edges",
    "z_shifted": "sections: pairs of types, against shifted types",
    "ligand_receptor": "sections: ligands and receptors, against rewired edges",
    "ligand_receptor_shifted": "sections: ligands and receptors, against the shifted tissue",
    "beyond_rewired": "halves of the resource, beyond rewired edges",
}
# Drawn beside the measure, the first that there is: of seeds trained on shuffled cells, or of
# random graphs with the same distances.
_BY_CHANCE = {
    "beyond_distance": ("beyond_distance_shuffled",),
    "jaccard": ("jaccard_shuffled", "jaccard_by_chance"),
    "ligand_receptor": ("ligand_receptor_redrawn",),
    "beyond_rewired": ("beyond_rewired_redrawn",),
}


def replication_dots(table: pd.DataFrame, titles: Mapping[str, str]) -> Figure:
    """A panel for each measure, with a row for each tissue or pair of tissues.

    Marks are filled if p is below 5 %, open if it is not, and small where there is no p. Ticks are
    what the same training seeds give on shuffled cells, and otherwise what random graphs with the
    same distances give.

    Args:
        table: of ``stbench.interactions.replication.replication_table``, at least one row.
        titles: display names of the methods, by id, in order.
    """
    import matplotlib.pyplot as plt

    measures = [name for name in _MEASURES if name in set(table["measure"])]
    methods = [name for name in titles if name in set(table["method"])]
    rows = {name: _rows(table[table["measure"] == name]) for name in measures}
    figure, panels = plt.subplots(
        len(measures),
        1,
        figsize=(6.8, 1.0 + sum(0.5 + 0.24 * len(names) for names in rows.values())),
        height_ratios=[0.6 + 0.24 * len(names) for names in rows.values()],
        sharex=True,
        squeeze=False,
        layout="constrained",
    )
    styles = method_styles(methods)
    for ax, measure in zip(panels[:, 0], measures, strict=True):
        places = {name: y for y, name in enumerate(rows[measure])}
        of_measure = table[table["measure"] == measure]
        ax.axvline(0, color=QUIET, lw=0.8, zorder=0)
        for i, method in enumerate(methods):
            for _, row in of_measure[of_measure["method"] == method].iterrows():
                name = _name(row) if len(places) > 1 else rows[measure][0]
                y = places[name] + 0.16 * (i - (len(methods) - 1) / 2)
                known, color = pd.notna(row["p"]), styles[method].color
                filled = not known or row["p"] < SIGNIFICANT
                ax.plot(
                    row["value"], y, "o", ms=6 if known else 4, mew=1.4, mec=color,
                    mfc=color if filled else "white",
                )  # fmt: skip
            for _, row in _by_chance(table[table["method"] == method], measure).iterrows():
                name = _name(row) if len(places) > 1 else rows[measure][0]
                y = places[name] + 0.16 * (i - (len(methods) - 1) / 2)
                ax.plot(row["value"], y, "|", ms=9, mew=1.8, mec=styles[method].color)
        label_rows(ax, list(places))
        ax.set_title(_MEASURES[measure], loc="left", fontsize=9)
        ax.grid(axis="x", color=GRID, lw=0.7)
    panels[-1, 0].set_xlabel("correlation, difference of correlations, or Jaccard index")
    handles = [quick_dot(styles[name].color, titles[name]) for name in methods]
    open_dot = quick_dot("white", f"p at least {SIGNIFICANT}")
    open_dot.set(mec=QUIET, mew=1.4)
    small = quick_dot(QUIET, "no p")
    small.set_markersize(4)
    tick = quick_dot(QUIET, "shuffled cells, or random graph with the same distances")
    tick.set(marker="|", markersize=9, mew=1.8, mec=QUIET)
    ticks = [tick] * any(len(_by_chance(table, measure)) for measure in measures)
    legend_below(figure, [*handles, open_dot, small, *ticks])
    return figure


def _by_chance(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """What chance gives the tissues that have the measure, each by the first of its names."""
    ends = ["method", "first", "second"]
    of_measure = table.loc[table["measure"] == measure, ends]
    order = {name: i for i, name in enumerate(_BY_CHANCE.get(measure, ()))}
    chance = table[table["measure"].isin(order)].sort_values(
        "measure", key=lambda names: names.map(order), kind="stable"
    )
    return chance.drop_duplicates(ends).merge(of_measure, on=ends)


def _rows(of_measure: pd.DataFrame) -> list[str]:
    names = list(dict.fromkeys(_name(row) for _, row in of_measure.iterrows()))
    return names if len(names) <= _NAMED else [f"{len(names)} tissues or pairs of them"]


def _name(row: pd.Series) -> str:
    first, second = str(row["first"]), str(row["second"])
    return first if first == second else f"{first}, {second}"
