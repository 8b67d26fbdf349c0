"""Tables of ranks and of pairs of methods, under each policy for failures."""

from __future__ import annotations

import pandas as pd

from stbench.ranking.certainty import note
from stbench.ranking.ranks import (
    POLICIES,
    Policy,
    Ranking,
    rank_intervals,
    rank_methods,
    tied_groups,
)
from stbench.ranking.selection import by_tissue, final_scores, units_of


def rankings(results: pd.DataFrame, rank_by: str) -> dict[Policy, Ranking]:
    """The ranking by mean final ARI over datasets with a truth, by policy.

    Args:
        results: of ``stbench.results.assembly.assemble``, of one kind of tissue.
        rank_by: the clusterer that ranks.

    Returns:
        Rankings of the methods that ran and of the controls that smooth.
    """
    units = units_of(results)
    return {
        policy: rank_methods(final_scores(results, rank_by, policy=policy), policy, units)
        for policy in POLICIES
    }


def ranking_tables(results: pd.DataFrame, rank_by: str) -> dict[str, pd.DataFrame]:
    """``ranks`` and ``pairs``, one block of rows per kind of tissue and policy.

    ``ranks``: ``tissue``, ``policy``, ``method``, ``mean_rank`` over units with its 95 % interval
    ``low``, ``high``, ``first`` (share of draws of units in which the method is first),
    ``datasets``, ``units``, ``tied_groups`` (numbers of the groups of methods that do not differ
    significantly, empty for a method that differs from all), ``friedman_p``,
    ``iman_davenport_p``, ``note``. ``pairs``: ``tissue``, ``policy``, ``one``, ``other``, ``p``
    (Wilcoxon), ``p_holm``, ``n``.
    """
    ranks, pairs = [], []
    for tissue, rows in by_tissue(results, rank_by).items():
        for policy, ranking in rankings(rows, rank_by).items():
            groups = tied_groups(ranking)
            table = rank_intervals(ranking).rename_axis("method").reset_index()
            members = [
                " ".join(str(i + 1) for i, group in enumerate(groups) if method in group)
                for method in table["method"]
            ]
            table = table.assign(
                datasets=len(ranking.scores),
                units=len(ranking.unit_ranks),
                tied_groups=members,
                friedman_p=ranking.friedman_p,
                iman_davenport_p=ranking.iman_davenport_p,
                note=note(ranking),
            )
            ranks.append(table)
            pairs.append(ranking.pairs)
            for tables in (ranks, pairs):
                tables[-1].insert(0, "policy", policy)
                tables[-1].insert(0, "tissue", tissue)
    return {"ranks": pd.concat(ranks), "pairs": pd.concat(pairs)}
