"""How well cell graphs detect planted interactions: AUPRC beside nulls, and lift by effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stbench.figures.method_style import method_styles
from stbench.figures.style import DOMAIN_COLORS, QUIET
from stbench.interactions.metrics import METRICS
from stbench.interactions.scores import COMMON_NULLS, INFORMED, KNOWING, OWN_NULLS, SUPERVISED
from stbench.interactions.tables import ALL, BEST

_NAMES = {
    "distance": "distance",
    "cosine": "cosine of expression",
    "knn": "kNN graph",
    "type_pair": "type pair (given the true pair)",
    "type_pair_distance": "type pair (given), then distance",
    "ligand_receptor": "ligand x receptor (given the genes)",
    "ligand_receptor_decoys": "ligand x receptor (given, with decoys)",
    "formula": "score formula on PCA",
    "formula_of_types": "score formula on found types",
    "untrained": "untrained",
    "permuted": "permuted scores",
    "permuted_by_distance": "scores permuted at their distance",
    "cells_and_distance": "expected of its cells and distance",
    INFORMED: "informed: knows the rules",
    SUPERVISED: "supervised: trained on half of the truth",
}
_NULL, _KNOWS_MORE = "#bbbbbb", "#e8e8e8"
_LIFTED = {BEST: "best null model of each tissue", "distance": "distance", "untrained": "untrained"}


def auprc_bars(auprc: pd.DataFrame, titles: dict[str, str]) -> Figure:
    """Bars of mean AUPRC with intervals, a panel for all tissues and for each of several effects.

    Args:
        auprc: ``interactions_auprc`` with at least one row.
        titles: display names of the methods, by id.
    """
    import matplotlib.pyplot as plt

    effects = _ascending(auprc["effect"])
    effects = effects if len(effects) > 2 else effects[:1]  # a single effect is that of all
    scorers = in_order(auprc, titles)
    figure, panels = plt.subplots(
        1,
        len(effects),
        figsize=(2.4 + 2.2 * len(effects), 1.2 + 0.26 * len(scorers)),
        sharey=True,
        sharex=True,
        squeeze=False,
        layout="constrained",
    )
    rows = auprc.set_index(["scorer", "method", "effect"])
    for ax, effect in zip(panels[0], effects, strict=True):
        for y, key in enumerate(scorers):
            if (*key, effect) in rows.index:
                _bar(ax, y, key, rows.loc[(*key, effect)])
        tissues = auprc.loc[auprc["effect"] == effect, "tissues"].max()
        name = "all tissues" if effect == ALL else f"effect {effect}"
        ax.set_title(f"{name} ({tissues})", loc="left")
        ax.set_xlabel(METRICS["AUPRC"].label)
        ax.tick_params(axis="y", length=0)
    panels[0][0].set_yticks(range(len(scorers)), [label(*key, titles) for key in scorers])
    panels[0][0].set_ylim(len(scorers) - 0.4, -0.6)
    panels[0][0].set_xlim(0, 1)
    figure.suptitle(
        "Planted interactions: AUPRC of cell graphs and null models, 95 % interval",
        x=0.01, ha="left", fontweight="bold", fontsize=10,
    )  # fmt: skip
    return figure


def _ascending(effects: pd.Series) -> list[str]:
    """The effects, all together first: a method may lack those that another one has."""
    return sorted(set(effects), key=lambda effect: -1.0 if effect == ALL else float(effect))


def has_effects(lift: pd.DataFrame) -> bool:
    """Whether ``lift_by_effect`` has anything to draw: given truth need not have an effect."""
    return bool(_with_effect(lift).any())


def _with_effect(lift: pd.DataFrame) -> pd.Series:
    return (lift["metric"] == "AUPRC") & (lift["effect"] != ALL) & lift["mean"].notna()


def lift_by_effect(lift: pd.DataFrame, titles: dict[str, str]) -> Figure:
    """Lift of every method over nulls by effect, with intervals.

    Args:
        lift: ``interactions_lift`` with at least one value for an effect.
        titles: display names of the methods, by id.
    """
    import matplotlib.pyplot as plt

    lift = lift[_with_effect(lift)]
    methods = list(dict.fromkeys(lift["method"]))
    effects = _ascending(lift["effect"])
    figure, panels = plt.subplots(
        1,
        len(methods),
        figsize=(1.4 + 3.4 * len(methods), 3.4),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for ax, method in zip(panels[0], methods, strict=True):
        ax.axhline(0, color=QUIET, lw=0.9, ls="--", zorder=0)
        for i, (null, name) in enumerate(_LIFTED.items()):
            rows = lift[(lift["method"] == method) & (lift["null"] == null)]
            x = np.array([effects.index(effect) for effect in rows["effect"]]) + 0.12 * (i - 1)
            ends = np.abs(rows[["low", "high"]].to_numpy().T - rows["mean"].to_numpy())
            ax.errorbar(
                x, rows["mean"], np.nan_to_num(ends), fmt="o-", ms=5, lw=1.2, capsize=2,
                color=DOMAIN_COLORS[i], label=f"over {name}",
            )  # fmt: skip
        ax.set_xticks(range(len(effects)), effects)
        ax.set_xlabel("effect (log fold of the targets)")
        ax.set_title(titles.get(method, method), loc="left", fontweight="bold")
    panels[0][0].set_ylabel("AUPRC lift, 95 % interval")
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", fontsize=8, ncols=3)
    return figure


def in_order(auprc: pd.DataFrame, titles: dict[str, str]) -> list[tuple[str, str]]:
    """Methods, each with its own nulls below it, the common nulls, and those that know more."""
    present = set(zip(auprc["scorer"], auprc["method"], strict=True))
    methods = sorted({method for _, method in present if method}, key=list(titles).index)
    wanted = [(scorer, method) for method in methods for scorer in (method, *OWN_NULLS)]
    wanted += [(scorer, "") for scorer in (*COMMON_NULLS, *KNOWING)]
    return [key for key in wanted if key in present]


def label(scorer: str, method: str, titles: dict[str, str]) -> str:
    if scorer == method:
        return titles[method]
    return f"{titles[method]}, {_NAMES[scorer]}" if method else _NAMES[scorer]


def _bar(ax: Axes, y: int, key: tuple[str, str], row: pd.Series) -> None:
    scorer, method = key
    null = _KNOWS_MORE if scorer in KNOWING else _NULL
    color = method_styles([method])[method].color if scorer == method else null
    ax.barh(y, row["mean"], 0.72, color=color)
    if pd.notna(row["low"]):
        ax.plot([row["low"], row["high"]], [y, y], color="black", lw=1)
    ax.text(
        max(row["mean"], np.nan_to_num(row["high"])) + 0.02,
        y,
        f"{row['mean']:.2f}",
        va="center",
        fontsize=7.5,
    )
