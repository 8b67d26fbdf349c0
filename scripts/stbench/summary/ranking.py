"""What the tests on the order of methods allow to be said, policy by policy."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

import pandas as pd

from stbench.ranking.ranks import LEVEL, POLICY_WORDS


@dataclass(frozen=True)
class Verdict:
    """The order under one policy.

    Attributes:
        policy: its id.
        meaning: the policy in words.
        sentences: what was tested and found.
        groups: methods that cannot be told apart, by title; empty where nothing was tested.
        ranks: per method ``title``, ``mean_rank``, ``low``, ``high``, ``groups``; best first.
    """

    policy: str
    meaning: str
    sentences: list[str]
    groups: list[list[str]]
    ranks: pd.DataFrame


def verdicts(
    ranks: pd.DataFrame, pairs: pd.DataFrame, titles: Mapping[str, str], controls: Container[str]
) -> list[Verdict]:
    """One verdict per policy of the tables ``ranks`` and ``pairs``; ``controls`` are told apart."""
    found = []
    for policy in POLICY_WORDS:
        rows = ranks[ranks["policy"] == policy]
        mine = pairs[pairs["policy"] == policy]
        tested = len(mine) > 0
        found.append(
            Verdict(
                policy=str(policy),
                meaning=POLICY_WORDS[policy],
                sentences=_sentences(rows, mine, titles, controls),
                groups=_groups(rows, titles) if tested else [],
                ranks=rows.assign(title=[titles.get(m, m) for m in rows["method"]]).rename(
                    columns={"tied_groups": "groups"}
                )[["title", "mean_rank", "low", "high", "groups"]],
            )
        )
    return found


def _sentences(
    ranks: pd.DataFrame, pairs: pd.DataFrame, titles: Mapping[str, str], controls: Container[str]
) -> list[str]:
    first = ranks.iloc[0]
    n, note, p = int(first["datasets"]), str(first["note"]), first["friedman_p"]
    if n == 0:
        return ["There is no dataset on which every method has a score."]
    where = f"{n} dataset{'s' * (n != 1)}"
    is_control = ranks["method"].isin([method for method in ranks["method"] if method in controls])
    told = [
        f"Best of the {what} by mean rank over {where}: {_best(rows, titles)}."
        for what, rows in (("methods", ranks[~is_control]), ("controls", ranks[is_control]))
        if len(rows)
    ]
    if not len(pairs):
        return [*told, f"{note[:1].upper()}{note[1:]}."]
    if pd.notna(p):
        differ = "the methods differ" if p <= LEVEL else "no difference can be told from chance"
        told.append(f"Friedman's test: p = {p:.2g}, {differ} at the 5 % level.")
    apart = int((pairs["p_holm"] <= LEVEL).sum())
    told.append(
        f"Wilcoxon's test with Holm's correction tells {apart} of {len(pairs)} pairs apart."
    )
    return [*told, f"{note[:1].upper()}{note[1:]}."] if note else told


def _best(ranks: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """Who has the best mean rank, and its interval where that is one method."""
    best = ranks[ranks["mean_rank"] == ranks["mean_rank"].min()]
    first = best.iloc[0]
    span = ""
    if len(best) == 1 and pd.notna(first["low"]):
        span = f", 95 % interval {first['low']:.2f} to {first['high']:.2f}"
    names = " and ".join(titles.get(method, method) for method in best["method"])
    return f"{names} ({first['mean_rank']:.2f}{span})"


def _groups(ranks: pd.DataFrame, titles: Mapping[str, str]) -> list[list[str]]:
    members: dict[str, list[str]] = {}
    for row in ranks.itertuples():
        for group in str(row.tied_groups).split():
            members.setdefault(group, []).append(titles.get(row.method, row.method))
    return list(members.values())
