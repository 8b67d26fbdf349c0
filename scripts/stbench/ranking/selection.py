"""What is ranked: kinds of tissues, methods, scores, and independent units."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from stbench.clustering.stage import LABELS_ONLY
from stbench.config.tissues import TISSUES
from stbench.ranking.ranks import Policy
from stbench.ranking.seed_failures import scores_with_failures
from stbench.results.aggregates import methods_that_ran

OWN = "own"  # labels that a method assigns itself; comparing them is no choice of a clusterer


def final_scores(
    results: pd.DataFrame, clusterer: str, metric: str = "ARI", policy: Policy = "worst"
) -> pd.DataFrame:
    """(datasets with a truth, ranked methods) scores of the last epoch.

    Means over seeds; failed seeds count as ``scores_with_failures`` says.
    """
    methods = ranked_methods(results)
    rows = results[~results["exploratory"] & (results["clusterer"] == clusterer)]
    rows = rows[rows["method"].isin(methods)]
    scores, _ = scores_with_failures(rows, policy, metric)
    return scores.reindex(columns=methods)


def competing(scores: pd.DataFrame, ranking: pd.DataFrame) -> pd.DataFrame:
    """The scores of those that compete under a clusterer: methods with any score under it.

    Some methods alone have labels of their own, and only they can fail under that clusterer. A
    method without any score under the clusterer that ranks failed everywhere: it stays, and is the
    last.

    Args:
        scores: of ``final_scores`` under the clusterer.
        ranking: the same under the clusterer that ranks.
    """
    failed = ranking.isna().all().reindex(scores.columns, fill_value=False)
    return scores.loc[:, scores.notna().any() | failed]


def ranked_methods(results: pd.DataFrame) -> list[str]:
    """Methods that ran and controls that smooth; other controls are shown beside the ranking."""
    ranked = set(results.loc[results["ranked"], "method"])
    return [method for method in methods_that_ran(results) if method in ranked]


def methods_with_labels_only(results: pd.DataFrame) -> set[str]:
    """Methods without an embedding, whose own labels count under every clusterer."""
    return set(results.loc[results["reason"] == LABELS_ONLY, "method"])


def anything_ranked(results: pd.DataFrame, rank_by: str) -> bool:
    """Whether any dataset has true labels and a score, so that methods can be ranked."""
    return bool(final_scores(results, rank_by).notna().to_numpy().any())


def units_of(results: pd.DataFrame) -> dict[str, str]:
    """The independent unit of each dataset."""
    return dict(results[["dataset", "unit"]].drop_duplicates().itertuples(index=False, name=None))


def mean_over_units(table: pd.DataFrame, units: Mapping[str, str]) -> pd.Series:
    """Mean of each column over the datasets (rows) of each unit that have a value, then over units.

    Sections of one study do not count more than a study with a single section, as for ranks.
    """
    if table.empty:
        return table.mean()
    return table.groupby([units[name] for name in table.index]).mean().mean()


def by_tissue(results: pd.DataFrame, rank_by: str) -> dict[str, pd.DataFrame]:
    """The rows of each kind of tissue with a ranked dataset, the headline first.

    Kinds are ranked apart: methods that are good on simulated tissues need not be on real ones. If
    no dataset is ranked, the rows are those of the first kind.
    """
    there = [kind for kind in TISSUES if (results["tissue"] == kind).any()]
    parts = {kind: results[results["tissue"] == kind] for kind in there}
    ranked = {kind: rows for kind, rows in parts.items() if anything_ranked(rows, rank_by)}
    return ranked or dict(list(parts.items())[:1])


def headline(results: pd.DataFrame, rank_by: str) -> pd.DataFrame:
    """The rows of the first kind of tissue: real ones, where any is ranked."""
    return next(iter(by_tissue(results, rank_by).values()), results)
