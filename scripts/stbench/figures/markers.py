"""Figures of markers: domains, expression of genes, and differential expression by domain."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stbench.figures.domains import Map, domain_legend, draw_map, marker_size
from stbench.figures.figure_set import Album
from stbench.figures.marker_dots import marker_dots
from stbench.figures.style import QUIET, UNLABELED, domain_colors, no_frame, quick_dot
from stbench.markers.differential_expression import ALPHA, FOLD, Domains
from stbench.markers.domains import MAIN, TRUTH
from stbench.scoring.matching import match_labels

_COLUMNS = 5  # of a page of maps
_PANEL_AREA = 5.0  # square inches of one map
_MARKER, _OTHER = "#d55e00", "#999999"
_SETS = 30  # gene sets that a figure shows


def add_figures(
    album: Album,
    dataset: str,
    coords: np.ndarray,
    *,
    divisions: Sequence[Domains],
    genes: pd.DataFrame,
    values: Mapping[str, np.ndarray],
    pathways: pd.DataFrame | None,
    dots: Mapping[str, Any] | None = None,
) -> None:
    """Add the figures of one dataset.

    Args:
        coords: (n_cells, 2).
        divisions: the true domains, then those of methods.
        genes: ``stbench.markers.differential_expression.gene_statistics`` of all of them.
        values: (n_cells,) log-normalized expression of each gene that was tested.
        pathways: ``stbench.markers.differential_expression.set_means`` of all of them; None: no
            gene sets were requested.
        dots: ``markers``, ``means``, ``shares`` and ``names`` of ``marker_dots``, of the main map;
            None: there are none.
    """
    if dots:
        main = next(domains.id for domains in divisions if domains.id in MAIN)
        title = f"{dataset}: first markers of the {main} domains"
        album.add(
            marker_dots(**dots, title=title),
            f"markers_{dataset}",
            kind="markers",
            title=title,
            caption="The color below a gene is that of the domain that it marks. The domains are "
            "derived from the same expression, so a marker describes a domain and does not prove "
            "it.",
            alt=f"Expression of {sum(map(len, dots['markers'].values()))} markers in "
            f"{len(dots['names'])} domains of {dataset}.",
            dataset=dataset,
        )
    names, untested = ", ".join(values), ", ".join(sorted(set(genes["gene"]) - set(values)))
    note = f" Not tested: {untested}." if untested else ""
    if values:
        title = f"{dataset}: domains, and expression of {names}"
        album.add(
            domains_and_genes(coords, divisions, values, title),
            f"domains_and_genes_{dataset}",
            kind="markers",
            title=title,
            caption="Numbered domains of the last epoch of each method"
            f"{_colors(divisions)}. Expression is log-normalized.{note}",
            alt=f"Maps of {len(coords)} cells of {dataset} by domain ("
            + "; ".join(domains.title for domains in divisions)
            + f") and by expression of {names}.",
            dataset=dataset,
        )
    tested = genes[genes["status"] == "ok"]
    if len(tested):
        title = f"{dataset}: {names} compared with all genes, by domain"
        album.add(
            statistics_plot(tested, divisions, title),
            f"standing_{dataset}",
            kind="markers",
            title=title,
            caption=f"Orange: a marker (adjusted p < {ALPHA:g}, log2 fold change > {FOLD:g}, the "
            "dashed line). Numbers at the marks are ranks among all tested genes. The test treats "
            "cells as independent, and the domains of methods are derived from the same "
            f"expression.{note}",
            alt=f"Log2 fold change of {names} in every domain; "
            f"{int(tested['marker'].astype(bool).sum())} of {len(tested)} are markers.",
            dataset=dataset,
        )
    if pathways is not None:
        _add_gene_sets(album, dataset, divisions, pathways)


def _add_gene_sets(
    album: Album, dataset: str, divisions: Sequence[Domains], pathways: pd.DataFrame
) -> None:
    """Add the mean scores of gene sets in the first division that has domains."""
    scored = pathways[pathways["status"] == "ok"]
    if len(scored):
        first = next(domains for domains in divisions if domains.available)
        rows = scored[(scored["labels"] == first.id) & (scored["n_domains"] == first.n_domains)]
        title = f"{dataset}: gene sets in the {_short(first)}"
        album.add(
            set_heatmap(rows, title),
            f"pathways_{dataset}",
            kind="markers",
            title=title,
            caption="Mean score (scanpy's score_genes) of the cells of each domain, for the gene "
            f"sets (at most {_SETS}) that differ most between domains. Differences are not tested "
            "for significance.",
            alt=f"Mean scores of {rows['gene_set'].nunique()} gene sets in "
            f"{rows['domain'].nunique()} domains of {dataset}.",
            dataset=dataset,
        )


def domains_and_genes(
    coords: np.ndarray, divisions: Sequence[Domains], values: Mapping[str, np.ndarray], title: str
) -> Figure:
    """Maps of all divisions of the tissue, with maps of the genes below."""
    import matplotlib.pyplot as plt

    spread = np.maximum(np.ptp(coords, axis=0), 1e-12)
    aspect = float(np.clip(spread[1] / spread[0], 0.2, 5))
    width = math.sqrt(_PANEL_AREA / aspect)
    columns = min(_COLUMNS, max(len(divisions), len(values)))
    above, below = math.ceil(len(divisions) / columns), math.ceil(len(values) / columns)
    figure, axes = plt.subplots(
        above + below,
        columns,
        figsize=(columns * width, (above + below) * (width * aspect + 0.55) + 0.9),
        squeeze=False,
        layout="constrained",
    )
    for ax in axes.flat:
        ax.set_axis_off()
    size = marker_size(spread, len(coords), width)
    drawn = _drawn_codes(divisions)
    colors = [*domain_colors(max((int(codes.max()) + 1 for codes in drawn.values()), default=1))]
    colors.append(UNLABELED)
    for ax, domains in zip(axes[:above].flat, divisions, strict=False):
        ax.set_axis_on()
        codes = drawn.get((domains.id, domains.n_domains))
        draw_map(ax, coords, Map(_short(domains), codes, domains.note), colors, size)
        if domains.id != TRUTH:
            _number_domains(ax, coords, domains)
    for ax, (gene, value) in zip(axes[above:].flat, values.items(), strict=False):
        ax.set_axis_on()
        ax.set_aspect("equal")
        no_frame(ax)
        order = np.argsort(value, kind="stable")  # the highest on top
        points = ax.scatter(
            *coords[order].T[:2], c=value[order], s=size, lw=0, cmap="viridis", rasterized=True
        )
        ax.set_title(gene, style="italic")
        figure.colorbar(points, ax=ax, shrink=0.6, pad=0.01)
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left")
    truth = next((domains for domains in divisions if domains.id == TRUTH), None)
    if truth is not None and truth.available:
        unlabeled = bool((truth.codes < 0).any())
        codes = drawn[truth.id, truth.n_domains]
        numbers = dict(zip(truth.codes.tolist(), codes.tolist(), strict=True))
        shown = {name: colors[numbers[i]] for i, name in enumerate(truth.names) if i in numbers}
        domain_legend(figure, list(shown), list(shown.values()), columns, unlabeled=unlabeled)
    return figure


def _drawn_codes(divisions: Sequence[Domains]) -> dict[tuple[str, int], np.ndarray]:
    """Codes (n_cells,) by id and number of domains.

    True domains have the codes of the main map that they match.
    """
    available = [domains for domains in divisions if domains.available]
    drawn = {(domains.id, domains.n_domains): domains.codes for domains in available}
    main = [codes for name in MAIN for (one, _), codes in drawn.items() if one == name]
    for key in [key for key in drawn if key[0] == TRUTH and main]:
        drawn[key] = match_labels(main[0], drawn[key])
    return drawn


def _number_domains(ax: Axes, coords: np.ndarray, domains: Domains) -> None:
    """Write each domain's number on the cell nearest to its middle."""
    from matplotlib.patheffects import withStroke

    for code in domains.sizes:
        cells = coords[domains.codes == code][:, :2]
        x, y = cells[np.abs(cells - np.median(cells, axis=0)).sum(axis=1).argmin()]
        text = ax.text(x, y, domains.names[code], ha="center", va="center", fontsize=8)
        text.set_path_effects([withStroke(linewidth=2, foreground="white")])


