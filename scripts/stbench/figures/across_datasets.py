"""The figures that compare methods over all datasets.

Each function adds one figure, or several figures of one kind, to an album. It adds nothing where
the results contain nothing to show: no truth, no oracle, a single dataset or a single size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from stbench.config.tissues import TISSUE_WORDS
from stbench.figures.figure_set import Album
from stbench.figures.style import words_of
from stbench.ranking.certainty import as_sentence, note, where
from stbench.ranking.overview import best_first
from stbench.ranking.ranks import POLICY_WORDS
from stbench.ranking.robustness import rank_robustness, rank_spans
from stbench.ranking.selection import by_tissue
from stbench.ranking.tables import rankings
from stbench.results.aggregates import final_rows, score_table
from stbench.results.assembly import one_row_per_fit
from stbench.results.oracle import oracle_clusterer, rows_under

Bands = Sequence[Sequence[str]]
"""Ids of methods, then of controls, both from best to worst."""


def add_comparisons(
    album: Album,
    results: pd.DataFrame,
    titles: dict[str, str],
    rank_by: str,
    *,
    cells: Mapping[str, int],
    entries: Mapping[str, Mapping[str, Any]],
    curves: pd.DataFrame | None = None,
) -> None:
    """Add all comparisons.

    Args:
        album: receives the figures.
        results: of ``stbench.results.assembly``.
        titles: display names of the methods, by id, in order.
        rank_by: id of the clusterer that ranks.
        cells: number of cells by dataset.
        entries: of ``config/methods.yaml``, by id.
        curves: ``robustness_curves``, if data were degraded.
    """
    with_truth = results[~results["exploratory"]]
    oracle_by = oracle_clusterer(with_truth, rank_by)
    compared = rows_under(with_truth, rank_by)
    words = {"final": words_of(rank_by), "oracle": words_of(oracle_by)}
    add_overview(album, results, titles, rank_by, entries, curves)
    bands = best_first(results, rank_by)
    if len(compared):
        add_heatmap(album, compared, titles, words, bands)
        add_boxes(album, compared, titles, words["final"], bands)
    add_gap(album, with_truth[with_truth["clusterer"] == oracle_by], titles, words["oracle"])
    add_ranks(album, results, titles, rank_by)
    add_costs(album, results, titles, cells, bands)


def add_overview(
    album: Album,
    results: pd.DataFrame,
    titles: dict[str, str],
    rank_by: str,
    entries: Mapping[str, Mapping[str, Any]],
    curves: pd.DataFrame | None = None,
) -> None:
    """One row for each method: rank, accuracy, continuity, stability, robustness, cost, use."""
    from stbench.figures.overview import overview_figure
    from stbench.ranking.overview import losses, overview, usability

    board = overview(results, rank_by)
    if board.empty:
        return
    board = board.join(usability(list(board.index), entries))
    robust = ""
    if curves is not None:
        board = board.join(losses(curves, rank_by))
        sections = ", ".join(dict.fromkeys(curves["dataset"]))
        robust = f"robustness is the ARI that is lost on degraded copies of {sections}; "
    methods = board.index[~board["control"].astype(bool)]
    n, kind = int(board["datasets"].iloc[0]), next(iter(by_tissue(results, rank_by)))
    title = f"{len(methods)} method{'s' * (len(methods) != 1)} on {n} {kind} tissue{'s' * (n != 1)}"
    top = f"; {titles[methods[0]]} is first" if len(methods) else ""
    album.add(
        overview_figure(board, titles, title),
        "overview",
        kind="overview",
        title=title,
        caption=f"Methods by mean rank of final ARI ({words_of(rank_by)}), controls below them. "
        "Accuracy is the mean ARI over studies. All other columns are about the "
        f"{kind} tissues: continuity is 1 - PAS; stability is the standard deviation of the ARI "
        "over training seeds and over starts of k-means, and its range over clusterers; "
        f"{robust}time is a mean, memory the largest of all fits.",
        alt=f"Table of {len(methods)} methods and {len(board) - len(methods)} controls: rank, "
        f"accuracy, continuity, stability, {'robustness, ' if robust else ''}cost, use{top}.",
    )


def add_heatmap(
    album: Album,
    compared: pd.DataFrame,
    titles: dict[str, str],
    clusterers: Mapping[str, str],
    bands: Bands,
) -> None:
    """Mean ARI of every method on every dataset, of the last epoch; the best epoch as a mean.

    Args:
        clusterers: the words for the clusterer of each protocol.
        bands: methods and controls that ran, best first.
    """
    from stbench.figures.heatmap import score_heatmap

    table = score_table(compared, "ARI", "final")
    ran = {method for band in bands for method in band}
    bands = [*bands, [method for method in titles if method not in ran]]
    oracle = score_table(compared, "ARI", "oracle")
    title = f"ARI of the last epoch ({clusterers['final']})"
    best = table.loc[table["mean"].idxmax()] if table["mean"].notna().any() else None
    top = (
        f"; the highest is {best['mean']:.2f}, {titles[best['method']]} on {best['dataset']}"
        if best is not None
        else ""
    )
    kinds = dict(compared[["dataset", "tissue"]].itertuples(index=False, name=None))
    fixed = frozenset(compared.loc[compared["deterministic"], "method"])
    with_oracle = oracle["mean"].notna().any()
    epoch = (
        " The best epoch is chosen by the true labels, which is impossible on new data "
        f"({clusterers['oracle']})."
    )
    album.add(
        score_heatmap(
            *(table, titles, title),
            bands=bands,
            kinds=kinds,
            oracle=oracle if with_oracle else None,
            fixed=fixed,
        ),
        "heatmap_ARI_final",
        kind="heatmap",
        title=title,
        caption="Mean over training seeds; small: the standard deviation, in brackets over starts "
        "of k-means where there is one seed. Methods by rank, controls below them. A mean in "
        "brackets lacks datasets. An entry without a score shows its status, which the legend "
        f"explains.{epoch if with_oracle else ''}",
        alt=f"Heat map of ARI, methods ({table['method'].nunique()}) by datasets "
        f"({table['dataset'].nunique()}){top}.",
    )


def add_boxes(
    album: Album, compared: pd.DataFrame, titles: dict[str, str], clusterer: str, bands: Bands
) -> None:
    """The final ARI on every dataset, mean over seeds."""
    from stbench.figures.boxplots import BOX_FROM, score_boxes

    table = score_table(compared, "ARI", "final")
    medians = table.groupby("method")["mean"].median().dropna()
    if not len(medians):
        return
    title = f"Final ARI on every dataset ({clusterer})"
    boxes = (
        "Boxes span the quartiles, lines mark the median, and whiskers reach the farthest points "
        "within 1.5 box lengths."
        if table["dataset"].nunique() >= BOX_FROM
        else "Lines mark the median."
    )
    album.add(
        score_boxes(table, titles, title, bands),
        "box_ARI",
        kind="box",
        title=title,
        caption=f"A point is the mean over training seeds on one dataset. {boxes} Methods are "
        "sorted by their median, controls are below. Datasets without a score are counted on the "
        "right.",
        alt=f"Final ARI by method on {table['dataset'].nunique()} datasets; the highest median is "
        f"{medians.max():.2f}, {titles[medians.idxmax()]}.",
    )


def add_gap(album: Album, compared: pd.DataFrame, titles: dict[str, str], clusterer: str) -> None:
    """How much an oracle choice of the epoch adds to the ARI of each method."""
    from stbench.figures.oracle_gap import gap_dumbbells

    protocols = ["oracle", "oracle_reclustered", "final"]
    ari = compared[(compared["metric"] == "ARI") & compared["protocol"].isin(protocols)]
    runs = ari.pivot_table(
        index=["dataset", "method", "seed"], columns="protocol", values="value", dropna=False
    )
    runs = runs.reindex(columns=protocols).dropna(subset=["oracle", "final"])
    if runs.empty:
        return
    pairs = runs.groupby(level=["dataset", "method"]).mean().reset_index()
    gaps = (pairs["oracle"] - pairs["final"]).groupby(pairs["method"]).mean()
    title = f"ARI of the best and of the last epoch ({clusterer})"
    album.add(
        gap_dumbbells(pairs, titles, title),
        "gap",
        kind="gap",
        title=title,
        caption="Large marks are means over datasets, small marks single datasets. The number "
        "on the right is the gap: how much the ARI increases if the epoch is chosen by the true "
        "labels. This choice is not possible on new data. Bars mark the best epoch clustered by "
        "starts of k-means that did not choose it; the difference is chance.",
        alt=f"Best and last epoch by method; the largest gap is {gaps.max():.2f}, "
        f"{titles[gaps.idxmax()]}.",
    )


def add_ranks(album: Album, results: pd.DataFrame, titles: dict[str, str], rank_by: str) -> None:
    """For each kind of tissue, mean ranks under each policy for failures, the ranks on each dataset
    and under other conditions; the names of figures of the headline have no suffix."""
    for i, (tissue, rows) in enumerate(by_tissue(results, rank_by).items()):
        suffix = f"_{tissue}".replace("-", "_") if i else ""
        add_mean_ranks(album, rows, titles, rank_by, suffix)
        add_bump(album, rows, titles, rank_by, suffix)
        add_rank_robustness(album, rows, titles, rank_by, suffix)


def add_mean_ranks(
    album: Album, results: pd.DataFrame, titles: dict[str, str], rank_by: str, suffix: str
) -> None:
    """Mean ranks with the groups of methods that do not differ, where a test is possible."""
    from stbench.figures.critical_difference import critical_difference

    for policy, ranking in rankings(results, rank_by).items():
        if not ranking.tested:
            continue
        title = f"Mean rank by final ARI, {_tissues(results)}, {POLICY_WORDS[policy]}"
        best = ranking.mean_ranks.index[0]
        album.add(
            critical_difference(ranking, titles, title),
            f"critical_difference_{policy}{suffix}",
            kind="critical_difference",
            title=title,
            caption="Mean rank over studies with its 95 % interval. Methods with a dot "
            "on the same bar on the right do not differ significantly (Demsar, JMLR 2006). "
            + (f"{as_sentence(why)}." if (why := note(ranking)) else ""),
            alt=f"Mean ranks of {len(ranking.mean_ranks)} methods; the best is {titles[best]} with "
            f"{ranking.mean_ranks.iloc[0]:.1f} over {where(ranking)}.",
        )


def add_bump(
    album: Album, results: pd.DataFrame, titles: dict[str, str], rank_by: str, suffix: str
) -> None:
    """The ranks on each dataset."""
    from stbench.figures.bump_chart import rank_bump

    ranks = rankings(results, rank_by)["worst"].ranks
    if min(ranks.shape) < 2:
        return
    final = final_rows(results, rank_by)
    order = [name for name in dict.fromkeys(final["dataset"]) if name in ranks.index]
    ranks = ranks.loc[order, [method for method in titles if method in ranks]]
    means = final.pivot_table(index="dataset", columns="method", values="value", dropna=False)
    failed = means.reindex(index=ranks.index, columns=ranks.columns).isna()
    controls = set(results.loc[results["control"], "method"])
    title = f"Ranks by final ARI on each dataset, {_tissues(results)}"
    album.add(
        rank_bump(ranks, failed, titles, controls, title),
        f"bump{suffix}",
        kind="bump",
        title=title,
        caption="Rank 1 (top) is best; ties share their mean rank. Controls are dashed. Every "
        "method has the same color and marker in all figures.",
        alt=f"Ranks of {ranks.shape[1]} methods on {ranks.shape[0]} datasets, a line per method.",
    )


def add_rank_robustness(
    album: Album, results: pd.DataFrame, titles: dict[str, str], rank_by: str, suffix: str
) -> None:
    """The rank of every method under other clusterers, metrics, policies and without each study."""
    from stbench.figures.rank_conditions import rank_conditions

    table = rank_robustness(results, rank_by)
    table = table[~table["method"].isin(results.loc[results["control"], "method"])]
    among = table.groupby("condition")["rank"].rank(method="min")
    table = table.assign(rank=among)
    if table["condition"].nunique() < 2 or table["method"].nunique() < 2:
        return
    spans = rank_spans(table)
    stable = int((spans["best"] == spans["worst"]).sum())
    title = f"Rank by condition, {_tissues(results)}"
    album.add(
        rank_conditions(table, titles, title),
        f"rank_conditions{suffix}",
        kind="rank_conditions",
        title=title,
        caption="A column changes one choice of the benchmark; the first is the ranking itself. "
        "Methods are sorted by it, and ranked among themselves, without controls. An empty field "
        "is a method without a score.",
        alt=f"Ranks of {len(spans)} methods under {table['condition'].nunique()} conditions; "
        f"{stable} of them have the same rank under all.",
    )


def _tissues(results: pd.DataFrame) -> str:
    return TISSUE_WORDS[results["tissue"].iloc[0]]


def add_costs(
    album: Album,
    results: pd.DataFrame,
    titles: dict[str, str],
    cells: Mapping[str, int],
    bands: Bands,
) -> None:
    """Seconds and memory of the fits: bars, or curves if the numbers of cells differ enough."""
    fits = one_row_per_fit(results)
    fits = fits[fits["fit_status"] == "ok"]
    fits = fits.assign(cells=fits["dataset"].map(cells))
    device = fits["device"].map({"cuda": "GPU"}).fillna("CPU")
    measures = {
        "runtime": ("Seconds of a fit", "seconds", [("seconds", device)]),
        "memory": (
            "Peak memory of a fit",
            "MB",
            [("peak_rss_mb", "host memory"), ("peak_gpu_mb", "GPU memory")],
        ),
    }
    for stem, (what, unit, columns) in measures.items():
        parts = [
            fits.assign(value=fits[column], series=series)[["method", "cells", "value", "series"]]
            for column, series in columns
        ]
        costs = pd.concat(parts)
        costs = costs[(costs["value"] > 0) & costs["cells"].notna()]
        if len(costs):
            _add_cost(album, stem, what, unit, costs, titles, bands)


def _add_cost(
    album: Album,
    stem: str,
    what: str,
    unit: str,
    costs: pd.DataFrame,
    titles: dict[str, str],
    bands: Bands,
) -> None:
    from stbench.figures.cost_bars import cost_bars
    from stbench.figures.scaling import SIZES_TO_FIT, SPAN_TO_FIT, scaling_panels, sizes_differ

    n, few, many = costs["method"].nunique(), costs["cells"].min(), costs["cells"].max()
    on = f"{few:.0f} cells" if few == many else f"{few:.0f} to {many:.0f} cells"
    if not sizes_differ(costs["cells"].to_numpy()):
        title = f"{what}, {on}"
        album.add(
            cost_bars(costs, titles, unit, title, bands),
            stem,
            kind=stem,
            title=title,
            caption="Bars are medians of the fits of all datasets and seeds, lines span all of "
            "them; the start of the program is included. The datasets are too similar in size to "
            "show how costs grow.",
            alt=f"{what} of {n} methods on datasets of {on}.",
        )
        return
    title = f"{what} against the number of cells"
    album.add(
        scaling_panels(costs, titles, unit, title),
        stem,
        kind=stem,
        title=title,
        caption="A point is one fit and includes the start of its program. Both axes are "
        "logarithmic. Pale gray lines show the other methods. The line is a power law fitted "
        f"to the median of each size; it needs at least {SIZES_TO_FIT} sizes that span a "
        f"factor of {SPAN_TO_FIT:g}. Datasets also differ in genes and settings.",
        alt=f"{what} of {n} methods, {on}, a panel per method.",
    )
