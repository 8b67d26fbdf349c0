"""Figures of deconvolution: scores with intervals, and maps of the most abundant types."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from scipy.spatial import cKDTree

from stbench.config.pairs import REFERENCES
from stbench.deconvolution.metrics import METRICS
from stbench.figures.figure_set import Album
from stbench.figures.method_style import method_styles
from stbench.figures.robustness import AXES, robustness_curves
from stbench.figures.style import QUIET

SHOWN = ("pearson_type", "pearson_spot", "rmse_spot", "jsd", "ssim", "auroc")
N_TYPES = 3
CURVES = ("pearson_type", "rmse_type")


def add_scores(
    album: Album, means: pd.DataFrame, titles: Mapping[str, str], controls: set[str]
) -> None:
    """Add the bars of all scores; same arguments as ``score_bars``."""
    album.add(
        score_bars(means, titles, controls),
        "deconvolution_scores",
        kind="deconvolution",
        title="Proportions of cell types compared with the truth",
        caption="Means with 95 % intervals over blocks of spots and seeds; controls have stripes.",
        alt=f"Bars of {len(SHOWN)} scores of {len(titles)} methods on "
        f"{means['dataset'].nunique()} pairs of spots and reference.",
    )


def _label(label: str, metric: str) -> str:
    """The label of an axis, with the direction of the metric."""
    return f"{label}\n({METRICS[metric].better} is better)"


def add_maps(
    album: Album,
    coords: np.ndarray,
    truth: pd.DataFrame,
    estimates: Mapping[str, pd.DataFrame],
    dataset: str,
) -> None:
    """Add the maps of one pair; same arguments as ``type_maps``."""
    what = "the truth is not known" if truth.empty else "the truth on the left"
    album.add(
        type_maps(coords, truth, estimates, dataset),
        f"deconvolution_maps_{dataset}",
        kind="deconvolution",
        title=f"{dataset}: maps of the cell types",
        caption=f"The three most abundant types; {what}; one seed of each method.",
        alt=f"Maps of the proportions of three cell types in the spots of {dataset}.",
        dataset=dataset,
    )


def add_curves(album: Album, curves: pd.DataFrame, titles: Mapping[str, str]) -> None:
    """Add the curves of scores over the degradation of spots.

    Args:
        album: receives the figure.
        curves: ``deconvolution_robustness_curves`` of ``stbench.deconvolution.robustness``.
        titles: display names of the methods, by id, in order.
    """
    labels = {name: _label(METRICS[name].label, name) for name in CURVES}
    axes = {
        **AXES,
        "cells": "share of cells kept\n(real spots: share of spots kept)",
        "jitter": "jitter (spot spacings)",
    }
    title = "Deconvolution of degraded spots"
    album.add(
        robustness_curves(curves, titles, title, labels, axes),
        "deconvolution_robustness",
        kind="robustness",
        title=title,
        caption="Means with 95 % intervals over blocks of spots and seeds, each with its own draw "
        "of the degradation; the reference is not degraded. In simulated tissue, cells are removed "
        "before they are combined into spots.",
        alt=f"Curves of {len(CURVES)} scores of {curves['method'].nunique()} methods on "
        f"{curves['dataset'].nunique()} pairs, by kind of degradation.",
    )


def score_bars(means: pd.DataFrame, titles: Mapping[str, str], controls: set[str]) -> Figure:
    """Means with intervals: a row for each metric, a column for each pair, a bar for each method.

    Args:
        means: rows of ``deconvolution_scores.csv``.
        titles: display names of the methods, by id, in order.
        controls: ids of the methods drawn with stripes.
    """
    import matplotlib.pyplot as plt

    datasets = list(dict.fromkeys(means["dataset"]))
    figure, axes = plt.subplots(
        len(SHOWN),
        len(datasets),
        figsize=(1.2 + 2.1 * len(datasets), 0.6 + 1.35 * len(SHOWN)),
        sharey="row",
        squeeze=False,
        layout="constrained",
    )
    colors = {method: style.color for method, style in method_styles(titles).items()}
    entries = means.set_index(["metric", "dataset", "method"])
    for row, metric in zip(axes, SHOWN, strict=True):
        for ax, dataset in zip(row, datasets, strict=True):
            for x, method in enumerate(titles):
                entry = entries.loc[(metric, dataset, method)]
                if pd.isna(entry["mean"]):
                    ax.text(x, 0, "n/a", ha="center", va="bottom", fontsize=6, color=QUIET)
                    continue
                hatch = "///" if method in controls else ""
                look = {"color": colors[method], "edgecolor": "white", "hatch": hatch}
                ax.bar(x, entry["mean"], width=0.8, **look)
                ax.plot([x, x], [entry["low"], entry["high"]], color="black", lw=1)
            ax.axhline(0, color=QUIET, lw=0.5)
            ax.set(xticks=[], xlim=(-0.7, len(titles) - 0.3))
        label = METRICS[metric].label.replace(", ", ",\n")
        row[0].set_ylabel(_label(label, metric), fontsize=7)
    references = means.drop_duplicates("dataset").set_index("dataset")["reference"]
    for ax, dataset in zip(axes[0], datasets, strict=True):
        oracle = "\n(oracle reference)" if references[dataset] == REFERENCES["oracle"] else "\n"
        ax.set_title(f"{dataset}{oracle}", fontsize=8)
    handles = [
        plt.Rectangle(
            (0, 0), 1, 1, fc=colors[method], ec="white", hatch="///" if method in controls else ""
        )
        for method in titles
    ]
    figure.legend(handles, titles.values(), loc="outside lower center", ncols=6, fontsize=8)
    return figure


def type_maps(
    coords: np.ndarray, truth: pd.DataFrame, estimates: Mapping[str, pd.DataFrame], title: str
) -> Figure:
    """The most abundant types: one row per type, with the truth and all methods on one color scale.

    Args:
        coords: (spots, 2).
        truth: (spots, types); empty if it is not known: then the mean of the estimates counts.
        estimates: (spots, types) of each method, by display name.
        title: above the figure.
    """
    import matplotlib.pyplot as plt

    columns = dict(estimates) if truth.empty else {"truth": truth, **estimates}
    amounts = [table.mean() for table in (estimates.values() if truth.empty else [truth])]
    shares = pd.concat(amounts, axis=1).fillna(0).mean(axis=1)
    types = shares.sort_values(ascending=False, kind="stable").index[:N_TYPES]
    wide, tall = np.ptp(coords, axis=0) + 1e-9
    height = min(max(1.5 * tall / wide, 1.1), 3.0)
    figure, axes = plt.subplots(
        len(types),
        len(columns),
        figsize=(0.8 + 1.6 * len(columns), 0.7 + (height + 0.15) * len(types)),
        squeeze=False,
        layout="constrained",
    )
    step = float(np.median(cKDTree(coords).query(coords, 2)[0][:, 1]))
    corners = [(x - step / 2, y - step / 2) for x, y in coords]
    for row, kind in zip(axes, types, strict=True):
        shown = columns.values() if truth.empty else [truth]
        top = max(float(table[kind].max()) for table in shown if kind in table)
        for ax, (name, table) in zip(row, columns.items(), strict=True):
            values = table[kind] if kind in table else np.zeros(len(coords))
            squares = PatchCollection([Rectangle(corner, step, step) for corner in corners])
            squares.set(array=values, clim=(0, top), cmap="viridis", linewidth=0)
            ax.add_collection(squares)
            ax.set(xticks=[], yticks=[], aspect="equal")
            ax.autoscale_view()
            ax.spines[:].set_visible(False)
            if kind == types[0]:
                ax.set_title(name, fontsize=8)
        row[0].set_ylabel(kind, fontsize=7)
        figure.colorbar(squares, ax=row, shrink=0.8, pad=0.01)
    figure.suptitle(title, x=0, ha="left", fontsize=9, fontweight="bold")
    return figure
