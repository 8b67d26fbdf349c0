"""Ranks over datasets, and tests of the differences between methods.

Sections of one study are not independent, so scores and ranks are averaged within a unit
(``stbench.config.tissues.units_of``), and a unit is one observation of every test and interval,
regardless of its number of sections and training seeds. The tests are those of Demsar (Journal of
Machine Learning Research 2006): Friedman's test on all methods, decided by the F statistic of Iman
and Davenport (Communications in Statistics 1980), then Wilcoxon's signed-rank test on each pair
with Holm's correction (Benavoli et al., Journal of Machine Learning Research 2016, on why pairs are
not compared by mean ranks).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from stbench.results.confidence import Noise, interval
from stbench.results.statistics import LEVEL, holm

UNITS_TO_TEST = 5  # a pair of methods can differ at the 5 % level with 6 or more
UNITS_FOR_INTERVAL = 6  # fewer values hardly limit a mean rank
Policy = Literal["worst", "common"]
POLICY_WORDS: dict[Policy, str] = {
    "worst": "a failure gets the worst rank",
    "common": "only datasets on which every fit has a score",
}
POLICIES = tuple(POLICY_WORDS)
_DRAWS = 10_000


@dataclass(frozen=True)
class Ranking:
    """The order of methods and its tests.

    Attributes:
        policy: ``worst`` (a failure gets the worst rank; in tests it counts as the worst
            score of its dataset, and never as more than 0) or ``common`` (only datasets on which
            every fit has a score).
        scores: (datasets, methods) higher is better, complete under the policy.
        ranks: the same, 1 = best, ties share their mean rank.
        units: (datasets) the unit of each.
        friedman_p: p value of chi-squared over all methods; NaN where there is no test.
        iman_davenport_p: the same of the F statistic, which is less conservative and decides.
        pairs: one row per pair of methods: ``one``, ``other``, ``p``, ``p_holm``, ``n``; no rows
            where there is no test.
    """

    policy: Policy
    scores: pd.DataFrame
    ranks: pd.DataFrame
    units: pd.Series
    friedman_p: float
    iman_davenport_p: float
    pairs: pd.DataFrame

    @property
    def unit_ranks(self) -> pd.DataFrame:
        """(units, methods): ranks averaged over the datasets of each unit."""
        return self.ranks.groupby(self.units).mean()

    @property
    def tested(self) -> bool:
        """Whether there are enough methods and units for a test."""
        return _testable(self.unit_ranks)

    @property
    def conclusive(self) -> bool:
        """Whether the smallest possible p value of a pair is significant."""
        return self.tested and 2 / 2 ** len(self.unit_ranks) * len(self.pairs) <= LEVEL

    @property
    def mean_ranks(self) -> pd.Series:
        """Mean rank of each method over units, best first; ties by name."""
        return self.unit_ranks.mean().sort_index().sort_values(kind="stable")


def rank_methods(
    scores: pd.DataFrame, policy: Policy, units: Mapping[str, str] | None = None
) -> Ranking:
    """Rank methods over datasets under a policy for failures.

    Args:
        scores: (datasets, methods), higher is better, NaN for a failure.
        policy: one of ``POLICIES``.
        units: the unit of each dataset; without it, each dataset is its own.

    Raises:
        ValueError: the policy is unknown.
    """
    complete = complete_scores(scores, policy)
    ranks = _ranks(scores.loc[complete.index])
    of_unit = _units(complete.index, units)
    unit_ranks = ranks.groupby(of_unit).mean()
    tested = _testable(unit_ranks)
    p = friedman(unit_ranks) if tested and complete.shape[1] > 2 else (np.nan, np.nan)
    pairs = wilcoxon_holm(complete.groupby(of_unit).mean()) if tested else _no_pairs()
    return Ranking(policy, complete, ranks, of_unit, *p, pairs)


def mean_ranks(scores: pd.DataFrame, units: Mapping[str, str] | None = None) -> pd.Series:
    """Mean over units of the mean rank of each method, 1 = best; a failure gets the worst rank.

    The order of ``rank_methods`` under ``worst``, without its tests.

    Args:
        scores, units: as for ``rank_methods``.

    Returns:
        By method; NaN if no dataset has a score.
    """
    ranks = _ranks(scores.dropna(how="all"))
    return ranks.groupby(_units(ranks.index, units)).mean().mean()


def places(mean_rank: pd.Series) -> pd.Series:
    """1, 2, 3 ... of mean ranks; differences in the last bits count as ties."""
    return mean_rank.round(9).rank(method="min").astype("Int64")


def _ranks(scores: pd.DataFrame) -> pd.DataFrame:
    """Ranks within datasets; ties share their mean rank, and a missing score gets the worst."""
    ranks = scores.rank(axis=1, ascending=False, method="average")
    return ranks.fillna(scores.shape[1])


def _units(datasets: pd.Index, units: Mapping[str, str] | None) -> pd.Series:
    given = units or {}
    return pd.Series([given.get(name, name) for name in datasets], datasets, dtype=object)


def complete_scores(scores: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """The scores without gaps, without datasets that have no score at all."""
    scores = scores.dropna(how="all")
    if policy == "common":
        return scores.dropna()
    if policy != "worst":
        raise ValueError(f"unknown policy {policy!r}; known: {', '.join(POLICIES)}")
    worst = scores.min(axis=1).clip(upper=0)
    return scores.apply(lambda column: column.fillna(worst))


def friedman(table: pd.DataFrame) -> tuple[float, float]:
    """Friedman's test over at least three methods, and its F statistic.

    Args:
        table: (units, methods) scores or mean ranks; they are ranked within each unit.

    Returns:
        The p values of chi-squared and of F of Iman and Davenport; 1 where all are ties.
    """
    from scipy.stats import f, friedmanchisquare

    if (table.nunique(axis=1) == 1).all():
        return 1.0, 1.0
    n, k = table.shape
    test = friedmanchisquare(*(table[method] for method in table))
    chi2, most = float(test.statistic), n * (k - 1)
    ratio = (n - 1) * chi2 / (most - chi2) if chi2 < most else np.inf
    return float(test.pvalue), float(f.sf(ratio, k - 1, (k - 1) * (n - 1)))


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


def tied_groups(ranking: Ranking) -> list[list[str]]:
    """Groups of methods within which no pair differs significantly, best first.

    A compact letter display (Piepho, Journal of Computational and Graphical Statistics 2004): two
    methods share a group if and only if they do not differ. The members of a group need not be
    adjacent in mean rank. A method that differs from all others is in none. Without a test, or if
    the test of all methods is not significant, all methods are one group.
    """
    order = list(ranking.mean_ranks.index)
    groups = [frozenset(order)]
    if ranking.tested and not ranking.iman_davenport_p > LEVEL:
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
    """Mean ranks with intervals over units.

    Returns:
        One row per method, best first: ``mean_rank``, its 95 % interval ``low``, ``high``
        (Student's over the ranks of units, within the possible ranks), and ``first``, the share of
        draws of units with replacement in which the method has the best mean rank (ties share it);
        the last three are NaN for fewer than ``UNITS_FOR_INTERVAL`` units, and the ends also for
        a method with the same rank in all units.
    """
    ranks, mean = ranking.unit_ranks, ranking.mean_ranks
    table = pd.DataFrame({"mean_rank": mean, "low": np.nan, "high": np.nan, "first": np.nan})
    n, most = ranks.shape
    if n < UNITS_FOR_INTERVAL:
        return table
    ends = [interval(ranks[m].mean(), [Noise.of_mean(ranks[m].std(), n)]) for m in ranks]
    # Equal ranks in a few units do not show that every other unit has this rank.
    known = pd.DataFrame(ends, index=ranks.columns).where(ranks.std() > 1e-9, axis=0)
    low, high = known.clip(1, most).to_numpy().T
    drawn = np.random.default_rng(0).integers(n, size=(draws, n))
    means = ranks.to_numpy()[drawn].mean(axis=1)
    best = np.isclose(means, means.min(axis=1, keepdims=True))
    first = (best / best.sum(axis=1, keepdims=True)).mean(axis=0)
    return table.assign(
        **{
            name: pd.Series(values, index=ranks.columns)
            for name, values in (("low", low), ("high", high), ("first", first))
        }
    )


def _testable(unit_ranks: pd.DataFrame) -> bool:
    n_units, n_methods = unit_ranks.shape
    return n_methods > 1 and n_units >= UNITS_TO_TEST


def _no_pairs() -> pd.DataFrame:
    types = {"one": "str", "other": "str", "p": "float64", "p_holm": "float64", "n": "int64"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in types.items()})
