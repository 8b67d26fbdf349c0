"""Pictures of deconvolution: scores with intervals, and maps of the most abundant types."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from scipy.spatial import cKDTree

from stbench.deconvolution.metrics import BEST, LABELS
from stbench.figures.style import QUIET, domain_colours

SHOWN = ("pearson_type", "pearson_spot", "rmse_spot", "jsd", "ssim", "auroc")
N_TYPES = 3


def score_bars(means: pd.DataFrame, titles: Mapping[str, str], controls: set[str]) -> Figure:
    """Means with intervals: a row for each metric, a column for each pair, a bar for each method.

    Args:
        means: rows of ``deconvolution_scores.csv``.
        titles: methods in order, with what to call them.
        controls: those drawn in grey.
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
    real = [method for method in titles if method not in controls]
    greys = ["#999999", "#cccccc"]
    colours = dict(zip(real, domain_colours(len(real)), strict=True))
    colours |= {m: greys[i % 2] for i, m in enumerate(m for m in titles if m in controls)}
    cells = means.set_index(["metric", "dataset", "method"])
    for row, metric in zip(axes, SHOWN, strict=True):
        for ax, dataset in zip(row, datasets, strict=True):
            for x, method in enumerate(titles):
                cell = cells.loc[(metric, dataset, method)]
                if pd.isna(cell["mean"]):
                    ax.text(x, 0, "n/a", ha="center", va="bottom", fontsize=6, color=QUIET)
                    continue
                ax.bar(x, cell["mean"], color=colours[method], width=0.8)
                ax.plot([x, x], [cell["low"], cell["high"]], color="black", lw=1)
            ax.axhline(0, color=QUIET, lw=0.5)
            ax.set(xticks=[], xlim=(-0.7, len(titles) - 0.3))
        better = "higher is better" if BEST[metric] else "lower is better"
        row[0].set_ylabel(f"{LABELS[metric].replace(', ', ',' + chr(10))}\n({better})", fontsize=7)
    references = means.drop_duplicates("dataset").set_index("dataset")["reference"]
    for ax, dataset in zip(axes[0], datasets, strict=True):
        oracle = "\n(oracle reference)" if references[dataset].startswith("ORACLE") else "\n"
        ax.set_title(f"{dataset}{oracle}", fontsize=8)
    handles = [plt.Rectangle((0, 0), 1, 1, color=colours[method]) for method in titles]
    figure.legend(handles, titles.values(), loc="outside lower center", ncols=6, fontsize=8)
    return figure


def type_maps(
    coords: np.ndarray, truth: pd.DataFrame, found: Mapping[str, pd.DataFrame], title: str
) -> Figure:
    """The most abundant types: a row each, the truth and then every method, on one colour scale.

    Args:
        coords: (spots, 2).
        truth: (spots, types).
        found: the same of each method, by what to call it.
        title: above the picture.
    """
    import matplotlib.pyplot as plt

    types = truth.mean().sort_values(ascending=False, kind="stable").index[:N_TYPES]
    columns = {"truth": truth, **found}
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
        top = float(truth[kind].max())
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
