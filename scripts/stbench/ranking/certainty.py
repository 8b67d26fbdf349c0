"""Sentences about the tests on the order of methods."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from stbench.ranking.leaderboard import Order
from stbench.ranking.ranks import LEVEL, UNITS_TO_TEST, Ranking, not_different_from, places
from stbench.results.formatting import count, joined


def note(ranking: Ranking) -> str:
    """Limits of the tests: why no test is possible, or why none can be significant."""
    methods = ranking.scores.shape[1]
    if methods < 2:
        return "no test is possible: fewer than 2 methods"
    n = len(ranking.unit_ranks)
    units = f"{n} independent unit{'s' * (n != 1)}"
    if not ranking.tested:
        return f"no test is possible: {units}, at least {UNITS_TO_TEST} are needed"
    if not ranking.conclusive:
        return f"with {units} and {methods} methods, no pair can differ significantly"
    return ""


def where(ranking: Ranking) -> str:
    """The datasets and their independent units: ``7 datasets of 5 studies``."""
    datasets, units = len(ranking.scores), len(ranking.unit_ranks)
    text = count(datasets, "dataset")
    return text if datasets == units else f"{text} of {count(units, 'study', 'studies')}"


def certainty(ranking: Ranking, titles: Mapping[str, str]) -> str:
    """Whether the order of methods may be chance, in a sentence or two."""
    if not ranking.tested:
        return f"{as_sentence(note(ranking))}."
    text = (
        f"Friedman's test over {where(ranking)}: p = {ranking.friedman_p:.2g}, by Iman and "
        f"Davenport's F p = {ranking.iman_davenport_p:.2g}"
    )
    if pd.isna(ranking.friedman_p):
        text = f"Two methods over {where(ranking)}: Friedman's test needs at least three"
    elif ranking.iman_davenport_p > LEVEL:
        return f"{text}: the differences between methods may be chance."
    else:
        text += ": the methods differ"
    if not ranking.conclusive:
        return f"{text}; {note(ranking)}."
    return f"{text}. {_pairs(ranking, titles)}"


def _pairs(ranking: Ranking, titles: Mapping[str, str]) -> str:
    """How many pairs differ, and which methods the best one does not differ from."""
    place = places(ranking.mean_ranks)
    best = list(place.index[place == 1])
    like = [set(not_different_from(ranking, method)) for method in best]
    tied = [titles.get(m, m) for m in place.index if m not in best and m in set.union(*like)]
    several = len(best) > 1
    contrast = f"does not differ significantly from {', '.join(tied)}"
    if several:
        contrast = f"at least one of them {contrast}"
    if not tied:
        contrast = f"differ{'s' * (not several)} significantly from all others"
    if len(best) == len(place):
        contrast = "do not differ significantly"
    apart = int((ranking.pairs["p_holm"] <= LEVEL).sum())
    return (
        f"In Wilcoxon's test (Holm, 5 %), {apart} of {len(ranking.pairs)} pairs of methods differ "
        f"significantly. {joined([titles.get(method, method) for method in best])} "
        f"{'share' if several else 'has'} the best mean rank and {contrast}."
    )


def order_sentence(order: Order) -> str:
    """Whether the order of methods is the same under the other clusterers."""
    if not order.same and not order.changed:
        return "No other clusterer ranks all these methods, so orders cannot be compared."
    parts = [
        f"{verb} under {', '.join(names)}"
        for verb, names in (("is the same", order.same), ("changes", order.changed))
        if names
    ]
    return f"The order of methods {' and '.join(parts)}."


def as_sentence(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]
