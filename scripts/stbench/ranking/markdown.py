"""The leaderboard as one page in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import pandas as pd

from stbench.common.text import markdown
from stbench.config.tissues import TISSUE_WORDS, TISSUES
from stbench.ranking.answer import ranking_answers
from stbench.ranking.certainty import as_sentence, order_sentence
from stbench.ranking.first_methods import Place, first_methods
from stbench.ranking.ranks import Policy
from stbench.ranking.seed_failures import incomplete_means
from stbench.ranking.selection import (
    headline,
    mean_over_units,
    methods_with_labels_only,
    ranked_methods,
    units_of,
)
from stbench.ranking.standings import Standing, mean_rank, memory, place
from stbench.results.assembly import method_titles, natural, one_row_per_fit
from stbench.results.formatting import count, interval, joined, number, signed
from stbench.results.marks import marks_note
from stbench.results.statistics import BETTER, NO_INTERVAL, WITHIN_NOISE, WORSE
from stbench.results.tuning import WARNING

_COLUMNS = (
    *("rank", "method", "mean rank", "first", "tied", "final", "scaled", "oracle", "gap", "gain"),
    "lift",
    *("seconds", "memory, MB", "no score"),
)
_DASH = "–"
_ALONE = "\\*"
_NOT_CORRECTED = "not after the correction"
_NAMED = 20  # datasets listed by name; longer lists are only counted
_LEFT = ("method", "mean rank", "tied", "no score")

_LEGEND = """\
- **rank** among methods, by mean rank; in brackets its span over conditions: other clusterers, \
AMI and NMI, only datasets with every score, mean ARI in place of ranks, no datasets of principal \
components, each study left out, and own labels where a method gives any \
(`rank_robustness.csv`).
- **method**: *italics* mark a control. Controls have no rank. Those that smooth have a mean rank, \
as if they were methods, so a method with a higher mean rank does not beat them.
- **mean rank**, 1 = best. Ranks are averaged over the datasets of a study, then over studies, \
because sections of one study are not independent. The 95 % interval, and **first**, the \
share of draws of studies in which the method is first, are over studies; both need 6 of them, \
and equal ranks in all of them have no interval.
- **tied**: methods that share a letter do not differ significantly (Wilcoxon with Holm's \
correction, 5 %); without a test, all methods share one letter.
- **final**: mean ARI of the last epoch, used for ranking; no label picks this epoch. **scaled**: \
the same between 0, the control random, and 1, the jittered truth, which a method can exceed. \
**oracle**: mean ARI of the \
best epoch, chosen with the true labels. **gap**: oracle minus final, both under the clusterer of \
the oracle. **gain**: final minus the untrained \
network. **lift**: final minus smoothed PCA (principal components averaged over the 15 nearest \
cells). Means over studies, and within a study over its datasets that have a value; –: not defined.
- **seconds** of a fit that ended well, mean over datasets; **memory**: largest peak of such a \
fit, host and GPU.
- **no score**: training seeds without a final ARI, with the reasons.
"""


def leaderboard_page(
    standings: dict[str, dict[Policy, Standing]],
    results: pd.DataFrame,
    lift: pd.DataFrame,
    best_control: pd.DataFrame,
    rank_by: str,
    note: str = "",
    *,
    tuning: Mapping[str, pd.DataFrame] | None = None,
    figure: str = "",
) -> str:
    """The whole page: the answer, the figure, the rankings, details, how to read them.

    Args:
        standings: of ``stbench.ranking.standings.all_standings``.
        results: of ``stbench.results.assembly.assemble``.
        lift: of ``stbench.results.aggregates.lift_table``.
        best_control: of ``stbench.results.best_control.lift_over_best_control``.
        rank_by: the clusterer that ranks.
        note: a warning for the top of the page, for example that the run is not complete.
        tuning: of ``stbench.results.tuning.settings_tables``.
        figure: address of the overview figure, if there is one.
    """
    ranked = [name for part in standings.values() for name in part["worst"].datasets]
    whole = headline(results, rank_by)
    parts = ["# Leaderboard", _quoted(note), *_answer(standings, best_control, rank_by)]
    parts += [f"![Overview of methods and controls]({figure})" if figure else ""]
    parts += [_intro(standings, results, rank_by), markdown(marks_note(results))]
    for tissue, by_policy in standings.items():
        if by_policy["worst"].datasets:
            parts += [f"## {as_sentence(TISSUE_WORDS[tissue])}", _datasets(by_policy["worst"])]
        parts += _rankings(by_policy)
    if tuning:
        titles = method_titles(results)
        gains = tuning["tuning_gain"]
        parts += ["## Published settings", *_tuning(gains[gains["clusterer"] == rank_by], titles)]
        of_paper = tuning["paper_protocol"]
        of_paper = of_paper[of_paper["dataset"].isin(whole["dataset"])]
        parts += ["## The protocol of STAGUE's paper", *_paper(of_paper, titles, units_of(whole))]
    if orders := first_methods(whole, rank_by, n=whole["method"].nunique()):
        parts += ["## The order under every clusterer", *_orders(orders)]
    not_run = {
        t: reason for part in standings.values() for t, reason in part["worst"].not_run.items()
    }
    if not_run:
        lines = (f"- {markdown(title)}: {markdown(reason)}" for title, reason in not_run.items())
        parts += ["## Methods that were not run", "\n".join(lines)]
    if lacking := list(_incomplete(results, ranked, rank_by)):
        parts += ["## Means that lack training seeds", "\n".join(lacking)]
    for lifts, control in ((lift, "smoothed PCA"), (best_control, "the best control")):
        if said := list(_against(control, results, lifts, rank_by)):
            parts += [f"## Against {control}, dataset by dataset", "\n".join(said)]
    if missing := list(_not_ranked(results, ranked)):
        parts += ["## Datasets that are not ranked", "\n".join(missing)]
    parts += ["## How to read the tables", _LEGEND.rstrip()]
    return "\n\n".join(part for part in parts if part) + "\n"


def _quoted(note: str) -> str:
    return f"> **{markdown(note)}**" if note else ""


def _intro(
    standings: dict[str, dict[Policy, Standing]], results: pd.DataFrame, rank_by: str
) -> str:
    datasets = [name for part in standings.values() for name in part["worst"].datasets]
    if not datasets:
        return "No dataset has true labels and a score, so methods cannot be ranked."
    fits = one_row_per_fit(results[results["dataset"].isin(datasets)])
    seeds = fits[fits["implementation"] != "external"].groupby("method")["seed"].nunique()
    n = int(seeds.max()) if len(seeds) else int(fits["seed"].nunique())
    apart = " Real, semi-synthetic and simulated tissues are ranked apart." * (len(standings) > 1)
    return (
        "Methods by their mean rank of ARI, the agreement with the true domains (1 = identical, "
        f"0 = chance), at the last epoch, clustered by {rank_by}. {count(n, 'training seed')}."
        f"{apart}{_labels_only(results)}"
    )


def _labels_only(results: pd.DataFrame) -> str:
    """The ranked methods whose scores no clusterer changes; empty without any."""
    ranked, titles = ranked_methods(results), method_titles(results)
    names = [titles[name] for name in ranked if name in methods_with_labels_only(results)]
    if not names:
        return ""
    return (
        f" {joined([markdown(name) for name in names])} {'gives' if len(names) == 1 else 'give'} "
        "labels without an embedding: these count under every clusterer, so no clusterer changes "
        "the score."
    )


def _datasets(worst: Standing) -> str:
    return f"{as_sentence(worst.where)}: {_names(worst.datasets)}."


def _answer(
    standings: dict[str, dict[Policy, Standing]], best_control: pd.DataFrame, rank_by: str
) -> Iterator[str]:
    """The answer for the headline, a line for each sentence."""
    tissue, by_policy = next(iter(standings.items()))
    answers = ranking_answers(by_policy["worst"], tissue, best_control, rank_by)
    if answers:
        yield "\n".join(f"- **{answer.about}:** {markdown(answer.text)}" for answer in answers)


def _rankings(by_policy: dict[Policy, Standing]) -> Iterator[str]:
    """A table for each policy for failures; one table if they are the same."""
    worst = by_policy["worst"]
    others = [one for one in by_policy.values() if one is not worst]
    if worst.datasets and all(one.datasets == worst.datasets for one in others):
        yield from _ranking(worst, worst)
        yield "Every method has a score on every dataset, so no policy for failures is needed."
        return
    for standing in by_policy.values():
        yield f"### {standing.heading}"
        yield from _ranking(standing, worst)


def _ranking(standing: Standing, worst: Standing) -> Iterator[str]:
    for title, reasons in standing.left_out.items():
        found = [f"{what} on {_names(datasets)}" for what, datasets in reasons.items() if datasets]
        yield f"{markdown(title)} {' and '.join(found)}; excluded from this table."
    if standing.table.empty:
        yield "No dataset remains, so there is no ranking."
        return
    if standing is not worst:
        yield f"Ranked over {_names(standing.datasets)}."
    yield "\n".join(_table(standing.table))
    order = order_sentence(standing.order) if standing.order else ""
    yield markdown(f"{order} {standing.certainty}")


def _table(table: pd.DataFrame) -> Iterator[str]:
    first = table.iloc[0]
    under = "" if first["oracle_by"] == first["rank_by"] else f" ({first['oracle_by']})"
    yield _row(f"{name}{under}" if name in ("oracle", "gap") else name for name in _COLUMNS)
    yield _row(":--" if name in _LEFT else "--:" for name in _COLUMNS)
    for _, row in table.iterrows():
        title = markdown(row["title"])
        yield _row(
            [
                place(row) or _DASH,
                f"*{title}*" if row["control"] else f"**{title}**",
                mean_rank(row) or _DASH,
                _or_dash(row["first"], "{:.0%}".format),
                row["tied"] or _DASH,
                *(_or_dash(row[name], number) for name in ("ARI_final", "scaled", "ARI_oracle")),
                *(_or_dash(row[name], signed) for name in ("gap", "gain", "lift")),
                _or_dash(row["seconds"], "{:.0f}".format),
                memory(row) or _DASH,
                markdown(row["failures"]),
            ]
        )


def _tuning(gains: pd.DataFrame, titles: Mapping[str, str]) -> Iterator[str]:
    """The tuning gain of every method on every dataset with published settings."""
    yield markdown(
        "Final ARI with the settings that the authors published for a dataset, or that were copied "
        f"from a similar one, minus that with the default settings, which rank; 95 % "
        f"intervals, and conclusions after Holm's correction for all entries. {WARNING}"
    )
    head = ("dataset", "method", "default", "published", "tuning gain", "seeds", "conclusion")
    lines = [_row(head), _row(["---", "---", *["---:"] * 4, "---"])]
    for _, row in gains.iterrows():
        gain = _or_dash(row["gain"], signed) + interval(row)
        alone = _NOT_CORRECTED if _only_alone(row) else row["verdict"]
        words = alone if row["status"] == "ok" else f"{row['status']}: {row['reason']}"
        means = [_or_dash(row[side], number) for side in ("default", "published")]
        names = (markdown(row["dataset"]), markdown(titles.get(row["method"], row["method"])))
        lines.append(_row([*names, *means, markdown(gain), str(row["n"]), markdown(words)]))
    yield "\n".join(lines)


def _paper(
    scores: pd.DataFrame, titles: Mapping[str, str], units: Mapping[str, str]
) -> Iterator[str]:
    """Means over studies under the protocol of STAGUE's paper."""
    yield (
        "Published settings where there are any, k-means with one start, and the best epoch, which "
        "the true labels choose. Means over the studies of the headline; "
        "`paper_protocol.csv` has each dataset. This is no ranking: see above."
    )
    names = ("method", "best epoch", "last epoch", "datasets", "with published settings")
    lines = [_row(names), _row(["---", *["---:"] * 4])]
    for method in [name for name in titles if name in set(scores["method"])]:
        rows = scores[scores["method"] == method].set_index("dataset")
        by_study = mean_over_units(rows[["ARI_oracle", "ARI_final"]], units)
        means = [_or_dash(value, number) for value in by_study]
        counts = (rows["ARI_final"].notna().sum(), (rows["settings"] == "published").sum())
        lines.append(_row([markdown(titles[method]), *means, *map(str, counts)]))
    yield "\n".join(lines)


def _orders(orders: Mapping[str, Sequence[Place]]) -> Iterator[str]:
    """The place and mean final ARI of each method under every clusterer."""
    yield (
        "Place by mean rank among the methods with a score under this clusterer, as in the tables "
        "above, and mean ARI over the datasets with a score (a failed seed of a dataset counts, as "
        "in the ranks); controls are not listed."
    )
    found = {
        clusterer: {p.title: f"{p.place}: {number(p.ari)}" for p in places}
        for clusterer, places in orders.items()
    }
    titles = dict.fromkeys(title for places in found.values() for title in places)
    lines = [_row(["method", *found]), _row([":--", *["--:"] * len(found)])]
    for title in titles:
        lines.append(
            _row([markdown(title), *(places.get(title, _DASH) for places in found.values())])
        )
    yield "\n".join(lines)


def _incomplete(results: pd.DataFrame, datasets: list[str], rank_by: str) -> Iterator[str]:
    """For each method, the datasets on which its mean lacks seeds, with n."""
    lacking = incomplete_means(results[results["dataset"].isin(datasets)], rank_by)
    titles = method_titles(results)
    for method, rows in lacking.groupby("method", sort=False):
        means = ", ".join(
            f"{markdown(dataset)} (n = {n} of {requested})"
            for dataset, n, requested in rows[["dataset", "n", "requested"]].itertuples(index=False)
        )
        yield f"- {markdown(titles[str(method)])}: {means}"


def _against(
    control: str, results: pd.DataFrame, lift: pd.DataFrame, rank_by: str
) -> Iterator[str]:
    """Methods that are better than a control, then a line for every method but controls."""
    described = results.drop_duplicates("method").set_index("method")
    titles = described[~described["control"]]["title"].map(markdown)
    rows = lift[(lift["clusterer"] == rank_by) & ~lift["exploratory"]]
    rows = rows[rows["method"].isin(titles.index)]
    if rows.empty:
        return
    facts = results.drop_duplicates("dataset").set_index("dataset")[["tissue", "unit"]]
    rows = rows.join(facts, on="dataset")
    winners = "; ".join(
        f"on {TISSUE_WORDS[kind]} {_winners(rows[rows['tissue'] == kind], titles)}"
        for kind in TISSUES
        if (rows["tissue"] == kind).any()
    )
    family = "for all entries on a kind of tissue"
    yield f"Better than {control} (5 %, Holm's correction {family}): {winners}."
    if "best_control" in rows:
        named = rows[rows["best_control"] != ""].drop_duplicates("dataset")
        every = described["title"].map(markdown)
        pairs = zip(named["dataset"], named["best_control"], strict=True)
        best = ", ".join(f"{every[name]} on {markdown(dataset)}" for dataset, name in pairs)
        if len(named) <= _NAMED:
            yield f"The best control is {best}."
    lines = []
    for method in sorted(rows["method"].unique(), key=natural):
        of_method = rows[(rows["method"] == method) & rows["mean"].notna()]
        phrases = [
            f"{phrase} on {_with_lift(of_method[of_method['verdict'] == verdict])}"
            for verdict, phrase in _VERDICTS.items()
            if (of_method["verdict"] == verdict).any()
        ]
        what = "; ".join(phrases) or "no dataset with scores of both"
        lines.append(f"- **{titles[method]}**: {what}.")
    if any(_ALONE in line for line in lines):
        yield ""
        yield f"{_ALONE}: not after the correction, but the 95 % interval alone does not contain 0."
    yield ""
    yield from lines


def _winners(rows: pd.DataFrame, titles: pd.Series) -> str:
    better = rows[rows["verdict"] == BETTER].groupby("method", sort=False).size()
    won = [f"{titles[method]} on {count(n, 'dataset')}" for method, n in better.items()]
    return joined(won) or "no method on any dataset"


_VERDICTS = {
    BETTER: "better",
    WORSE: "worse",
    WITHIN_NOISE: "cannot be distinguished",
    NO_INTERVAL: "too few seeds, seeds that agree, or an unknown noise of cells, so no conclusion",
}


def _with_lift(rows: pd.DataFrame) -> str:
    if len(rows) > _NAMED:
        means = ", ".join(
            f"{kind} {signed(of_kind.groupby('unit')['mean'].mean().mean())}"
            for kind, of_kind in rows.groupby("tissue", sort=False)
        )
        return f"{len(rows)} datasets (mean over studies: {means})"
    alone = [_only_alone(row) for _, row in rows.iterrows()]
    named = zip(rows["dataset"], rows["mean"], alone, strict=True)
    return ", ".join(
        f"{markdown(dataset)} ({signed(mean)}{_ALONE * mark})" for dataset, mean, mark in named
    )


def _only_alone(row: pd.Series) -> bool:
    """Whether the interval of one difference excludes 0, but not after Holm's correction."""
    return bool(row["verdict"] == WITHIN_NOISE and (row["low"] > 0 or row["high"] < 0))


def _names(datasets: list[str]) -> str:
    if len(datasets) > _NAMED:
        return f"{len(datasets)} datasets"
    return ", ".join(map(markdown, datasets))


def _not_ranked(results: pd.DataFrame, ranked: list[str]) -> Iterator[str]:
    for dataset, rows in results.groupby("dataset", sort=False):
        if dataset in ranked:
            continue
        reasons = list(dict.fromkeys(filter(None, rows["fit_reason"])))
        reason = "no true labels" if rows["exploratory"].all() else "no method has a score"
        if (rows["fit_status"] != "ok").all() and reasons:
            reason = (
                reasons[0] if len(reasons) == 1 else f"every fit failed, for example: {reasons[0]}"
            )
        yield f"- {markdown(dataset)}: {markdown(reason)}"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _or_dash(value: float, write: Callable[[float], str]) -> str:
    return _DASH if pd.isna(value) else write(value)
