"""The figures that set methods side by side over all datasets.

Each function adds one figure, or several of a kind, to an album, or nothing where the results have
nothing to show: no truth, no oracle, a single dataset or a single size.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from stbench.figures.figure_set import Album
from stbench.figures.style import CLUSTERER_WORDS
from stbench.ranking.certainty import as_sentence, note
from stbench.ranking.ranks import POLICY_WORDS
from stbench.ranking.tables import rankings
from stbench.results.aggregates import score_table

_MEANING = {"final": "last epoch", "oracle": "best epoch, chosen by the true labels"}


def add_comparisons(
    album: Album,
    results: pd.DataFrame,
    titles: dict[str, str],
    rank_by: str,
    *,
    cells: Mapping[str, int],
) -> None:
    """Add all of them.

    Args:
        album: takes the figures.
        results: of ``stbench.results.assembly``.
        titles: what to call the methods, by id, in order.
        rank_by: id of the clusterer that ranks.
        cells: number of cells by dataset.
    """
    known = results[~results["exploratory"] & (results["clusterer"] == rank_by)]
    how = CLUSTERER_WORDS.get(rank_by, rank_by)
    add_heatmaps(album, known, titles, how)
    add_boxes(album, known, titles, how)
    add_gap(album, known, titles, how)
    add_ranks(album, results, titles, rank_by)
    add_costs(album, results, titles, cells)


def add_heatmaps(album: Album, known: pd.DataFrame, titles: dict[str, str], how: str) -> None:
    """Mean ARI of every method on every dataset, for the last and for the best epoch."""
    from stbench.figures.heatmap import score_heatmap

    for protocol, meaning in _MEANING.items():
        table = score_table(known, "ARI", protocol)
        defined = set(table[table["mean"].notna()]["method"])
        shown = {m: t for m, t in titles.items() if protocol == "final" or m in defined}
        table = table[table["method"].isin(shown)]
        if not len(table):
            continue
        title = f"ARI of the {meaning} ({how})"
        best = table.loc[table["mean"].idxmax()] if defined else None
        top = (
            f"; the highest is {best['mean']:.2f}, {titles[best['method']]} on {best['dataset']}"
            if best is not None
            else ""
        )
        album.add(
            score_heatmap(table, shown, title),
            f"heatmap_ARI_{protocol}",
            kind="heatmap",
            title=title,
            caption="Mean over training seeds and, small, their standard deviation. A cell without "
            "a number says why; the legend explains the words.",
            alt=f"Heat map of ARI, methods ({len(shown)}) by datasets "
            f"({table['dataset'].nunique()}){top}.",
        )


def add_boxes(album: Album, known: pd.DataFrame, titles: dict[str, str], how: str) -> None:
    """The final ARI of every run."""
    from stbench.figures.boxplots import score_boxes

    rows = known[(known["metric"] == "ARI") & (known["protocol"] == "final")]
    medians = rows.groupby("method")["value"].median().dropna()
    if not len(medians):
        return
    title = f"Final ARI of every run ({how})"
    album.add(
        score_boxes(rows[["dataset", "method", "value", "status"]], titles, title),
        "box_ARI",
        kind="box",
        title=title,
        caption="A point is a training seed on a dataset; boxes span the quartiles, lines the "
        "median, whiskers the farthest points within 1.5 box lengths. Methods by their median; "
        "runs without a score are counted on the right.",
        alt=f"Box plots of final ARI by method; the highest median is {medians.max():.2f}, "
        f"{titles[medians.idxmax()]}.",
    )


def add_gap(album: Album, known: pd.DataFrame, titles: dict[str, str], how: str) -> None:
    """What an oracle for the epoch adds to each method."""
    from stbench.figures.oracle_gap import gap_dumbbells

    ari = known[(known["metric"] == "ARI") & known["protocol"].isin(["oracle", "final"])]
    runs = ari.pivot_table(
        index=["dataset", "method", "seed"], columns="protocol", values="value", dropna=False
    )
    if "oracle" not in runs or runs.dropna().empty:
        return
    pairs = runs.dropna().groupby(level=["dataset", "method"]).mean().reset_index()
    gaps = (pairs["oracle"] - pairs["final"]).groupby(pairs["method"]).mean()
    title = f"ARI of the best and of the last epoch ({how})"
    album.add(
        gap_dumbbells(pairs, titles, title),
        "gap",
        kind="gap",
        title=title,
        caption="Large: means over datasets, small: each dataset. The number on the right is the "
        "gap: what choosing the epoch by the true labels adds, which nobody can do on new data.",
        alt=f"Best and last epoch by method; the largest gap is {gaps.max():.2f}, "
        f"{titles[gaps.idxmax()]}.",
    )


def add_ranks(album: Album, results: pd.DataFrame, titles: dict[str, str], rank_by: str) -> None:
    """Mean ranks under each policy for failures, and the ranks from dataset to dataset."""
    from stbench.figures.bump_chart import rank_bump
    from stbench.figures.critical_difference import critical_difference

    found = rankings(results, rank_by)
    for policy, ranking in found.items():
        if not ranking.scores.size:
            continue
        title = f"Mean rank by final ARI, {POLICY_WORDS[policy]}"
        best = ranking.mean_ranks.index[0]
        album.add(
            critical_difference(ranking, titles, title),
            f"critical_difference_{policy}",
            kind="critical_difference",
            title=title,
            caption="Mean rank over datasets with its 95 % bootstrap interval; bars on the right "
            "join methods that cannot be told apart (Demsar, JMLR 2006). "
            + (f"{as_sentence(why)}." if (why := note(ranking)) else ""),
            alt=f"Mean ranks of {len(ranking.mean_ranks)} methods; the best is {titles[best]} with "
            f"{ranking.mean_ranks.iloc[0]:.1f} over {len(ranking.scores)} datasets.",
        )
    ranks = found["worst"].ranks
    if min(ranks.shape) < 2:
        return
    final = results[
        ~results["exploratory"]
        & (results["clusterer"] == rank_by)
        & (results["metric"] == "ARI")
        & (results["protocol"] == "final")
    ]
    order = [name for name in dict.fromkeys(final["dataset"]) if name in ranks.index]
    ranks = ranks.loc[order, [method for method in titles if method in ranks]]
    means = final.pivot_table(index="dataset", columns="method", values="value", dropna=False)
    failed = means.reindex(index=ranks.index, columns=ranks.columns).isna()
    quiet = set(results.loc[results["control"], "method"])
    title = "Ranks by final ARI from dataset to dataset"
    album.add(
        rank_bump(ranks, failed, titles, quiet, title),
        "bump",
        kind="bump",
        title=title,
        caption="1, on top, is the best; ties share their mean rank. Controls are grey and dashed.",
        alt=f"Ranks of {ranks.shape[1]} methods on {ranks.shape[0]} datasets, a line per method.",
    )


def add_costs(
    album: Album, results: pd.DataFrame, titles: dict[str, str], cells: Mapping[str, int]
) -> None:
    """Seconds and memory of the fits against the number of cells; not with a single size."""
    from stbench.figures.scaling import SIZES_TO_FIT, SPAN_TO_FIT, scaling_panels

    fits = results.drop_duplicates(["dataset", "method", "seed"])
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
        costs = costs[costs["value"] > 0]
        if costs["cells"].nunique() < 2:
            continue
        title = f"{what} against the number of cells"
        album.add(
            scaling_panels(costs, titles, unit, title),
            stem,
            kind=stem,
            title=title,
            caption="A point is a fit, the start of its program included; both axes are "
            "logarithmic, other methods lie faintly behind. The line is a power law through the "
            f"medians of the sizes, drawn where at least {SIZES_TO_FIT} of them span a factor of "
            f"{SPAN_TO_FIT:g}. Datasets differ in genes and settings too.",
            alt=f"{what} of {costs['method'].nunique()} methods, {costs['cells'].min()} to "
            f"{costs['cells'].max()} cells, a panel per method.",
        )
