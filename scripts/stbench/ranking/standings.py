"""The content of a leaderboard: one row per method, under each policy for failures.

The leaderboard page and the LaTeX tables are two formats of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_letters
from typing import NamedTuple

import pandas as pd

from stbench.ranking.certainty import as_sentence, certainty, where
from stbench.ranking.leaderboard import Order, leaderboard, order_under_clusterers
from stbench.ranking.ranks import POLICY_WORDS, Policy, Ranking, rank_intervals, tied_groups
from stbench.ranking.robustness import (
    before_controls,
    other_choices,
    rank_robustness,
    rank_spans,
    scaled_scores,
)
from stbench.ranking.selection import (
    by_tissue,
    mean_over_units,
    methods_with_labels_only,
    ranked_methods,
    units_of,
)
from stbench.ranking.tables import rankings
from stbench.results.aggregates import final_rows, methods_that_ran, runtime_table
from stbench.results.assembly import method_titles, natural


@dataclass(frozen=True)
class Standing:
    """The order of methods under one policy.

    Attributes:
        policy: one of ``stbench.ranking.ranks.POLICIES``.
        datasets: ids of the ranked datasets, in natural order; empty if there is no ranking.
        where: their number and that of their studies, in words.
        left_out: by the title of a method, the datasets that are excluded because of it, by what it
            lacks there (``has no score``, ``lacks a seed``).
        table: one row per method, best first, then the controls: ``rank`` (among methods; empty
            for a control), ``method``, ``title``, ``control``, ``mean_rank`` with its 95 %
            interval ``low``, ``high``, ``first`` (share of draws of units in which it is first),
            ``best`` and ``worst`` (its places among methods over all conditions of
            ``stbench.ranking.robustness``), ``tied`` (letters of the groups of methods that do not
            differ significantly), ``scaled`` (mean ARI between random and jittered truth),
            ``ARI_final``, ``ARI_oracle``, ``gap``,
            ``gain``, ``lift`` (means over units), of fits that ended well ``seconds`` (mean over
            datasets of the mean over seeds), ``peak_rss_mb`` and ``peak_gpu_mb`` (the largest),
            and ``failures``.
        order: clusterers with the same or another order; None if there is no ranking.
        certainty: the result of the tests, in a sentence or two.
        other_choices: the places of the first method under other choices of the benchmark, in a
            sentence; empty if there is no other.
        before_controls: of ``stbench.ranking.robustness.before_controls``.
        not_run: by the title of a method that did not run on any dataset, the reason.
        ranking: the scores, ranks and tests behind the table.
    """

    policy: Policy
    datasets: list[str]
    where: str
    left_out: dict[str, dict[str, list[str]]]
    table: pd.DataFrame
    order: Order | None
    certainty: str
    other_choices: str
    before_controls: pd.Series
    not_run: dict[str, str]
    ranking: Ranking

    @property
    def methods(self) -> pd.DataFrame:
        """The rows of the table that compete, best first."""
        return self.table[~self.table["control"].astype(bool)] if len(self.table) else self.table

    @property
    def controls(self) -> pd.DataFrame:
        """The other rows, those with a mean rank first."""
        return self.table[self.table["control"].astype(bool)] if len(self.table) else self.table

    @property
    def heading(self) -> str:
        """The policy in words, as a heading."""
        return as_sentence(POLICY_WORDS[self.policy])


def all_standings(results: pd.DataFrame, rank_by: str) -> dict[str, dict[Policy, Standing]]:
    """The standings of each kind of tissue, the headline first.

    Args:
        results: of ``stbench.results.assembly.assemble``.
        rank_by: the clusterer that ranks.
    """
    return {kind: standings(rows, rank_by) for kind, rows in by_tissue(results, rank_by).items()}


def standings(results: pd.DataFrame, rank_by: str) -> dict[Policy, Standing]:
    """The standing under each policy, ranked by the mean final ARI.

    Args:
        results: of ``stbench.results.assembly.assemble``, of one kind of tissue.
        rank_by: the clusterer that ranks.
    """
    ranked = rankings(results, rank_by)
    all_datasets = list(ranked["worst"].scores.index)
    robustness = rank_robustness(results, rank_by)
    controls = set(results.loc[results["control"], "method"])
    before = before_controls(robustness, controls)
    robustness = robustness[~robustness["method"].isin(controls)]
    # Without failed seeds the policies count the same datasets.
    boards: dict[tuple[str, ...], _Board] = {}
    for ranking in ranked.values():
        datasets = _datasets(ranking)
        if datasets and datasets not in boards:
            boards[datasets] = _board(results, rank_by, datasets)
    return {
        policy: _standing(results, rank_by, ranking, all_datasets, robustness, before, boards)
        for policy, ranking in ranked.items()
    }


def mean_rank(row: pd.Series) -> str:
    """``2.00 [1.5, 2.5]``; without the interval if there is none; empty without a rank."""
    if pd.isna(row["mean_rank"]):
        return ""
    ends = "" if pd.isna(row["low"]) else f" [{row['low']:.1f}, {row['high']:.1f}]"
    return f"{row['mean_rank']:.2f}{ends}"


def place(row: pd.Series) -> str:
    """The rank, and its span over all conditions: ``2 (1-4)``; empty without a rank."""
    if pd.isna(row["rank"]):
        return ""
    span = span_of(row)
    words = f"{row['rank']:.0f}"
    return f"{words} ({span[0]}-{span[1]})" if span else words


def span_of(row: pd.Series) -> list[int]:
    """The best and the worst place over all conditions; empty if there is no other."""
    if pd.isna(row["best"]) or row["best"] == row["worst"]:
        return []
    return [int(row["best"]), int(row["worst"])]


def memory(row: pd.Series) -> str:
    """MB: ``593``, with a GPU ``593 + 1200 GPU``; empty if it was not measured."""
    measured = {"{:.0f}": row["peak_rss_mb"], "{:.0f} GPU": row["peak_gpu_mb"]}
    return " + ".join(form.format(mb) for form, mb in measured.items() if pd.notna(mb))


def failures(results: pd.DataFrame, rank_by: str, datasets: list[str]) -> pd.Series:
    """By method, ``k of n`` training seeds without a final ARI, with their statuses."""
    rows = final_rows(results, rank_by)
    by_method = {}
    for method, of_method in rows[rows["dataset"].isin(datasets)].groupby("method", sort=False):
        lost = of_method.loc[of_method["value"].isna(), "status"].value_counts().sort_index()
        counted = [
            f"{status} {count}" if len(lost) > 1 else status for status, count in lost.items()
        ]
        by_method[method] = ": ".join(
            filter(None, [f"{lost.sum()} of {len(of_method)}", ", ".join(counted)])
        )
    return pd.Series(by_method, dtype=object)


class _Board(NamedTuple):
    """The leaderboard on some datasets with what else is known of each method, and its order."""

    table: pd.DataFrame
    order: Order


def _datasets(ranking: Ranking) -> tuple[str, ...]:
    """The datasets that a ranking counts, in natural order."""
    return tuple(sorted(ranking.scores.index, key=natural))


def _board(results: pd.DataFrame, rank_by: str, datasets: tuple[str, ...]) -> _Board:
    counted = results[results["dataset"].isin(datasets)]
    board = leaderboard(counted, rank_by)
    board = board[board["method"].isin(methods_that_ran(results))]
    costs = runtime_table(counted[counted["fit_status"] == "ok"]).groupby("method")
    facts = {
        "title": method_titles(results),
        "scaled": mean_over_units(scaled_scores(counted, rank_by), units_of(counted)),
        "seconds": costs["seconds"].mean(),
        "peak_rss_mb": costs["peak_rss_mb"].max(),
        "peak_gpu_mb": costs["peak_gpu_mb"].max(),
        "failures": failures(counted, rank_by, list(datasets)),
    }
    columns = {name: board["method"].map(values) for name, values in facts.items()}
    columns["labels_only"] = board["method"].isin(methods_with_labels_only(counted))
    return _Board(board.assign(**columns), order_under_clusterers(counted, rank_by))


def _standing(
    results: pd.DataFrame,
    rank_by: str,
    ranking: Ranking,
    all_datasets: list[str],
    robustness: pd.DataFrame,
    before: pd.Series,
    boards: Mapping[tuple[str, ...], _Board],
) -> Standing:
    datasets = list(_datasets(ranking))
    titles = method_titles(results)
    table, order = pd.DataFrame(), None
    if datasets:
        board, order = boards[_datasets(ranking)]
        facts = rank_intervals(ranking)[["low", "high", "first"]].join(rank_spans(robustness))
        table = board.merge(facts, left_on="method", right_index=True, how="left")
        groups = tied_groups(ranking)
        table["tied"] = [_letters(groups, method) for method in table["method"]]
    return Standing(
        policy=ranking.policy,
        datasets=datasets,
        where=where(ranking),
        left_out=_left_out(
            results, rank_by, titles, [d for d in all_datasets if d not in datasets]
        ),
        table=table,
        order=order,
        certainty=certainty(ranking, titles),
        other_choices=_other_choices(table, robustness, titles),
        before_controls=before,
        not_run=_not_run(results, titles),
        ranking=ranking,
    )


def _other_choices(table: pd.DataFrame, robustness: pd.DataFrame, titles: dict[str, str]) -> str:
    """Of the first method; empty if several share the first place."""
    first = list(table.loc[table["rank"] == 1, "method"]) if len(table) else []
    return other_choices(robustness, first[0], titles) if len(first) == 1 else ""


def _letters(groups: list[list[str]], method: str) -> str:
    """The groups a method is in, as letters: ``a``, ``ab``; after ``z`` come ``A`` and ``a1``."""
    found = [divmod(i, len(ascii_letters)) for i, group in enumerate(groups) if method in group]
    return "".join(f"{ascii_letters[place]}{turn or ''}" for turn, place in found)


def _not_run(results: pd.DataFrame, titles: dict[str, str]) -> dict[str, str]:
    """By title, why methods did not run: the most frequent reason of their fits."""
    ran = methods_that_ran(results)
    rows = results[~results["method"].isin(ran)]
    reasons = rows.groupby("method")["fit_reason"].agg(lambda texts: texts.mode().iloc[0])
    return {titles[method]: reason for method, reason in reasons.items()}


def _left_out(
    results: pd.DataFrame, rank_by: str, titles: dict[str, str], datasets: list[str]
) -> dict[str, dict[str, list[str]]]:
    seeds = final_rows(results, rank_by).groupby(["method", "dataset"])["value"]
    known, asked = seeds.count(), seeds.size()
    scored, complete = (set(known.index[rows]) for rows in (known > 0, known == asked))
    ordered = sorted(datasets, key=natural)
    ranked = ranked_methods(results)
    lacking = {
        title: {
            "has no score": [d for d in ordered if (method, d) not in scored],
            "lacks a seed": [d for d in ordered if (method, d) in scored - complete],
        }
        for method, title in titles.items()
        if method in ranked
    }
    return {title: reasons for title, reasons in lacking.items() if any(reasons.values())}
