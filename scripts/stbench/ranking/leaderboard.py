"""The leaderboard: methods by mean rank over datasets, and the effect of the clusterer on it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import pandas as pd

from stbench.common.constants import OF_KMEANS
from stbench.common.errors import InputError
from stbench.ranking.ranks import mean_ranks, places
from stbench.ranking.selection import (
    OWN,
    by_tissue,
    competing,
    final_scores,
    mean_over_units,
    units_of,
)
from stbench.results.aggregates import (
    NO_BASELINE,
    fold_statuses,
    gain_table,
    lift_table,
    score_tables,
)
from stbench.results.assembly import in_order
from stbench.results.oracle import oracle_clusterer


class Order(NamedTuple):
    """Other clusterers with the same order of methods, and those with another order."""

    same: list[str]
    changed: list[str]

    @property
    def summary(self) -> str:
        """For a column of a table."""
        parts = {"is the same under": self.same, "changes under": self.changed}
        words = "; ".join(f"{word}: {', '.join(names)}" for word, names in parts.items() if names)
        return f"order {words}" if words else "no other clusterer to compare with"


def leaderboards(
    results: pd.DataFrame, rank_by: str, no_baseline: str = NO_BASELINE
) -> pd.DataFrame:
    """``leaderboard`` of each kind of tissue, the headline first, with a column ``tissue``.

    Args, errors: as for ``leaderboard``.
    """
    check_clusterer(results, rank_by)
    parts = []
    for tissue, rows in by_tissue(results, rank_by).items():
        parts.append(leaderboard(rows, rank_by, no_baseline))
        parts[-1].insert(0, "tissue", tissue)
    return pd.concat(parts, ignore_index=True)


def leaderboard(
    results: pd.DataFrame, rank_by: str, no_baseline: str = NO_BASELINE
) -> pd.DataFrame:
    """Rank all methods by their final ARI.

    On each dataset with a known truth on which any method has a score, methods are ranked by the
    mean ARI of the last epoch; equal scores share the mean of their ranks, and a method without a
    score gets the worst rank, so a method cannot improve its rank by failing on difficult data.
    Ranks are averaged within units, then over units. Controls that smooth have a mean rank, as if
    they were methods, so that they can be compared; the place ``rank`` is counted among methods
    alone. Other controls have no mean rank, nor has a method that did not run on any dataset; its
    reason is given.

    Args:
        results: of ``stbench.results.assembly.assemble``, of one kind of tissue.
        rank_by: the clusterer that ranks.
        no_baseline: the reason for a missing lift if the baseline has no results.

    Returns:
        One row per method, best first, controls last: ``rank``, ``method``, ``control``,
        ``implementation``, ``rank_by``, ``oracle_by`` (the clusterer of the protocols of k-means
        and of ``gap``),
        ``mean_rank``, the means over units of ``ARI_<protocol>``, ``gap`` (oracle minus final,
        both under ``oracle_by``: the effect of choosing the epoch by the true
        labels), ``gain`` and ``lift`` (over those datasets that have one), ``datasets``
        (with a score / ranked), ``order`` (clusterers under which the order of methods is
        the same, and under which it changes), ``rank_<clusterer>`` for each other clusterer (empty
        for a method without any score under it), ``status`` and ``reason`` (of missing values).

    Raises:
        InputError: there are no scores under ``rank_by``.
    """
    check_clusterer(results, rank_by)
    clusterers = sorted(results["clusterer"].unique())
    with_truth = results[~results["exploratory"]]
    oracle_by = oracle_clusterer(results, rank_by)
    tables = score_tables(with_truth, ["ARI"])
    tables |= {"gain": gain_table(with_truth), "lift": lift_table(with_truth, no_baseline)}

    methods = results.drop_duplicates("method").set_index("method")[["implementation", "control"]]
    board = pd.DataFrame(index=methods.index)
    board["control"] = methods["control"]
    board["implementation"] = methods["implementation"]
    board["rank_by"] = rank_by
    board["oracle_by"] = oracle_by
    finals = {
        name: _by_dataset(tables["ARI_final"], name, methods.index)
        for name in dict.fromkeys([rank_by, oracle_by])
    }
    final = finals[rank_by]
    scores = {name: final_scores(results, name).dropna(how="all") for name in clusterers}
    units = units_of(results)
    board["mean_rank"] = mean_ranks(scores[rank_by], units)
    of_kmeans = [f"ARI_{protocol}" for protocol in OF_KMEANS]
    clusterer_of = dict.fromkeys(tables, rank_by) | dict.fromkeys(of_kmeans, oracle_by)
    for name, table in tables.items():
        wide = _by_dataset(table, clusterer_of[name], methods.index)
        board[name] = mean_over_units(wide, units)
    oracle = _by_dataset(tables["ARI_oracle"], oracle_by, methods.index)
    gap = mean_over_units(oracle - finals[oracle_by], units)
    board.insert(board.columns.get_loc("gain"), "gap", gap)
    board["datasets"] = [f"{n}/{len(final)}" for n in final.notna().sum()]
    controls = set(methods.index[methods["control"]])
    board["order"] = compare_orders(scores, rank_by, units, controls).summary
    for name in [name for name in clusterers if name != rank_by]:
        has_place = scores[name].notna().any() & ~board["control"]
        others = mean_ranks(competing(scores[name], scores[rank_by]), units)
        board[f"rank_{name}"] = places(others.reindex(board.index).where(has_place))
    ranked = {
        name: table[table["dataset"].isin(final.index) & (table["clusterer"] == clusterer_of[name])]
        for name, table in tables.items()
    }
    board[["status", "reason"]] = [_status_and_reason(ranked, method) for method in methods.index]
    board = board.reset_index()
    board.insert(0, "rank", places(board["mean_rank"].where(~board["control"])))
    board = in_order(board, ["method"])
    # The last bits make no order; equal ranks are ordered by mean ARI.
    order = board.assign(mean_rank=board["mean_rank"].round(9), ari=-board["ARI_final"])
    order = order.sort_values(["control", "mean_rank", "ari"], kind="stable")
    return board.loc[order.index].reset_index(drop=True)


def check_clusterer(results: pd.DataFrame, rank_by: str) -> None:
    """Check that there are scores under the clusterer that ranks.

    Raises:
        InputError: there are none.
    """
    clusterers = sorted(results["clusterer"].unique())
    if rank_by not in clusterers:
        raise InputError(f"--rank-by {rank_by}: no scores; use one of {', '.join(clusterers)}")


def order_under_clusterers(results: pd.DataFrame, rank_by: str) -> Order:
    """The order of the methods of ``results`` under other clusterers than ``rank_by``."""
    scores = {name: final_scores(results, name) for name in sorted(results["clusterer"].unique())}
    controls = set(results.loc[results["control"], "method"])
    return compare_orders(scores, rank_by, units_of(results), controls)


def compare_orders(
    scores: Mapping[str, pd.DataFrame],
    rank_by: str,
    units: Mapping[str, str] | None = None,
    controls: Collection[str] = (),
) -> Order:
    """The order of methods under ``rank_by`` and under every other clusterer.

    The methods that have any score under both clusterers are compared; with fewer than two
    methods there is no comparison. Labels that some methods assign themselves are not compared:
    they are no choice for the others, and where a method gives nothing else, they are the same.

    Args:
        scores: by clusterer, (datasets, methods).
        units: the unit of each dataset.
        controls: ranked with the methods, but their places do not count.
    """
    order = Order([], [])
    for name in scores:
        has_score = [scores[clusterer].notna().any() for clusterer in (name, rank_by)]
        both = scores[name].columns[has_score[0] & has_score[1]]
        methods = [method for method in both if method not in controls]
        if name in (rank_by, OWN) or len(methods) < 2:
            continue
        order_of = [
            places(mean_ranks(scores[clusterer][both], units)[methods])
            for clusterer in (name, rank_by)
        ]
        (order.same if order_of[0].equals(order_of[1]) else order.changed).append(name)
    return order


def _by_dataset(table: pd.DataFrame, clusterer: str, methods: pd.Index) -> pd.DataFrame:
    """Means [dataset, method] under a clusterer; datasets without any value are skipped."""
    rows = table[table["clusterer"] == clusterer]
    wide = rows.pivot_table(index="dataset", columns="method", values="mean", dropna=False)
    return wide.reindex(columns=methods).dropna(how="all")


def _status_and_reason(tables: dict[str, pd.DataFrame], method: str) -> tuple[str, str]:
    """Status of a method over the ranked datasets, and why which of its values are missing."""
    by_reason: dict[str, list[str]] = {}
    status = "ok"
    for name, table in tables.items():
        rows = table[table["method"] == method]
        if name == "ARI_final" and len(rows):
            status = fold_statuses(rows["status"].tolist())
        missing = rows[rows["mean"].isna()]
        for reason, datasets in missing.groupby(["status", "reason"], sort=False)["dataset"]:
            where = "" if len(datasets) == len(rows) else f" on {', '.join(datasets)}"
            by_reason.setdefault(": ".join(filter(None, reason)) + where, []).append(name)
    return status, "; ".join(f"{', '.join(names)}: {reason}" for reason, names in by_reason.items())
