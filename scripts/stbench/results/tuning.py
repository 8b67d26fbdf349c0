"""Methods with the settings that their authors published for a dataset, beside the default ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stbench.common.constants import ORACLE_CLUSTERER
from stbench.results.aggregates import (
    ENTRY,
    fold_reasons,
    fold_statuses,
    sample_of,
    score_table,
)
from stbench.results.assembly import PUBLISHED_SETTINGS, in_order
from stbench.results.statistics import NOTHING, difference, holm, verdict

Published = Mapping[str, Mapping[str, Any]]  # by id of an entry, ``method`` and ``title``

WARNING = (
    "True labels may have informed settings that authors published for single datasets, so these "
    "entries are not ranked."
)
_SIDES = ("default", "published")
_GAIN = ["default", "published", "gain", "n", "low", "high", "p", "p_holm", "verdict"]


def tuned_entries(results: pd.DataFrame) -> Published:
    """The entries with published settings, by id, with the id of their method."""
    rows = results[results["study"] == PUBLISHED_SETTINGS].drop_duplicates("method")
    return {
        row.method: {"method": str(row.method).partition("__")[0], "title": row.title}
        for row in rows.itertuples()
    }


def settings_tables(results: pd.DataFrame, published: Published) -> dict[str, pd.DataFrame]:
    """The tables of methods with published settings, by file name; none if there are none."""
    if not published:
        return {}
    return {
        "tuning_gain": tuning_gain(results, published),
        "paper_protocol": paper_protocol(results, published),
    }


def tuning_gain(results: pd.DataFrame, published: Published) -> pd.DataFrame:
    """Final ARI with published settings minus that with default settings.

    The interval is that of ``stbench.results.statistics.difference``.

    Args:
        results: of ``stbench.results.assembly.assemble``.
        published: entries with published settings.

    Returns:
        One row per dataset, method, clusterer and number of domains: ``default`` and ``published``
        (means over training seeds), ``gain`` with ``low`` and ``high``, ``n`` (seeds of the side
        with fewer), ``p``, ``p_holm`` (for all entries under the clusterer), ``verdict``,
        ``status`` and ``reason`` (of the side without a score).
    """
    final = results[(results["metric"] == "ARI") & (results["protocol"] == "final")]
    rows = []
    for name, about in published.items():
        tuned = final[final["method"] == name].assign(method=about["method"])
        of_method = final[final["method"] == about["method"]]
        for entry, group in tuned.groupby(ENTRY, sort=False):
            same = of_method[(of_method[ENTRY] == list(entry)).all(axis=1)]
            sides = dict(zip(_SIDES, (same, group), strict=True))
            rows.append({**dict(zip(ENTRY, entry, strict=True)), **_gain(sides)})
    ids, last = ["dataset", "method", "clusterer"], ["n_domains", "exploratory"]
    table = pd.DataFrame(rows, columns=[*ids, *_GAIN, "status", "reason", *last])
    family = table.groupby("clusterer")["p"]
    table["p_holm"] = family.transform(lambda p: holm(p.to_numpy(dtype=float)))
    words = [verdict(gain, p) for gain, p in zip(table["gain"], table["p_holm"], strict=True)]
    table["verdict"] = [word if n else "" for word, n in zip(words, table["n"], strict=True)]
    return in_order(table, [*ids, "n_domains"])


def _gain(sides: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    scored = {side: rows.dropna(subset=["value"]) for side, rows in sides.items()}
    means = {side: rows["value"].mean() for side, rows in scored.items()}
    n = min(map(len, scored.values()))
    result = NOTHING
    if n:
        default, published = map(sample_of, scored.values())
        result = difference(published, default)
    statuses = [status for rows in sides.values() for status in rows["status"]]
    reasons = {
        f"{side} settings: {fold_reasons(rows['seed'].tolist(), rows['reason'].tolist())}"
        for side, rows in sides.items()
        if rows["reason"].any()
    }
    return {
        **means,
        "gain": result.mean,
        "n": n,
        "low": result.low,
        "high": result.high,
        "p": result.p,
        "status": fold_statuses(statuses),
        "reason": "; ".join(sorted(reasons)),
    }


def with_published(results: pd.DataFrame, published: Published) -> pd.DataFrame:
    """The rows of methods as their authors published them.

    On datasets where a method was run with published settings, these rows replace the default ones,
    under the id of the method. Studies are left out.

    Returns:
        The rows with a column ``settings``: ``published`` or ``default``.
    """
    of = {name: about["method"] for name, about in published.items()}
    tuned = results[(results["study"] == PUBLISHED_SETTINGS) & results["method"].isin(of)]
    tuned = tuned.assign(method=tuned["method"].map(of), settings="published")
    entries = ["dataset", "method"]
    replaced = pd.MultiIndex.from_frame(tuned[entries].drop_duplicates())
    ranked = results[results["study"] == ""]
    kept = ~pd.MultiIndex.from_frame(ranked[entries]).isin(replaced)
    return pd.concat([ranked[kept].assign(settings="default"), tuned], ignore_index=True)


def paper_protocol(results: pd.DataFrame, published: Published) -> pd.DataFrame:
    """Scores by the protocol of STAGUE's paper, which is not that of the ranking.

    Published settings where there are any, k-means with one start, and the best epoch, which the
    true labels choose. The last epoch is given beside it.

    Args:
        results: of ``stbench.results.assembly.assemble``.
        published: entries with published settings.

    Returns:
        One row per dataset and method: ``settings``, ``ARI_oracle`` and ``ARI_final``, each with
        ``sd`` (over training seeds, ddof 1) and ``n``, and ``status`` and ``reason`` of the oracle.
        No rows if nothing was clustered by k-means with one start.
    """
    rows = with_published(results, published)
    rows = rows[~rows["exploratory"] & (rows["clusterer"] == ORACLE_CLUSTERER)]
    settings = rows.drop_duplicates(["dataset", "method"]).set_index(["dataset", "method"])
    tables = {
        protocol: score_table(rows, "ARI", protocol).set_index(["dataset", "method"])
        for protocol in ("oracle", "final")
    }
    best, last = tables.values()
    table = pd.DataFrame(
        {
            "settings": settings["settings"],
            "ARI_oracle": best["mean"],
            "sd_oracle": best["sd"],
            "n_oracle": best["n"],
            "ARI_final": last["mean"],
            "sd_final": last["sd"],
            "n_final": last["n"],
            "status": best["status"],
            "reason": best["reason"],
        }
    )
    return in_order(table.reset_index(), ["dataset", "method"])
