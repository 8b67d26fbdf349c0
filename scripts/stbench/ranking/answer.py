"""The answer of a run in three sentences, the same on the report, in LEADERBOARD.md and in print.

With true labels: the best methods and how sure this is, whether they beat the controls, and what
they cost. Without true labels: the recommended maps, how far the methods agree, and the cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from stbench.config.tissues import TISSUE_WORDS
from stbench.ranking.certainty import as_sentence
from stbench.ranking.ranks import LEVEL, UNITS_TO_TEST, not_different_from
from stbench.ranking.standings import Standing
from stbench.results.formatting import count, duration, joined, megabytes, number
from stbench.results.statistics import BETTER, TOO_FEW_SEEDS

_NAMED = 3  # methods or tissues listed by name; of longer lists the rest is counted
_EVERY_CHOICE = "clusterer, metric, rules and studies"
_CONSENSUS = "consensus"  # in the place of a method


class Answer(NamedTuple):
    """A sentence and what it is about, in a word or two."""

    about: str
    text: str


def ranking_answers(
    standing: Standing, tissue: str, best_control: pd.DataFrame, rank_by: str
) -> list[Answer]:
    """The answer of a run with true labels; empty if no dataset is ranked.

    Args:
        standing: of the headline, under the policy ``worst``.
        tissue: the kind of tissue of the headline.
        best_control: of ``stbench.results.best_control.lift_over_best_control``.
        rank_by: the clusterer that ranks.
    """
    if standing.table.empty:
        return []
    found = [
        Answer("Best", _best(standing, TISSUE_WORDS[tissue], rank_by)),
        Answer("Controls", _controls(standing, best_control, rank_by)),
        Answer("Cost", _cost_of_ranked(standing)),
    ]
    return [answer for answer in found if answer.text]


def _best(standing: Standing, tissues: str, rank_by: str) -> str:
    """The first methods, and how sure their order is."""
    methods = standing.methods.dropna(subset=["rank"])
    where = f"on {standing.where} ({tissues}), clustered by {rank_by}"
    if methods.empty:
        return f"Only controls were ranked {where}."
    first = methods.iloc[0]
    if len(methods) == 1:
        ari = number(first["ARI_final"])
        return f"{first['title']} is the only method that was ranked: mean ARI {ari} {where}."
    top, rest = (methods[methods["rank"] == 1], methods[methods["rank"] > 1])
    if top["labels_only"].any():
        where += f" ({joined(list(top.loc[top['labels_only'], 'title']))} by its own labels)"
    aris = " and ".join(number(value) for value in top["ARI_final"].head(_NAMED))
    scored = rest.dropna(subset=["ARI_final"]).head(_NAMED - 1)
    after = listed([_with_score(row) for _, row in scored.iterrows()])
    return (
        f"{listed(list(top['title']))} {'has' if len(top) == 1 else 'share'} the best mean rank "
        f"of {len(methods)} methods ({first['mean_rank']:.2f}, mean ARI {aris}) {where}"
        f"{', before ' + after if after else ''}. {_sure(standing, top)}"
    )


def _with_score(row: pd.Series) -> str:
    return f"{row['title']} ({row['mean_rank']:.2f}, {number(row['ARI_final'])})"


def _sure(standing: Standing, top: pd.DataFrame) -> str:
    """Whether the order may be chance, and the ranks under other choices of the benchmark."""
    ranking = standing.ranking
    studies = count(len(ranking.unit_ranks), "independent study", "independent studies")
    span = f" {standing.other_choices}" if standing.other_choices else ""
    if not ranking.tested:
        return f"Not sure: no test is possible with {studies}; {UNITS_TO_TEST} are needed.{span}"
    if ranking.iman_davenport_p > LEVEL:
        p = f"p = {ranking.iman_davenport_p:.2g}"
        return f"Not sure: the differences between methods may be chance ({p}).{span}"
    if not ranking.conclusive:
        return f"Not sure: {studies} are too few to distinguish single methods.{span}"
    titles = standing.table.set_index("method")["title"]
    names, several = joined(list(top["title"])), len(top) > 1
    like = {name for method in top["method"] for name in not_different_from(ranking, method)}
    tied = [titles[name] for name in titles.index if name in like - set(top["method"])]
    if len(top) == len(titles):
        return f"Not sure: {names} do not differ significantly.{span}"
    if tied:
        which = "at least one of them" if several else names
        return f"Partly sure: {which} does not differ significantly from {listed(tied)}.{span}"
    if several:
        return f"Partly sure: {names} differ significantly from all others.{span}"
    return f"Sure: {names} differs significantly from all others.{span}"


def _controls(standing: Standing, best_control: pd.DataFrame, rank_by: str) -> str:
    """How many methods are before the best control, and which are better by a test."""
    methods = standing.methods.dropna(subset=["mean_rank"])
    controls = standing.controls.dropna(subset=["mean_rank"])
    if methods.empty:
        return ""
    parts = []
    if len(controls):
        best = controls.iloc[0]
        ahead = int((methods["mean_rank"] < best["mean_rank"] - 1e-9).sum())
        parts.append(
            f"{_ahead(ahead, methods)} before the best control, {best['title']} (mean rank "
            f"{best['mean_rank']:.2f}, mean ARI {number(best['ARI_final'])})"
            f"{_elsewhere(standing.before_controls)}"
        )
    rows = best_control[
        (best_control["clusterer"] == rank_by)
        & best_control["dataset"].isin(standing.datasets)
        & best_control["method"].isin(methods["method"])
    ]
    titles = methods.set_index("method")["title"]
    better = rows[rows["verdict"] == BETTER].groupby("method", sort=False).size()
    if len(better):
        won = [
            f"{titles[name]} on {n} of {count(len(standing.datasets), 'dataset')}"
            for name, n in better.sort_values(ascending=False, kind="stable").items()
        ]
        what = "significantly better than the control that is best on a dataset"
        parts.append(f"{what}: {listed(won)}")
    elif rows["low"].notna().any():
        words = "no method is significantly better than the control that is best on a dataset"
        parts.append(f"{words} ({_power(rows)})")
    elif rows["mean"].notna().any():
        parts.append(f"{TOO_FEW_SEEDS}, so no method can be shown to be better")
    else:
        parts.append("no control has a score, so methods cannot be compared with controls")
    return f"{as_sentence('; '.join(parts))}."


def _elsewhere(before: pd.Series) -> str:
    """How many methods are before the best control under other choices; empty without any."""
    if before.empty:
        return ""
    low, high = int(before.min()), int(before.max())
    span = str(low) if low == high else f"{low} to {high}"
    verb = "does" if low == high == 1 else "do"
    fewest = list(before.index[before == low])
    which = f" ({low}: {joined(fewest)})" if low != high and len(fewest) <= _NAMED else ""
    return f"; {span} {verb} under {count(len(before), 'other choice')} of {_EVERY_CHOICE}{which}"


def _power(rows: pd.DataFrame) -> str:
    """How many tests there are, and how wide their intervals."""
    known = rows.dropna(subset=["low", "high"])
    half = number(((known["high"] - known["low"]) / 2).median())
    if len(known) == 1:
        return f"one test; its 95 % interval is ±{half}"
    return (
        f"{len(known)} tests; the median 95 % interval is ±{half} before their correction, so only "
        "large differences could be shown"
    )


def _ahead(ahead: int, methods: pd.DataFrame) -> str:
    n = len(methods)
    if n == 1:
        return f"{methods.iloc[0]['title']} {'ranks' if ahead else 'does not rank'}"
    if ahead in (0, n):
        return f"all {n} methods rank" if ahead else f"none of the {n} methods ranks"
    return f"{ahead} of {n} methods {'ranks' if ahead == 1 else 'rank'}"


def _cost_of_ranked(standing: Standing) -> str:
    rows = pd.concat(
        [standing.methods.dropna(subset=["rank"]), standing.controls.dropna(subset=["mean_rank"])]
    )
    return _cost(rows[["title", "control", "seconds", "peak_rss_mb"]])


def _cost(rows: pd.DataFrame) -> str:
    """Time and memory of a fit of the first method, of the others, and of the first control."""
    rows = rows.dropna(subset=["seconds"])
    methods, controls = (rows[rows["control"].astype(bool) == kind] for kind in (False, True))
    if methods.empty:
        return ""
    first, others = methods.iloc[0], methods.iloc[1:]
    text = f"A fit of {first['title']} takes {_of(first)}"
    if len(others) == 1:
        text += f", one of {others.iloc[0]['title']} {_of(others.iloc[0])}"
    if len(others) > 1:
        fast, slow = (others.loc[others["seconds"].agg(end)] for end in ("idxmin", "idxmax"))
        text += (
            f"; those of the other {len(others)} methods take from {duration(fast['seconds'])} "
            f"({fast['title']}) to {duration(slow['seconds'])} ({slow['title']})"
        )
        if others["peak_rss_mb"].notna().any():
            large = others.loc[others["peak_rss_mb"].idxmax()]
            text += f" and up to {megabytes(large['peak_rss_mb'])} ({large['title']})"
    if len(controls):
        text += f"; {controls.iloc[0]['title']}, a control, takes {_of(controls.iloc[0])}"
    return f"{text}."


def _of(row: pd.Series) -> str:
    memory = row["peak_rss_mb"]
    return duration(row["seconds"]) + ("" if pd.isna(memory) else f" and {megabytes(memory)}")


def map_answers(
    recommendation: pd.DataFrame,
    titles: Mapping[str, str],
    controls: Sequence[str],
    *,
    numbers: pd.DataFrame,
    compared: pd.DataFrame,
    costs: pd.DataFrame,
) -> list[Answer]:
    """The answer of a run without true labels; empty if no map is recommended.

    Args:
        recommendation, numbers: the tables ``recommendation`` and ``number_of_domains``.
        titles: display names of the methods, by id.
        controls: ids of the controls.
        compared: the table ``label_free``.
        costs: of ``stbench.results.aggregates.runtime_table``, of fits that ended well.
    """
    chosen = recommendation[recommendation["recommended"].astype(bool)]
    if chosen.empty:
        return []
    maps = [_recommended(row, recommendation, titles, numbers) for _, row in chosen.iterrows()]
    agreement = list(_agreement(chosen, compared, titles, controls))
    means = costs.groupby("method", sort=False)[["seconds", "peak_rss_mb"]]
    rows = means.agg({"seconds": "mean", "peak_rss_mb": "max"})
    order = recommendation.groupby("method")["rank"].mean().sort_values(kind="stable").index
    rows = rows.loc[[name for name in order if name in rows.index]].reset_index()
    rows = rows.assign(title=rows["method"].map(titles), control=rows["method"].isin(controls))
    found = [
        Answer("Recommended", f"{_several(maps)}."),
        Answer("Agreement", f"{_several(agreement)}." if agreement else ""),
        Answer("Cost", _cost(rows)),
    ]
    return [answer for answer in found if answer.text]


def _recommended(
    row: pd.Series, recommendation: pd.DataFrame, titles: Mapping[str, str], numbers: pd.DataFrame
) -> str:
    """The map of one tissue and its number of domains."""
    dataset, n_domains = row["dataset"], int(row["n_domains"])
    of_dataset = recommendation[recommendation["dataset"] == dataset]
    n = int((of_dataset["rank"] > 0).sum())
    what = f"the map of {titles.get(row['method'], row['method'])}, first of {n} in agreement"
    if row["method"] == _CONSENSUS:
        what = f"the consensus of {count(n, 'method')}"
    text = f"{dataset}: {what}, {count(n_domains, 'domain')}"
    if len(numbers):
        of_numbers = numbers[(numbers["dataset"] == dataset) & (numbers["choice"] == "alternative")]
        others = sorted(of_numbers["n_domains"].dropna().astype(int).unique())
        text += f" (alternatives: {', '.join(map(str, others))})" if others else ""
    return text


def _agreement(
    chosen: pd.DataFrame, compared: pd.DataFrame, titles: Mapping[str, str], controls: Sequence[str]
) -> Iterator[str]:
    """How near the maps of methods and of controls are to the consensus of each tissue."""
    if compared.empty:
        return
    for _, row in chosen.iterrows():
        rows = compared[
            (compared["dataset"] == row["dataset"]) & compared["ARI_consensus"].notna()
        ].sort_values("ARI_consensus", ascending=False)
        methods = rows[~rows["method"].isin([*controls, _CONSENSUS])]
        if methods.empty:
            continue
        near, far = methods.iloc[0], methods.iloc[-1]
        text = (
            f"{row['dataset']}: the maps of methods agree with the consensus with an ARI of "
            f"{number(far['ARI_consensus'])} ({titles[far['method']]}) to "
            f"{number(near['ARI_consensus'])} ({titles[near['method']]})"
        )
        of_controls = rows[rows["method"].isin(controls)]
        if len(of_controls):
            control = of_controls.iloc[0]
            text += (
                f", that of the control {titles[control['method']]} with "
                f"{number(control['ARI_consensus'])}"
            )
        yield text


def _several(texts: Sequence[str]) -> str:
    """Texts of several tissues; of many, the first."""
    more = len(texts) - _NAMED
    return "; ".join(texts[:_NAMED]) + (f"; and {more} more below" if more > 0 else "")


def listed(names: Sequence[str]) -> str:
    """``A``, ``A and B``, ``A, B and 4 others``."""
    if len(names) > _NAMED:
        return f"{', '.join(names[: _NAMED - 1])} and {len(names) - _NAMED + 1} others"
    return joined(names)
