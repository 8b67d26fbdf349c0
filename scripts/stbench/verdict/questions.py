"""The questions that a reader asks, each with an answer that is computed from shipped results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from stbench.config.tissues import TISSUE_WORDS
from stbench.ranking.certainty import as_sentence, certainty, where
from stbench.ranking.ranks import Ranking, mean_ranks, places, rank_methods
from stbench.ranking.robustness import other_choices, rank_robustness
from stbench.ranking.selection import (
    by_tissue,
    final_scores,
    headline,
    mean_over_units,
    units_of,
)
from stbench.results.assembly import FEATURES, method_titles, natural
from stbench.results.formatting import count, joined, number, signed
from stbench.results.statistics import BETTER, WORSE
from stbench.results.tuning import tuned_entries, tuning_gain
from stbench.verdict.claims import claims_sentence

LAPTOP_SECONDS, LAPTOP_MB = 600, 8000
FIRST = 3  # places that count as among the first
SPACELESS = ("pca", "leiden_pca")  # methods and controls of components that see no positions
_NAMED = 3


class Question(NamedTuple):
    """A question and its answer, a sentence or a few."""

    text: str
    answer: str


def questions(
    results: pd.DataFrame, facts: pd.DataFrame, claimed: pd.DataFrame, rank_by: str
) -> list[Question]:
    """The five questions with their answers, and whether space is needed at all.

    Args:
        results: of ``stbench.results.shipped.read_shipped``, with studies.
        facts: of ``stbench.verdict.tissues.tissue_facts``.
        claimed: of ``stbench.verdict.claims.claims``.
        rank_by: the clusterer that ranks.
    """
    whole = headline(results[results["study"] == ""], rank_by)
    spots = whole["dataset"].map(facts["spots"])
    return [
        Question(
            "Which method for Visium and other spots?", best_on(whole[spots == 1], facts, rank_by)
        ),
        Question("Which method for imaging panels?", best_on(whole[spots == 0], facts, rank_by)),
        Question("Which method without tuning?", without_tuning(whole, results, rank_by)),
        Question("Which method on a laptop?", on_a_laptop(whole, rank_by)),
        Question("Which published scores hold?", claims_sentence(claimed)),
        Question("Does it need space at all?", _needs_space(results, whole, facts, rank_by)),
    ]


def _needs_space(
    results: pd.DataFrame, whole: pd.DataFrame, facts: pd.DataFrame, rank_by: str
) -> str:
    """``without_space`` of the main kind of tissue, then the place on the other kinds."""
    texts = [without_space(whole, facts, rank_by)]
    titles = method_titles(results)
    for tissue, rows in by_tissue(results[results["study"] == ""], rank_by).items():
        place = spaceless_place(rows, rank_by) if tissue not in set(whole["tissue"]) else None
        if place is not None:
            which = f"place {place.place} of {place.among} ({titles[place.method]})"
            texts.append(f"On {TISSUE_WORDS[tissue]} it is at {which}.")
    return " ".join(texts)


def best_on(results: pd.DataFrame, facts: pd.DataFrame, rank_by: str) -> str:
    """The first methods by mean rank, the best control, and how sure the order is.

    Args:
        results: of some datasets of one kind of tissue, without studies.
        facts: of ``stbench.verdict.tissues.tissue_facts``.
        rank_by: the clusterer that ranks.
    """
    ranking = _ranking(results, rank_by)
    if ranking is None:
        return "No such tissue has a score."
    titles, order = method_titles(results), ranking.mean_ranks
    control = results.drop_duplicates("method").set_index("method")["control"]
    methods, controls = ([m for m in order.index if bool(control[m]) is k] for k in (False, True))
    if not methods:
        return f"Only controls have a score on {where(ranking)}."

    ari = mean_over_units(final_scores(results, rank_by), units_of(results))

    def words(method: str) -> str:
        return f"{titles[method]} (mean rank {order[method]:.2f}, mean ARI {number(ari[method])})"

    first = _first(ranking, methods)
    text = f"On {where(ranking)}, {joined([words(name) for name in first])} {_are_first(first)}"
    text += f" of {len(methods)} methods"
    if others := [name for name in methods[len(first) : _NAMED] if pd.notna(ari.get(name))]:
        text += f", before {' and '.join(map(words, others))}"
    if controls:
        ahead = sum(order[name] < order[controls[0]] - 1e-9 for name in methods)
        many = {0: "none of them is", 1: "one of them is"}.get(ahead, f"{ahead} of them are")
        text += f"; {many} before the best control"
        text += f", {words(controls[0])}"
    elsewhere = _elsewhere(results, rank_by, methods, first)
    parts = (certainty(ranking, titles), elsewhere, _sections(ranking, results, facts))
    return f"{text}. {' '.join(filter(None, parts))}"


def _sections(ranking: Ranking, results: pd.DataFrame, facts: pd.DataFrame) -> str:
    """The datasets by name, and how many, and of which technology all, are components."""
    names = sorted(map(str, ranking.scores.index), key=natural)
    components = set(results.loc[results["data"] == FEATURES, "dataset"]).intersection(names)
    text = f"Datasets: {', '.join(names)}"
    if not components:
        return f"{text}."
    text += f"; {len(components)} of {len(names)} are principal components in place of counts"
    groups = _groups(facts.loc[names], "technology")
    every = [technology for technology, of_it in groups if components.issuperset(of_it)]
    return f"{text}{', among them all of ' + joined(every) if every else ''}."


def without_tuning(whole: pd.DataFrame, results: pd.DataFrame, rank_by: str) -> str:
    """The first method with default settings, its places, and what published settings change.

    Args:
        whole: of the headline, without studies.
        results: all, with the study of published settings.
        rank_by: the clusterer that ranks.
    """
    ranking = _ranking(whole, rank_by)
    if ranking is None:
        return "No tissue has a score."
    titles, methods = method_titles(whole), _methods(ranking, whole)
    if not methods:
        return f"Only controls have a score on {where(ranking)}."
    cut = whole[whole["method"].isin(methods) & (whole["budget"] != "")]["method"].nunique()
    fewer = f" ({count(cut, 'method')} with fewer epochs, marked †)" if cut else ""
    first = _first(ranking, methods)
    parts = [
        f"All methods are ranked with default settings{fewer} and the true number of domains: "
        f"{joined([titles[name] for name in first])} {_are_first(first)} on {where(ranking)}.",
        _elsewhere(whole, rank_by, methods, first),
        _published_settings(results[results["tissue"].isin(whole["tissue"])], rank_by),
    ]
    return " ".join(filter(None, parts))


def _published_settings(results: pd.DataFrame, rank_by: str) -> str:
    """What they change, by method; empty without any."""
    tuned = tuned_entries(results)
    table = tuning_gain(results, tuned)
    table = table[(table["clusterer"] == rank_by) & table["gain"].notna() & ~table["exploratory"]]
    if table.empty:
        return ""
    gains = table.pivot(index="dataset", columns="method", values="gain")
    means, titles = mean_over_units(gains, units_of(results)), method_titles(results)
    changes = []
    for name in gains:
        of_method = gains[name].dropna()
        method = str(tuned.get(name, {"method": name})["method"])
        changes.append(
            f"{signed(means[name])} for {titles[method]} ({signed(of_method.min())} to "
            f"{signed(of_method.max())} on {count(len(of_method), 'dataset')})"
        )
    n = table["verdict"].value_counts()
    return (
        "Settings that authors published for the section, or for a similar one, change the mean "
        f"ARI over studies by {joined(changes)}: {n.get(BETTER, 0)} better, {n.get(WORSE, 0)} "
        "worse after Holm's correction, the rest within the noise or without an interval."
    )


def on_a_laptop(results: pd.DataFrame, rank_by: str) -> str:
    """The first of the methods of which every fit takes little time and memory on a CPU.

    Args:
        results: of one kind of tissue, without studies.
        rank_by: the clusterer that ranks.
    """
    ranking = _ranking(results, rank_by)
    if ranking is None:
        return "No tissue has a score."
    titles = method_titles(results)
    of_ranked = results[results["dataset"].isin(ranking.scores.index)]
    worst = of_ranked.groupby("method")[["seconds", "peak_rss_mb"]].max()
    small = worst[(worst["seconds"] <= LAPTOP_SECONDS) & (worst["peak_rss_mb"] <= LAPTOP_MB)]
    elsewhere = (of_ranked["fit_status"] != "ok") | (of_ranked["device"] == "cuda")
    small = small[~small.index.isin(of_ranked.loc[elsewhere, "method"])]
    methods = _methods(ranking, results)
    fitting = [name for name in methods if name in small.index]
    limits = f"{LAPTOP_SECONDS // 60} minutes and {LAPTOP_MB // 1000} GB on a CPU"
    if not fitting:
        return f"No method fits every tissue within {limits}."
    place = places(ranking.mean_ranks[methods])
    first = fitting[0]
    cost = worst.loc[first]
    return (
        f"{len(fitting)} of {len(methods)} methods fit every tissue within {limits}; the first of "
        f"them is {titles[first]}, place {place[first]} of all, with at most "
        f"{cost['seconds']:.0f} s and {cost['peak_rss_mb']:.0f} MB."
    )


def without_space(results: pd.DataFrame, facts: pd.DataFrame, rank_by: str) -> str:
    """The place of PCA, by k-means or by Leiden, which see no positions, on each kind of tissue.

    Datasets on which all labels are smoothed are left out, because there it has positions, too.

    Args:
        results: of one kind of tissue, without studies.
        facts: of ``stbench.verdict.tissues.tissue_facts``.
        rank_by: the clusterer that ranks.
    """
    smoothed = facts.index[facts["refined"] > 0].intersection(results["dataset"])
    facts = facts[facts["refined"] == 0]
    tumor = facts["tumor"].eq(True) & facts["spots"].eq(1)
    kinds = {f"{kind} tissues": names for kind, names in _groups(facts, "kind")}
    kinds["spots of tumors"] = facts.index[tumor]
    kinds |= dict(_groups(facts, "technology"))
    found: dict[str, Spaceless] = {}
    titles = method_titles(results)
    seen: set[frozenset[str]] = set()
    for words, names in kinds.items():
        rows = results[results["dataset"].isin(names)]
        sections = frozenset(rows["dataset"])
        if not sections or sections in seen:
            continue
        seen.add(sections)
        place = spaceless_place(rows, rank_by)
        if place is not None:
            found[f"{words} ({_how_many(rows)})"] = place
    if not found:
        every = "On every section all labels are smoothed, so none is without space."
        return every if len(smoothed) and facts.empty else "PCA without positions was not run."
    first = {words: found[words] for words in found if found[words].place <= FIRST}
    others = {words: found[words] for words in found if words not in first}
    names = " and ".join(titles[name] for name in SPACELESS if name in titles)
    start = f"the better of {names}" if " and " in names else f"{names}"
    start = f"on {TISSUE_WORDS[results['tissue'].iloc[0]]}, without positions, {start}"
    parts = []
    if first:
        parts.append(f"{start} is among the first {FIRST} on {_places(first, titles)}")
    if others:
        best = min(one.place for one in others.values())
        verb = "it is not on" if first else f"{start} is at place {best} at best:"
        parts.append(f"{verb} {_places(others, titles)}")
    text = as_sentence("; ".join(parts))
    left_out = f", without {', '.join(smoothed)}, where all labels are smoothed"
    return f"{text}{left_out if len(smoothed) else ''}."


def _how_many(results: pd.DataFrame) -> str:
    """``5 of 1 study``: sections and independent studies."""
    names = results["dataset"].unique()
    studies = count(results["unit"].nunique(), "study", "studies")
    return f"{count(len(names), 'section')} of {studies}"


def _groups(facts: pd.DataFrame, column: str) -> list[tuple[str, pd.Index]]:
    """The known values of a fact with their datasets."""
    return [(str(value), names) for value, names in facts.groupby(column).groups.items() if value]


class Spaceless(NamedTuple):
    """The place of the better method of ``SPACELESS`` among a number of methods."""

    method: str
    place: int
    among: int


def spaceless_place(results: pd.DataFrame, rank_by: str) -> Spaceless | None:
    """By mean rank among all methods and those of ``SPACELESS``; None if none has a score."""
    rows = results[~results["control"] | results["method"].isin(SPACELESS)].assign(ranked=True)
    scores = final_scores(rows, rank_by).dropna(how="all")
    scored = [name for name in SPACELESS if name in scores and scores[name].notna().any()]
    if not scored:
        return None
    order = places(mean_ranks(scores, units_of(rows)))
    best = min(scored, key=lambda name: order[name])
    return Spaceless(best, int(order[best]), len(order))


def _ranking(results: pd.DataFrame, rank_by: str) -> Ranking | None:
    """Of methods and controls that smooth; None if no dataset has a score."""
    if results.empty:
        return None
    scores = final_scores(results, rank_by).dropna(how="all")
    return rank_methods(scores, "worst", units_of(results)) if len(scores) else None


def _methods(ranking: Ranking, results: pd.DataFrame) -> list[str]:
    """The methods without controls, best first."""
    control = set(results.loc[results["control"], "method"])
    return [name for name in ranking.mean_ranks.index if name not in control]


def _first(ranking: Ranking, methods: list[str]) -> list[str]:
    """The methods that share the first place."""
    place = places(ranking.mean_ranks[methods])
    return [name for name in methods if place[name] == 1]


def _are_first(methods: list[str]) -> str:
    return "is first" if len(methods) == 1 else "share the first place"


def _elsewhere(results: pd.DataFrame, rank_by: str, methods: list[str], first: list[str]) -> str:
    """The places of the first method under other choices; empty if several are first."""
    if len(first) > 1:
        return ""
    conditions = rank_robustness(results, rank_by)
    of_methods = conditions[conditions["method"].isin(methods)]
    return other_choices(of_methods, first[0], method_titles(results))


def _places(found: Mapping[str, Spaceless], titles: Mapping[str, str]) -> str:
    return ", ".join(
        f"{words}: place {one.place} of {one.among} ({titles[one.method]})"
        for words, one in found.items()
    )
