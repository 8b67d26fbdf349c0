"""The first methods under every clusterer: the clusterer often decides which one wins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from stbench.ranking.ranks import mean_ranks, places
from stbench.ranking.selection import competing, final_scores, mean_over_units, units_of
from stbench.results.assembly import method_titles
from stbench.results.formatting import number


class Place(NamedTuple):
    """A method, its place, which ties share, and its mean final ARI over datasets with a score."""

    place: int
    title: str
    ari: float

    @property
    def words(self) -> str:
        return f"{self.title} {number(self.ari)}"


def first_methods(results: pd.DataFrame, rank_by: str, n: int = 3) -> dict[str, list[Place]]:
    """The first methods by mean rank of the final ARI, by clusterer, that which ranks first.

    Ranks are those of the leaderboard, among methods and controls that smooth; only methods are
    listed. A failure gets the worst rank. Methods without any score under a clusterer are left out,
    and so are clusterers with fewer than two methods.

    Args:
        results: of ``stbench.results.assembly.assemble``, of one kind of tissue.
        rank_by: the clusterer that ranks.
        n: number of methods.
    """
    controls, units = set(results.loc[results["control"], "method"]), units_of(results)
    titles = method_titles(results)
    others = sorted(set(results["clusterer"]) - {rank_by})
    ranking = final_scores(results, rank_by)
    first = {}
    for clusterer in (rank_by, *others):
        scores = competing(final_scores(results, clusterer), ranking).dropna(how="all")
        ari, rank = mean_over_units(scores, units), mean_ranks(scores, units)
        there = scores.columns[scores.notna().any()]
        methods = [name for name in there if name not in controls]
        if len(methods) < 2:
            continue
        place = places(rank[methods])
        methods.sort(key=lambda name: (place[name], -ari[name]))
        first[clusterer] = [Place(place[name], titles[name], ari[name]) for name in methods[:n]]
    return first


def in_words(found: Sequence[Place]) -> str:
    """``BANKSY .78, STAGUE .72``."""
    return ", ".join(place.words for place in found)
