"""Conclusions about the order of methods, policy by policy."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from stbench.ranking.certainty import certainty, where
from stbench.ranking.ranks import (
    POLICY_WORDS,
    Policy,
    Ranking,
    places,
    rank_intervals,
    tied_groups,
)


@dataclass(frozen=True)
class Verdict:
    """The order under one policy.

    Attributes:
        policy: its id.
        meaning: the policy in words.
        sentences: the tests and their results.
        groups: titles of methods that do not differ significantly; empty if nothing was tested.
        ranks: per method ``title``, ``mean_rank``, ``low``, ``high``, ``groups`` (numbers of its
            groups, from 1); best first.
    """

    policy: Policy
    meaning: str
    sentences: list[str]
    groups: list[list[str]]
    ranks: pd.DataFrame


def verdicts(
    rankings: Sequence[Ranking], titles: Mapping[str, str], controls: Container[str]
) -> list[Verdict]:
    """One verdict per policy, one for all if they rank over the same datasets; the best method and
    the best control are named separately.

    Args:
        rankings: of each policy.
        titles: display names of the methods, by id.
        controls: ids of the control methods.
    """
    datasets = [set(ranking.scores.index) for ranking in rankings]
    different = rankings if any(one != datasets[0] for one in datasets) else rankings[:1]
    return [_verdict(ranking, titles, controls) for ranking in different]


def _verdict(ranking: Ranking, titles: Mapping[str, str], controls: Container[str]) -> Verdict:
    ranks, groups = rank_intervals(ranking), tied_groups(ranking)
    numbers = [
        " ".join(str(i) for i, group in enumerate(groups, start=1) if method in group)
        for method in ranks.index
    ]
    named = [[titles.get(method, method) for method in group] for group in groups]
    return Verdict(
        policy=ranking.policy,
        meaning=POLICY_WORDS[ranking.policy],
        sentences=_sentences(ranking, ranks, titles, controls),
        groups=named if ranking.tested else [],
        ranks=ranks.assign(
            title=[titles.get(method, method) for method in ranks.index], groups=numbers
        ).reset_index(drop=True),
    )


def _sentences(
    ranking: Ranking, ranks: pd.DataFrame, titles: Mapping[str, str], controls: Container[str]
) -> list[str]:
    if not len(ranking.scores):
        return ["There is no dataset on which every fit has a score."]
    is_control = ranks.index.isin([method for method in ranks.index if method in controls])
    best = [
        f"Best of the {what} by mean rank over {where(ranking)}: {_best(rows, titles)}."
        for what, rows in (
            ("methods", ranks[~is_control]),
            ("controls that smooth", ranks[is_control]),
        )
        if len(rows)
    ]
    return [*best, certainty(ranking, titles)]


def _best(ranks: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """The methods with the best mean rank, and the interval if it is a single method."""
    best = ranks[places(ranks["mean_rank"]) == 1]
    first = best.iloc[0]
    span = ""
    if len(best) == 1 and pd.notna(first["low"]):
        span = f", 95 % interval {first['low']:.2f} to {first['high']:.2f}"
    names = " and ".join(titles.get(method, method) for method in best.index)
    return f"{names} ({first['mean_rank']:.2f}{span})"