def statistics_plot(tested: pd.DataFrame, divisions: Sequence[Domains], title: str) -> Figure:
    """Log2 fold change and rank: a row of panels for each gene, a panel for each division.

    Args:
        tested: rows of ``stbench.markers.differential_expression.gene_statistics`` that are ok.
        divisions: in the order of the panels; those without a row are skipped.
    """
    import matplotlib.pyplot as plt

    genes = list(dict.fromkeys(tested["gene"]))
    key = tested["labels"] + "/" + tested["n_domains"].astype(str)
    shown = [d for d in divisions if f"{d.id}/{d.n_domains}" in set(key)]
    most = max(len(d.sizes) for d in shown)
    figure, axes = plt.subplots(
        len(genes),
        len(shown),
        figsize=(0.6 + 3.1 * len(shown), 0.8 + len(genes) * (0.75 + 0.24 * most)),
        sharex=True,
        squeeze=False,
        layout="constrained",
    )
    for row, gene in zip(axes, genes, strict=True):
        for ax, domains in zip(row, shown, strict=True):
            rows = tested[(tested["gene"] == gene) & (key == f"{domains.id}/{domains.n_domains}")]
            fold, marker = rows["log2_fold_change"].astype(float), rows["marker"].astype(bool)
            colors = np.where(marker, _MARKER, _OTHER)
            ax.scatter(fold, range(len(rows)), c=colors, s=28, zorder=2)
            for y, (x, rank) in enumerate(zip(fold, rows["rank"], strict=True)):
                ax.annotate(
                    f"{rank:.0f}", (x, y), (5, 0), textcoords="offset points", va="center",
                    fontsize=7, color=QUIET,
                )  # fmt: skip
            ax.axvline(0, color=QUIET, lw=0.6)
            ax.axvline(FOLD, color=QUIET, lw=0.6, ls=(0, (4, 3)))
            names = [
                f"{domain} ({cells:.0f})" for domain, cells in rows[["domain", "cells"]].values
            ]
            ax.set_yticks(range(len(rows)), names, fontsize=8)
            ax.set_ylim(len(rows) - 0.4, -0.6)
            ax.margins(x=0.18)
            ax.set_title(f"{gene}, {_short(domains)}", fontsize=9)
    for ax in axes[-1]:
        ax.set_xlabel("log2 fold change; rank beside the mark", fontsize=8)
    figure.legend(
        handles=[quick_dot(_MARKER, "marker"), quick_dot(_OTHER, "not a marker")],
        loc="outside lower left",
        ncols=2,
    )
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left")
    return figure


