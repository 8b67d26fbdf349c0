"""The pages that are written from shipped results: leaderboard, claims, headline of the README."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from stbench.common.errors import InputError
from stbench.common.text import markdown
from stbench.ranking.answer import ranking_answers
from stbench.ranking.markdown import leaderboard_page
from stbench.ranking.overview import best_first
from stbench.ranking.selection import by_tissue, headline
from stbench.ranking.standings import all_standings, standings
from stbench.results.aggregates import lift_table
from stbench.results.assembly import FEATURES, method_titles, one_row_per_fit
from stbench.results.best_control import lift_over_best_control
from stbench.results.formatting import count
from stbench.results.published import read_table_of
from stbench.results.shipped import Entry, Shipped
from stbench.results.tuning import settings_tables, tuned_entries
from stbench.verdict.claims import claims, claims_sentence
from stbench.verdict.degraded import robustness_section
from stbench.verdict.explained import explained, explained_sentences, runs_of
from stbench.verdict.markdown import table_of
from stbench.verdict.questions import Question, questions, without_space
from stbench.verdict.tissues import tissue_facts

BEGIN = "<!-- headline of the shipped results: make verdict-pages -->"
END = "<!-- end of the headline -->"


@dataclass(frozen=True)
class Verdict:
    """What the pages say.

    Attributes:
        results: the shipped results, with studies.
        rank_by: the clusterer that ranks.
        refined: of ``refined_sections``.
        made: when, where and at which commit they were measured, in a sentence or two.
        left_out: what of the run is not finished; empty if nothing.
        questions: of ``stbench.verdict.questions.questions``.
        claims: of ``stbench.verdict.claims.claims``.
        shares: of ``stbench.verdict.explained.explained``.
        sentences: of ``stbench.verdict.explained.explained_sentences``.
        robustness: of ``stbench.verdict.degraded.robustness_section``; empty if not measured.
    """

    results: pd.DataFrame
    rank_by: str
    refined: Mapping[str, int]
    made: str
    left_out: str
    questions: Sequence[Question]
    claims: pd.DataFrame
    shares: pd.DataFrame
    sentences: Sequence[str]
    robustness: str = ""

    @property
    def ranked(self) -> pd.DataFrame:
        """The results without studies."""
        return self.results[self.results["study"] == ""]


def verdict_of(
    shipped: Shipped,
    published: pd.DataFrame,
    known: pd.DataFrame,
    reasons: Mapping[str, str] | None = None,
    curves: pd.DataFrame | None = None,
) -> Verdict:
    """Compute everything that the pages say.

    Args:
        shipped: of ``stbench.results.shipped.read_shipped``.
        published: of ``stbench.results.published.read_published``.
        known: of ``stbench.verdict.claims.read_known_differences``.
        reasons: of ``read_left_out``.
        curves: scores on degraded data, see ``stbench.verdict.degraded``.
    """
    results, rank_by = shipped.results, rank_by_of(shipped.manifest)
    facts = facts_of(shipped)
    claimed = claims(results, published, known)
    ranked = results[results["study"] == ""]
    kind = headline(ranked, rank_by)["tissue"].iloc[0]
    runs = runs_of(results[results["tissue"] == kind], facts)
    shares = explained(runs)
    titles = method_titles(results)
    order = {name: titles[name] for band in best_first(ranked, rank_by) for name in band}
    return Verdict(
        results=results,
        rank_by=rank_by,
        refined=refined_sections(shipped.manifest),
        made=made_sentence(shipped.manifest),
        left_out=left_out_sentences(
            shipped.manifest, reasons or {}, method_titles(shipped.results)
        ),
        questions=questions(results, facts, claimed, rank_by),
        claims=claimed,
        shares=shares,
        sentences=explained_sentences(shares, runs),
        robustness="" if curves is None else robustness_section(curves, rank_by, order),
    )


def rank_by_of(manifest: Mapping[str, Any]) -> str:
    """The clusterer that ranks shipped results."""
    return str(manifest["config"]["rank_by"])


def facts_of(shipped: Shipped) -> pd.DataFrame:
    """``stbench.verdict.tissues.tissue_facts`` of shipped results."""
    manifest = shipped.manifest
    smoothed = refined_sections(manifest)
    tissues = {
        name: {**known, "refined": smoothed.get(name, 0)}
        for name, known in manifest.get("tissues", {}).items()
    }
    return tissue_facts(shipped.results, tissues, rank_by_of(manifest))


def refined_sections(manifest: Mapping[str, Any]) -> dict[str, int]:
    """By dataset, the number of neighbors by whose majority all its labels are smoothed."""
    fewest = {
        name: min((int(entry["refine"][0]) for entry in entries.values()), default=0)
        for name, entries in manifest.get("entries", {}).items()
    }
    return {name: n for name, n in fewest.items() if n}


def made_sentence(manifest: Mapping[str, Any]) -> str:
    """When, at which commit and on which machine results were measured, and how much is missing."""
    commits = str(manifest["commit"]).split(", ")
    changed = sum(commit.endswith("-dirty") for commit in commits)
    commits = [commit[:7] for commit in commits]
    named = f"{len(commits)} commits (named in manifest.json)"
    if changed:
        named += f", {changed} of them with uncommitted changes"
    at = f"at commit {commits[0]}" if len(commits) == 1 else f"at {named}"
    text = f"Measured until {manifest['made']}, {at}, on {manifest['machine']}."
    unfinished = manifest["unfinished"]
    parts = [count(len(names), kind[:-1]) for kind, names in unfinished.items() if names]
    if earlier := manifest.get("scored_by_earlier_code"):
        text += f" {count(earlier, 'entry', 'entries')} scored by an earlier version of the code."
    return f"{text} Not finished, and left out: {' and '.join(parts)}." if parts else text


def left_out_sentences(
    manifest: Mapping[str, Any], reasons: Mapping[str, str], titles: Mapping[str, str]
) -> str:
    """The datasets and methods that are not finished, one list after the other, and why.

    Args:
        manifest: of ``Shipped``.
        reasons: of ``read_left_out``; those of others are named as not part of the run.
        titles: of the methods of the run, by id.
    """
    unfinished = manifest["unfinished"]
    texts = []
    for kind, names in unfinished.items():
        whys = {name: "; ".join(filter(None, [n, reasons.get(name)])) for name, n in names.items()}
        listed = "; ".join(f"{name} ({why})" for name, why in whys.items())
        texts += [f"Left out {kind}: {listed}."] if names else []
    known = {*manifest["entries"], *(name for names in unfinished.values() for name in names)}
    ids = {method for methods in manifest["entries"].values() for method in methods}
    ran = ids | {titles[method] for method in ids if method in titles}
    others = [f"{name} ({why})" for name, why in reasons.items() if name not in known | ran]
    return " ".join([*texts, *([f"Not part of the run: {'; '.join(others)}."] if others else [])])


def read_left_out(path: Path) -> dict[str, str]:
    """Why datasets and methods, by the names that the pages use, were not run.

    Raises:
        InputError: the file is missing or lacks a column.
    """
    table = read_table_of(path, ["name", "reason"])
    return dict(zip(table["name"], table["reason"], strict=True))


def without_score(results: pd.DataFrame) -> str:
    """A Markdown table of the fits that gave no result, by method and reason; empty if none."""
    fits = one_row_per_fit(results)
    failed = fits[fits["fit_status"] != "ok"]
    rows = [
        [
            markdown(title),
            markdown(", ".join(dict.fromkeys(group["dataset"]))),
            str(len(group)),
            markdown(f"{status}: {reason}"),
        ]
        for (title, status, reason), group in failed.groupby(
            ["title", "fit_status", "fit_reason"], sort=False
        )
    ]
    return table_of(["method", "datasets", "fits", "reason"], rows, left=2, right=1) if rows else ""


def stale_sentence(stale: Collection[Entry], titles: Mapping[str, str]) -> str:
    """The methods whose shipped entries are those of other code, parameters or data; or empty.

    Args:
        stale: of ``stbench.results.shipped.stale_entries``.
        titles: display names of the methods, by id.
    """
    n = Counter(method for _, method in sorted(stale))
    named = [f"{titles.get(name, name)} on {count(k, 'dataset')}" for name, k in n.items()]
    return f"Code, parameters or data changed since (stale): {', '.join(named)}." if n else ""


def leaderboard_text(verdict: Verdict, images: str, stale: Collection[Entry] = ()) -> str:
    """``docs/leaderboard.md``: the page of ``stbench.ranking.markdown`` with questions.

    Args:
        verdict: of ``verdict_of``.
        images: address of the folder with ``overview.svg`` and ``explained.svg``.
        stale: of ``stbench.results.shipped.stale_entries``.
    """
    results, rank_by = verdict.ranked, verdict.rank_by
    page = leaderboard_page(
        all_standings(results, rank_by),
        results,
        lift=lift_table(results),
        best_control=lift_over_best_control(results),
        rank_by=rank_by,
        tuning=settings_tables(verdict.results, tuned_entries(verdict.results)),
        figure=f"{images}/overview.svg",
    )
    first, heading, rest = page.partition("\n## ")
    outdated = stale_sentence(stale, method_titles(verdict.results))
    asked = "\n\n".join(
        f"**{markdown(question.text)}** {markdown(question.answer)}"
        for question in verdict.questions
    )
    parts = [
        first.rstrip(),
        f"{markdown(verdict.made)} Written by `make verdict-pages` from `resources/verdict/`.",
        *([markdown(outdated)] if outdated else []),
        *([markdown(verdict.left_out)] if verdict.left_out else []),
        *([_BY_HAND] if "BASS" in verdict.left_out else []),
        *([_COMPONENTS] if (results["data"] == FEATURES).any() else []),
        *(markdown(_smoothed(name, n)) for name, n in verdict.refined.items()),
        "## Questions",
        asked,
        "Published scores beside these: [claims.md](claims.md).",
        "## What explains a score",
        " ".join(map(markdown, verdict.sentences)),
        f"![Shares of the variance of the final ARI by source]({images}/explained.svg)",
        _HOW_EXPLAINED,
    ]
    if verdict.robustness:
        parts += ["## Robustness to worse data", _HOW_DEGRADED, verdict.robustness]
    if failed := without_score(verdict.results):
        parts += ["## Fits without a score", failed]
    return "\n\n".join(parts) + f"\n{heading}{rest}"


def readme_headline(shipped: Shipped, claimed: pd.DataFrame) -> str:
    """The headline of the README, between ``BEGIN`` and ``END``: the answers and a figure.

    Args:
        shipped: of ``stbench.results.shipped.read_shipped``.
        claimed: of ``stbench.verdict.claims.claims``.
    """
    results, rank_by = shipped.results, rank_by_of(shipped.manifest)
    results = results[results["study"] == ""]
    tissue, rows = next(iter(by_tissue(results, rank_by).items()))
    standing = standings(rows, rank_by)["worst"]
    answers = ranking_answers(standing, tissue, lift_over_best_control(rows), rank_by)
    lines = [f"- **{answer.about}:** {markdown(answer.text)}" for answer in answers]
    space = without_space(rows, facts_of(shipped), rank_by)
    lines.append(f"- **Space:** {markdown(space)}")
    lines.append(
        f"- **Claims:** {markdown(claims_sentence(claimed))} [All claims](docs/claims.md)."
    )
    parts = [
        "\n".join(lines),
        "![Overview of methods and controls](docs/images/overview.svg)",
        f"*{markdown(made_sentence(shipped.manifest))} The whole table: "
        "[docs/leaderboard.md](docs/leaderboard.md).*",
    ]
    return "\n\n".join(parts)


def with_headline(readme: str, block: str) -> str:
    """The README with another headline.

    Raises:
        InputError: it has no place for a headline.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InputError(
            f"README.md: no lines {BEGIN!r} and {END!r}; put the headline between them"
        )
    return f"{before}{BEGIN}\n\n{block}\n\n{END}{after}"


def _smoothed(dataset: str, n: int) -> str:
    return (
        f"On {dataset} the labels of every method and control are smoothed by the majority of {n} "
        "neighbors, as in the published benchmark; there methods and controls without positions "
        "use them, too."
    )


_BY_HAND = """\
BASS and BayesSpace were run by hand on a few sections: \
[reproduction.md](reproduction.md#r-methods)."""
_COMPONENTS = """\
Datasets whose name ends in `_pca` have published principal components in place of counts."""
_HOW_DEGRADED = """\
Final ARI on degraded copies of a section (`config/verdict_robustness.yaml`, \
[studies.md](studies.md#robustness-controlled-degradation-of-data)), in brackets the change. This \
is no part of the ranking, and one section says little about others."""
_HOW_EXPLAINED = """\
Sums of squares of type II of the final ARI, divided by the total: each source is adjusted for all \
others that are not nested with it, so shares need not add up to 100 %. *Layout* is the share of \
neighbors with the same true label together with the share of borders between consecutive layers. \
*By chance*: the mean share when studies, or methods, exchange this property. In brackets: the \
range when one study is left out. Controls that smooth count as methods, and every clusterer and \
seed is a run, so methods that give labels alone, and studies of few sections, weigh less."""
