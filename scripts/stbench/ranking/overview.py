"""What a run found out about each method, one row each: accuracy, continuity, stability, cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from stbench.common.constants import ORACLE_CLUSTERER
from stbench.config.degradation import UNTOUCHED
from stbench.config.tissues import TISSUES
from stbench.ranking.ranks import mean_ranks, places
from stbench.ranking.robustness import rank_robustness, rank_spans
from stbench.ranking.selection import (
    OWN,
    by_tissue,
    final_scores,
    headline,
    mean_over_units,
    methods_with_labels_only,
    ranked_methods,
    units_of,
)
from stbench.results.aggregates import methods_that_ran, score_table
from stbench.results.assembly import in_order, one_row_per_fit


def best_first(results: pd.DataFrame, rank_by: str) -> tuple[list[str], list[str]]:
    """The methods that ran, and the controls, both from best to worst.

    The order is that of the leaderboard: of the mean rank on the headline (real tissues, where
    there are any), ties and controls without a rank by mean ARI.

    Args:
        results, rank_by: as for ``overview``.
    """
    rows = headline(results, rank_by)
    order = pd.DataFrame(index=methods_that_ran(results))
    control = results.drop_duplicates("method").set_index("method")["control"]
    order["rank"] = mean_ranks(final_scores(rows, rank_by), units_of(results)).round(9)
    ari = mean_over_units(_final(rows, "ARI", rank_by), units_of(results))
    order["ari"] = -ari.reindex(order.index)
    order = in_order(order.rename_axis("method").reset_index(), ["method"]).set_index("method")
    names = order.sort_values(["rank", "ari"], kind="stable").index
    return [name for name in names if not control[name]], [n for n in names if control[n]]


def overview(results: pd.DataFrame, rank_by: str) -> pd.DataFrame:
    """One row per method that ran: methods, then controls, in the order of ``best_first``.

    All columns but those of accuracy are about the datasets of the headline.

    Args:
        results: of ``stbench.results.assembly.assemble``, without studies.
        rank_by: the clusterer that ranks.

    Returns:
        By method: ``control``; ``ranked`` (methods, and controls that smooth); ``rank`` among the
        methods, with ``best`` and ``worst`` over all conditions of
        ``stbench.ranking.robustness`` (empty for controls); ``<tissue>``, the mean final ARI over
        studies of each kind of tissue that is ranked; ``scored`` and ``datasets``, the numbers of
        datasets of the headline with a score and in all; ``continuity``, 1 - PAS, the share of
        cells with a label that is usual among their neighbors; the spreads of ARI ``seeds`` (sd
        over training seeds, 0 for a deterministic method), ``starts`` (sd over starts of k-means)
        and ``clusterers`` (largest minus smallest mean), the latter two empty for a method that
        gives labels only; ``seconds`` and ``memory`` (MB) of a fit. An unknown value is NaN.
        No rows if no dataset is ranked.
    """
    parts = {kind: rows for kind, rows in by_tissue(results, rank_by).items() if _scored(rows)}
    if not parts:
        return pd.DataFrame()
    rows = next(iter(parts.values()))
    methods = methods_that_ran(results)
    control = results.drop_duplicates("method").set_index("method")["control"].loc[methods]
    units = units_of(results)
    board = pd.DataFrame({"control": control})
    board["ranked"] = board.index.isin(ranked_methods(results))
    order = mean_ranks(final_scores(rows, rank_by), units)
    board["rank"] = places(order[[name for name in order.index if not control[name]]])
    board = board.join(_spans(rows, rank_by, control))
    for kind in TISSUES:
        if kind in parts:
            board[kind] = mean_over_units(_final(parts[kind], "ARI", rank_by), units)
    final = _final(rows, "ARI", rank_by)
    board["scored"] = final.notna().sum()
    board["datasets"] = len(final)
    board["continuity"] = 1 - mean_over_units(_final(rows, "PAS", rank_by), units)
    for name, spread in _spreads(rows, rank_by).items():
        board[name] = mean_over_units(spread, units)
    fits = one_row_per_fit(rows)
    costs = fits[fits["fit_status"] == "ok"].groupby(["dataset", "method"])
    board["seconds"] = costs["seconds"].mean().groupby("method").mean()
    board["memory"] = costs["peak_rss_mb"].max().groupby("method").max()
    first, last = best_first(results, rank_by)
    return board.loc[[*first, *last]]


def losses(curves: pd.DataFrame, rank_by: str) -> pd.DataFrame:
    """How much final ARI the methods lose where their data are degraded.

    Args:
        curves: ``robustness_curves`` of ``stbench.results.studies.robustness_tables``.
        rank_by: the clusterer that ranks.

    Returns:
        By method ``lost_<way>``: the ARI on the original data minus that at the strongest level,
        the mean over the datasets; NaN if one of the scores is missing.
    """
    rows = curves[curves["clusterer"] == rank_by]
    away = (rows["level"] - rows["way"].map(UNTOUCHED)).abs()
    ends = {}
    for name, chosen in (("first", "idxmin"), ("last", "idxmax")):
        index = away.groupby([rows["dataset"], rows["method"], rows["way"]]).agg(chosen)
        ends[name] = rows.loc[index].set_index(["dataset", "method", "way"])
    lost = ends["first"]["mean"] - ends["last"]["mean"]
    lost = lost.where(ends["first"]["level"] != ends["last"]["level"]).unstack("way")
    return lost.groupby("method").agg(lambda values: values.mean(skipna=False)).add_prefix("lost_")


def usability(methods: Iterable[str], entries: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """What the entries of methods say about their use; NaN for a method without an entry.

    Args:
        methods: ids.
        entries: of ``config/methods.yaml``, by id.

    Returns:
        By method: ``shared`` (it needs no environment of its own), ``deterministic`` (it ignores
        its seed), ``cpu`` (it asks for no GPU).
    """
    facts = {
        name: {
            "shared": "environment" not in entry,
            "deterministic": bool(entry.get("deterministic")),
            "cpu": "gpu" not in entry.get("resources", {}),
        }
        for name in methods
        if (entry := entries.get(name)) is not None
    }
    return pd.DataFrame.from_dict(facts, orient="index", dtype="boolean").reindex(methods)


def _scored(results: pd.DataFrame) -> bool:
    ari = results[~results["exploratory"] & (results["metric"] == "ARI")]
    return bool(ari["value"].notna().any())


def _spans(results: pd.DataFrame, rank_by: str, control: pd.Series) -> pd.DataFrame:
    """``best`` and ``worst`` place among the methods."""
    table = rank_robustness(results, rank_by)
    table = table[~table["method"].map(control)]
    among = table.groupby("condition")["rank"].rank(method="min")
    return rank_spans(table.assign(rank=among))


def _final(results: pd.DataFrame, metric: str, clusterer: str) -> pd.DataFrame:
    """(datasets with a truth, methods) means over seeds."""
    rows = results[~results["exploratory"] & (results["clusterer"] == clusterer)]
    return _wide(score_table(rows, metric, "final"), "mean")


def _spreads(results: pd.DataFrame, rank_by: str) -> dict[str, pd.DataFrame]:
    """(datasets, methods) spreads of the final ARI."""
    rows = results[
        ~results["exploratory"] & (results["metric"] == "ARI") & (results["protocol"] == "final")
    ]
    fixed = list(rows.loc[rows["deterministic"], "method"].unique())
    labels_only = methods_with_labels_only(rows)
    clustered = rows[(rows["clusterer"] != OWN) & ~rows["method"].isin(labels_only)]
    table = score_table(clustered, "ARI", "final")
    starts = table[table["clusterer"] == ORACLE_CLUSTERER]
    means = table.dropna(subset=["mean"]).groupby(["dataset", "method"])["mean"]
    between = (means.max() - means.min())[means.count() > 1].rename("mean").reset_index()
    seeds = score_table(rows[rows["clusterer"] == rank_by], "ARI", "final")
    seeds.loc[seeds["method"].isin(fixed) & seeds["mean"].notna(), "sd"] = 0.0
    spreads = {"seeds": _wide(seeds, "sd"), "clusterers": _wide(between, "mean")}
    return {**spreads, "starts": _wide(starts, "sd_clustering")}


def _wide(table: pd.DataFrame, column: str) -> pd.DataFrame:
    wide = table.pivot_table(index="dataset", columns="method", values=column, dropna=False)
    return wide.dropna(how="all")