def set_heatmap(scored: pd.DataFrame, title: str) -> Figure:
    """Mean scores of gene sets by domain for one division; the sets that differ most are shown.

    Args:
        scored: rows of ``stbench.markers.differential_expression.set_means`` that are ok.
    """
    import matplotlib.pyplot as plt

    table = scored.pivot(index="gene_set", columns="domain", values="mean")
    table = table[list(dict.fromkeys(scored["domain"]))]
    spread = (table.max(axis=1) - table.min(axis=1)).sort_values(ascending=False, kind="stable")
    table = table.loc[spread.index[:_SETS]]
    limit = max(float(np.abs(table.to_numpy()).max()), 1e-9)
    figure, ax = plt.subplots(
        figsize=(4.0 + 0.55 * table.shape[1], 1.6 + 0.2 * len(table)), layout="constrained"
    )
    image = ax.imshow(table, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
    names = [name if len(name) < 45 else f"{name[:43]}.." for name in table.index]
    ax.set_yticks(range(len(table)), names, fontsize=7)
    ax.set_xticks(range(table.shape[1]), list(table.columns), rotation=45, ha="right", fontsize=8)
    figure.colorbar(image, ax=ax, shrink=0.7, label="mean score")
    figure.suptitle(title, fontweight="bold", x=0.01, ha="left")
    return figure


def _colors(divisions: Sequence[Domains]) -> str:
    """What the domains of methods were matched to."""
    available = {domains.id for domains in divisions if domains.available}
    main = next((name for name in MAIN if name in available), None)
    if main:
        return f", in the colors of the matched domains of the {main} map"
    return ", in the colors of the matched true domains" if TRUTH in available else ""


def _short(domains: Domains) -> str:
    """The name of a division, with the number of domains unless it is the truth."""
    return domains.title if domains.id == TRUTH else f"{domains.title}, {domains.n_domains}"
