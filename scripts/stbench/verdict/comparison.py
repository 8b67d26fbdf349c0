"""One method beside shipped results: its place, wins and losses, lift and cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stbench.common.text import columns, wrapped
from stbench.config.tissues import TISSUE_WORDS
from stbench.ranking.certainty import as_sentence
from stbench.ranking.standings import Standing, all_standings, mean_rank, memory, place
from stbench.results.aggregates import BASELINE, final_rows, sample_of
from stbench.results.assembly import method_titles
from stbench.results.best_control import lift_over_best_control
from stbench.results.formatting import count, duration
from stbench.results.shipped import Shipped, shipped_note
from stbench.results.statistics import BETTER, NO_INTERVAL, WORSE, difference, holm, verdict

CANARY = BASELINE  # shipped and run again, to notice another machine or library
_COLUMNS = """\
higher, lower: datasets with a higher or lower mean. better, worse: those where the difference \
exceeds the noise (p < .05 after Holm's correction over this table); -: no interval, as of one \
seed or where the noise of cells is not known."""
SMALLEST = 0.005  # ARI; a smaller difference of the canary is never reported


def against_each(results: pd.DataFrame, method: str, rank_by: str) -> pd.DataFrame:
    """The method against every other one on the datasets on which both have a score, no studies.

    Args:
        results: of ``stbench.results.shipped.beside``.
        method: id.
        rank_by: the clusterer of the final ARI.

    Returns:
        One row per other method, the hardest first: ``method``, ``title``, ``source``, ``control``,
        ``datasets``, ``higher`` and ``lower`` (datasets with a higher or lower mean), ``better``
        and ``worse`` (those where the difference is beyond the noise of training seeds,
        clusterings and, where known, cells; p with Holm's correction over all differences of the
        table), ``tested`` (datasets with such a test), and ``mean_difference``.
    """
    final = _final(results[results["study"] == ""], rank_by)
    own = {
        name: sample_of(rows) for name, rows in final[final["method"] == method].groupby("dataset")
    }
    titles = method_titles(results)
    found = [
        (other, dataset, difference(own[dataset], sample_of(rows)))
        for (other, dataset), rows in final.groupby(["method", "dataset"], sort=False)
        if other != method and dataset in own
    ]
    p = holm(np.array([one.p for *_, one in found]))
    rows = pd.DataFrame(
        {
            "method": [other for other, *_ in found],
            "mean_difference": [one.mean for *_, one in found],
            "verdict": [verdict(one.mean, q) for (*_, one), q in zip(found, p, strict=True)],
        }
    )
    table = rows.groupby("method", sort=False).agg(
        datasets=("verdict", "size"),
        higher=("mean_difference", lambda values: int((values > 0).sum())),
        lower=("mean_difference", lambda values: int((values < 0).sum())),
        better=("verdict", lambda values: int((values == BETTER).sum())),
        worse=("verdict", lambda values: int((values == WORSE).sum())),
        tested=("verdict", lambda values: int((values != NO_INTERVAL).sum())),
        mean_difference=("mean_difference", "mean"),
    )
    described = results.drop_duplicates("method").set_index("method")
    table.insert(0, "title", table.index.map(titles))
    table.insert(1, "source", table.index.map(described["source"]))
    table.insert(2, "control", table.index.map(described["control"]))
    return table.sort_values("mean_difference", kind="stable").reset_index()


def canary(own: pd.DataFrame, shipped: Shipped, rank_by: str) -> str:
    """A sentence: whether the control ``CANARY`` scores here as it did where it was shipped.

    A difference is reported if it exceeds twice the spread over training seeds and clusterings,
    and ``SMALLEST``.
    """
    here, there = (
        table[table["method"] == CANARY]
        for table in (_final(own, rank_by), _final(shipped.results, rank_by))
    )
    both = sorted(set(here["dataset"]) & set(there["dataset"]))
    if not both:
        return (
            f"{CANARY} was not run here, so nothing says whether this machine gives other scores."
        )
    differences, apart = {}, []
    for dataset in both:
        one, other = (table[table["dataset"] == dataset] for table in (here, there))
        differences[dataset] = one["value"].mean() - other["value"].mean()
        spread = math.hypot(_spread(one), _spread(other))
        if abs(differences[dataset]) > max(2 * spread, SMALLEST):
            apart.append(f"{dataset} {differences[dataset]:+.3f}")
    if apart:
        return (
            f"Warning: the control {CANARY} scores differently here: {', '.join(apart)}. Another "
            "machine or library changes scores, so compare with care."
        )
    largest = max(map(abs, differences.values()))
    return (
        f"The control {CANARY}, run again here, differs by at most {largest:.3f} from its shipped "
        f"scores; more than twice its spread and {SMALLEST} would be reported."
    )


def comparison_text(
    results: pd.DataFrame, own: pd.DataFrame, shipped: Shipped, method: str, rank_by: str
) -> str:
    """The comparison as a person reads it.

    Args:
        results: of ``stbench.results.shipped.beside``.
        own: the results of the run alone.
        shipped: what was shipped.
        method: id of the method that is compared.
        rank_by: the clusterer that ranks.
    """
    whole = results[results["study"] == ""]
    titles = method_titles(whole)
    table = against_each(whole, method, rank_by)
    parts = [f"{titles[method]} beside shipped results (final ARI, {rank_by})"]
    for kind, by_policy in all_standings(whole, rank_by).items():
        lines = _place(by_policy["worst"], titles, method)
        parts.append("\n".join([f"{as_sentence(TISSUE_WORDS[kind])}:", *lines]))
    parts.append("\n".join(_without_score(whole, method, rank_by)))
    parts.append("\n".join(_lift(whole, method, rank_by)))
    if len(table):
        parts.append("Against each method, the hardest first:\n" + _table(table))
        parts.append(wrapped(_COLUMNS))
    parts.append(wrapped(canary(own, shipped, rank_by)))
    parts.append(wrapped(shipped_note(whole)))
    return "\n\n".join(filter(None, parts)) + "\n"


def _place(standing: Standing, titles: Mapping[str, str], method: str) -> list[str]:
    table = standing.table.set_index("method")
    if method not in table.index or pd.isna(table.loc[method, "rank"]):
        why = standing.not_run.get(titles[method], "it is a control")
        return [f"{titles[method]} has no place: {why}"]
    row: Any = table.loc[method]
    ranked = table["rank"].notna().sum()
    cost = filter(
        None,
        [
            "" if pd.isna(row["seconds"]) else duration(row["seconds"]),
            f"{memory(row)} MB" if memory(row) else "",
        ],
    )
    ari = "no score" if pd.isna(row["ARI_final"]) else f"mean ARI {row['ARI_final']:.3f}"
    lines = [
        f"place {place(row)} of {ranked} on {standing.where}, mean rank {mean_rank(row)}",
        f"{ari}; a fit takes {' and '.join(cost) or 'an unknown time'}",
    ]
    return [*lines, wrapped(standing.certainty)]


def _without_score(results: pd.DataFrame, method: str, rank_by: str) -> list[str]:
    """The seeds of the method without a final ARI, by dataset and reason."""
    rows = final_rows(results, rank_by)
    rows = rows[(rows["method"] == method) & rows["value"].isna()]
    return [
        f"no score on {dataset}, {count(len(seeds), 'seed')}: {status}: {reason}".rstrip(": ")
        for (dataset, status, reason), seeds in rows.groupby(
            ["dataset", "status", "reason"], sort=False
        )
    ]


def _lift(results: pd.DataFrame, method: str, rank_by: str) -> list[str]:
    table = lift_over_best_control(results)
    rows = table[
        (table["method"] == method) & (table["clusterer"] == rank_by) & table["mean"].notna()
    ]
    titles = method_titles(results)
    return [
        f"lift over the best control on {row.dataset} ({titles[row.best_control]}): {row.mean:+.3f}"
        + ("" if pd.isna(row.low) else f" [{row.low:+.3f}, {row.high:+.3f}]")
        for row in rows.itertuples()
    ]


def _table(table: pd.DataFrame) -> str:
    head = ["method", "", "datasets", "higher", "lower", "better", "worse", "difference"]
    rows = [
        [
            str(row.title),
            "control" if row.control else "",
            *map(str, (row.datasets, row.higher, row.lower)),
            *(map(str, (row.better, row.worse)) if row.tested else ("-", "-")),
            f"{row.mean_difference:+.3f}",
        ]
        for row in table.itertuples()
    ]
    return columns([head, *rows], left=(0, 1))


def _final(results: pd.DataFrame, rank_by: str) -> pd.DataFrame:
    return final_rows(results, rank_by).dropna(subset="value")


def _spread(rows: pd.DataFrame) -> float:
    """sd over seeds and clusterings together."""
    seeds = 0.0 if len(rows) < 2 else float(rows["value"].var(ddof=1))
    return float(np.sqrt(seeds + np.nan_to_num(rows["sd_clustering"]).mean() ** 2))
