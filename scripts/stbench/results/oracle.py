"""The clusterer of the oracle, whose epoch is chosen under k-means with one start."""

from __future__ import annotations

import pandas as pd

from stbench.common.constants import OF_KMEANS, ORACLE_CLUSTERER


def oracle_clusterer(results: pd.DataFrame, rank_by: str) -> str:
    """The clusterer of the oracle scores that are shown beside those of ``rank_by``.

    It is ``rank_by`` if that has oracle scores, or if nothing was clustered by k-means with one
    start.

    Args:
        results: with columns ``clusterer``, ``protocol`` and ``value``.
        rank_by: the clusterer that ranks.
    """
    scored = results[(results["protocol"] == "oracle") & results["value"].notna()]
    known = ORACLE_CLUSTERER in set(results["clusterer"])
    return ORACLE_CLUSTERER if known and rank_by not in set(scored["clusterer"]) else rank_by


def rows_under(results: pd.DataFrame, rank_by: str) -> pd.DataFrame:
    """The rows of one clusterer; those of protocols ``OF_KMEANS`` under ``oracle_clusterer``."""
    by_protocol = (
        results["protocol"]
        .isin(OF_KMEANS)
        .map({True: oracle_clusterer(results, rank_by), False: rank_by})
    )
    return results[results["clusterer"] == by_protocol]
