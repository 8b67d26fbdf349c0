"""Final scores of methods on datasets, with failed training seeds counted under each policy.

A mean over the seeds that ended gives a method credit for failing: the seeds that failed may be
those that would have scored least.
"""

from __future__ import annotations

import pandas as pd

from stbench.ranking.ranks import Policy
from stbench.results.aggregates import final_rows


def scores_with_failures(
    results: pd.DataFrame, policy: Policy, metric: str = "ARI"
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores per dataset and method, and the share of their seeds that failed.

    Every seed of an entry has a row in the results; one without a value failed. Under ``worst`` a
    failed seed counts as the worst score of its dataset: the smallest of the methods' means, and
    never more than 0. Under ``common`` an entry that lacks any seed has no score, so that the
    dataset is left out. An entry without any score has none under either policy.

    Args:
        results: rows of ``stbench.results.assembly.assemble`` of the methods that are ranked, under
            one clusterer, of datasets with a truth.
        policy: one of ``stbench.ranking.ranks.POLICIES``.
        metric: id; higher is better.

    Returns:
        Final scores (datasets, methods), NaN without a score; and the share of failed seeds,
        likewise, NaN for a method that was not requested on the dataset.
    """
    final = results[(results["metric"] == metric) & (results["protocol"] == "final")]
    seeds = final.assign(failed=final["value"].isna()).groupby(["dataset", "method"], sort=False)
    means, failed = seeds["value"].mean().unstack(), seeds["failed"].mean().unstack()
    if policy == "common":
        return means.where(failed == 0), failed
    worst = means.min(axis=1).clip(upper=0)
    # Without a failure this is the mean itself, to the last bit.
    penalized = means * (1 - failed) + failed.mul(worst, axis=0)
    return means.where(failed == 0, penalized), failed


def incomplete_means(results: pd.DataFrame, rank_by: str) -> pd.DataFrame:
    """Entries whose mean final ARI lacks some, but not all, of its training seeds.

    Args:
        results: of ``stbench.results.assembly.assemble``.
        rank_by: the clusterer that ranks.

    Returns:
        ``dataset``, ``method``, ``n`` (seeds with a score) and ``requested``.
    """
    seeds = final_rows(results, rank_by).groupby(["dataset", "method"], sort=False)["value"]
    counts = seeds.agg(n="count", requested="size").reset_index()
    lacking = (counts["n"] > 0) & (counts["n"] < counts["requested"])
    return counts[lacking].reset_index(drop=True)
