"""Ranks over datasets, and tests of the differences between methods.

The tests are those of Demsar (Journal of Machine Learning Research 2006): Friedman's test on all
methods, then Wilcoxon's signed-rank test on each pair with Holm's correction (Benavoli et al.,
Journal of Machine Learning Research 2016, on why pairs are not compared by mean ranks). A dataset
is one observation, regardless of its number of training seeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

DATASETS_TO_TEST = 5  # a pair of methods can differ at the 5 % level with 6 or more
LEVEL = 0.05
Policy = Literal["worst", "common"]
POLICY_WORDS: dict[Policy, str] = {
    "worst": "a failure gets the worst rank",
    "common": "only datasets on which every method has a score",
}
POLICIES = tuple(POLICY_WORDS)
_DRAWS = 10_000


@dataclass(frozen=True)
class Ranking:
    """The order of methods and its tests.

    Attributes:
        policy: ``worst`` (a failure gets the worst rank; in tests it counts as the worst
            score of its dataset, and never as more than 0) or ``common`` (only datasets on which
            every method has a score).
        scores: (datasets, methods) higher is better, complete under the policy.
        ranks: the same, 1 = best, ties share their mean rank.
        friedman_p: p value over all methods; NaN where there is no test.
        pairs: one row per pair of methods: ``one``, ``other``, ``p``, ``p_holm``, ``n``; no rows
            where there is no test.
    """

    policy: Policy
    scores: pd.DataFrame
    ranks: pd.DataFrame
    friedman_p: float
    pairs: pd.DataFrame

    @property
    def tested(self) -> bool:
        """Whether there are enough methods and datasets for a test."""
        return _testable(self.scores)

    @property
    def conclusive(self) -> bool:
        """Whether the smallest possible p value of a pair is significant."""
        return self.tested and 2 / 2 ** len(self.scores) * len(self.pairs) <= LEVEL

    @property
    def mean_ranks(self) -> pd.Series:
        """Mean rank of each method, best first; ties by name."""
        return self.ranks.mean().sort_index().sort_values(kind="stable")


def rank_methods(scores: pd.DataFrame, policy: Policy) -> Ranking:
    """Rank methods over datasets under a policy for failures.

    Args:
        scores: (datasets, methods), higher is better, NaN for a failure.
        policy: one of ``POLICIES``.

    Raises:
        ValueError: the policy is unknown.
    """
    complete = complete_scores(scores, policy)
    observed = scores.loc[complete.index].rank(axis=1, ascending=False, method="average")
    ranks = observed.fillna(complete.shape[1])
    tested = _testable(complete)
    friedman = friedman_p(complete) if tested and complete.shape[1] > 2 else np.nan
    pairs = wilcoxon_holm(complete) if tested else _no_pairs()
    return Ranking(policy, complete, ranks, friedman, pairs)


def complete_scores(scores: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """The scores without gaps, without datasets that have no score at all."""
    scores = scores.dropna(how="all")
    if policy == "common":
        return scores.dropna()
    if policy != "worst":
        raise ValueError(f"unknown policy {policy!r}; known: {', '.join(POLICIES)}")
    worst = scores.min(axis=1).clip(upper=0)
    return scores.apply(lambda column: column.fillna(worst))


def friedman_p(scores: pd.DataFrame) -> float:
    """Friedman's test over at least three methods; 1 where all scores are ties."""
    from scipy.stats import friedmanchisquare

    if (scores.nunique(axis=1) == 1).all():
        return 1.0
    return float(friedmanchisquare(*(scores[method] for method in scores)).pvalue)


def wilcoxon_holm(scores: pd.DataFrame) -> pd.DataFrame:
    """Wilcoxon's signed-rank test on each pair of methods, two-sided, corrected by Holm.

    Differences of zero are split (Pratt). Two methods with equal scores throughout have p = 1.
    """
    from scipy.stats import wilcoxon

    rows = []
    for one, other in combinations(scores.columns, 2):
        differences = (scores[one] - scores[other]).to_numpy()
        p = 1.0
        if np.any(differences):
            p = float(wilcoxon(differences, zero_method="pratt").pvalue)
        rows.append({"one": one, "other": other, "p": p, "n": len(differences)})
    pairs = pd.DataFrame(rows)
    return pairs.assign(p_holm=holm(pairs["p"].to_numpy()))[_no_pairs().columns]


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down adjustment of p values (Scandinavian Journal of Statistics 1979)."""
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)).clip(max=1)
    adjusted = np.empty_like(stepped)
    adjusted[order] = stepped
    return adjusted


def tied_groups(ranking: Ranking) -> list[list[str]]:
    """Groups of methods within which no pair differs significantly, best first.

    A compact letter display (Piepho, Journal of Computational and Graphical Statistics 2004): two
    methods share a group if and only if they do not differ. The members of a group need not be
    adjacent in mean rank. A method that differs from all others is in none. Without a test, or if
    Friedman's test is not significant, all methods are one group.
    """
    order = list(ranking.mean_ranks.index)
    groups = [frozenset(order)]
    if ranking.tested and not ranking.friedman_p > LEVEL:
        for row in ranking.pairs[ranking.pairs["p_holm"] <= LEVEL].itertuples():
            groups = _separate(groups, str(row.one), str(row.other))
    listed = [[method for method in order if method in group] for group in groups]
    return sorted(
        (group for group in listed if len(group) > 1),
        key=lambda group: [order.index(method) for method in group],
    )


def not_different_from(ranking: Ranking, method: str) -> list[str]:
    """The other methods from which one does not differ significantly, best first."""
    together = {m for group in tied_groups(ranking) if method in group for m in group}
    return [other for other in ranking.mean_ranks.index if other in together - {method}]


def _separate(groups: list[frozenset[str]], one: str, other: str) -> list[frozenset[str]]:
    """Split the groups that contain both methods; drop groups inside another one."""
    both = {one, other}
    parts = [part for g in groups for part in ((g - {one}, g - {other}) if both <= g else (g,))]
    unique = list(dict.fromkeys(parts))
    return [part for part in unique if not any(part < larger for larger in unique)]


def rank_intervals(ranking: Ranking, draws: int = _DRAWS) -> pd.DataFrame:
    """95 % percentile intervals of mean ranks: datasets drawn with replacement.

    Returns:
        One row per method, best first: ``mean_rank``, ``low``, ``high`` (NaN with one dataset).
    """
    ranks, mean = ranking.ranks.to_numpy(), ranking.mean_ranks
    table = pd.DataFrame({"mean_rank": mean, "low": np.nan, "high": np.nan})
    if len(ranks) > 1:
        rng = np.random.default_rng(0)
        means = ranks[rng.integers(len(ranks), size=(draws, len(ranks)))].mean(axis=1)
        ends = np.quantile(means, [0.025, 0.975], axis=0)
        low, high = (pd.Series(end, index=ranking.ranks.columns) for end in ends)
        table = table.assign(low=low, high=high)
    return table


def _testable(scores: pd.DataFrame) -> bool:
    n_datasets, n_methods = scores.shape
    return n_methods > 1 and n_datasets >= DATASETS_TO_TEST


def _no_pairs() -> pd.DataFrame:
    types = {"one": "str", "other": "str", "p": "float64", "p_holm": "float64", "n": "int64"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in types.items()})
