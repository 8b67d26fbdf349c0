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
from stbench.results.aggregates import methods_that_ran, score_table


def rankings(results: pd.DataFrame, rank_by: str) -> dict[Policy, Ranking]:
    """The ranking of methods that ran by mean final ARI, by policy, over datasets with a truth."""
    with_truth = results[~results["exploratory"] & (results["clusterer"] == rank_by)]
    final = score_table(with_truth, "ARI", "final")
    methods = methods_that_ran(results)
    scores = final.pivot_table(index="dataset", columns="method", values="mean", dropna=False)
    return {policy: rank_methods(scores.reindex(columns=methods), policy) for policy in POLICIES}


def ranking_tables(results: pd.DataFrame, rank_by: str) -> dict[str, pd.DataFrame]:
    """``ranks`` and ``pairs``, one block of rows per policy.

    ``ranks``: ``policy``, ``method``, ``mean_rank`` with its 95 % interval ``low``, ``high``,
    ``datasets``, ``tied_groups`` (numbers of the groups of methods that do not differ
    significantly, empty for a method that differs from all), ``friedman_p``, ``note``. ``pairs``:
    ``policy``, ``one``, ``other``, ``p`` (Wilcoxon), ``p_holm``, ``n``.
    """
    ranks, pairs = [], []
    for policy, ranking in rankings(results, rank_by).items():
        groups = tied_groups(ranking)
        table = rank_intervals(ranking).rename_axis("method").reset_index()
        members = [
            " ".join(str(i + 1) for i, group in enumerate(groups) if method in group)
            for method in table["method"]
        ]
        table = table.assign(
            datasets=len(ranking.scores),
            tied_groups=members,
            friedman_p=ranking.friedman_p,
            note=note(ranking),
        )
        ranks.append(table)
        pairs.append(ranking.pairs)
        for tables in (ranks, pairs):
            tables[-1].insert(0, "policy", policy)
    return {"ranks": pd.concat(ranks), "pairs": pd.concat(pairs)}
