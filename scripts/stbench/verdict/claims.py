"""Published scores as claims: what was claimed, what was measured, and whether it holds."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from stbench.common.text import markdown
from stbench.ranking.selection import OWN, methods_with_labels_only
from stbench.results.assembly import in_order, method_titles
from stbench.results.formatting import count, interval, number, signed
from stbench.results.published import NO_VERDICT, published_vs_measured, read_table_of
from stbench.results.tuning import tuned_entries
from stbench.verdict.markdown import table_of

HOLDS, LOWER, HIGHER = "holds", "lower", "higher"
UNDECIDED, UNKNOWN = "undecided", "not judged"
VERDICTS = (HOLDS, LOWER, HIGHER, UNDECIDED, UNKNOWN)
MARGIN = 0.1  # ARI; a claim holds within it and is lower or higher beyond it
AUTHORS, BENCHMARK = "authors", "benchmark"
CLAIMS = [
    *("source", "by", "dataset", "measured_on", "method", "claimed", "measured"),
    *("settings", "protocol", "clusterer", "verdict", "reason", "differs"),
]
KNOWN = ["source", "method", "difference"]
OTHER = ["source", "claim", "measured", "verdict", "page"]
_IN_PLACE = " in place of "  # one clusterer in that of another
_SAME_RUNS = ["dataset", "method", "mean", "sd", "n"]  # BenchmarkST has two files of one set
_COPIES = ("_pca", "_5k", "_sdmbench")  # endings of the same section with other features


class _Way(NamedTuple):
    """How a source scores: the clusterers that fit it, the best one first."""

    by: str
    protocol: str
    clusterers: tuple[str, ...]


_MCLUST = ("mclust", "gmm", "kmeans20", "kmeans", OWN)  # mclust is a mixture of Gaussians
_LEIDEN = ("leiden", "kmeans20", "gmm", "kmeans", OWN)
_WAYS = {
    "STAGUE": _Way(AUTHORS, "oracle", ("kmeans",)),
    "SpatialFusion": _Way(AUTHORS, "final", _MCLUST),
    "GraphST's": _Way(AUTHORS, "final", _MCLUST),
    "SEDR's": _Way(AUTHORS, "final", _MCLUST),
    "BenchmarkST": _Way(BENCHMARK, "final", _MCLUST),
    "SDMBench": _Way(BENCHMARK, "final", _MCLUST),
}
# By the programs of these benchmarks (resources/published/README.md).
_OTHER_CLUSTERERS = {
    **{("SDMBench", method): _LEIDEN for method in ("ccst", "scanit", "sedr", "spaceflow")},
    ("BenchmarkST", "sedr"): _LEIDEN,
    ("BenchmarkST", "ccst"): ("kmeans20", "kmeans", "gmm", OWN),
}


def claims(results: pd.DataFrame, published: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Every published ARI of a method and a section that has shipped results.

    The measured score is the one whose protocol and clusterer fit the source: the best epoch under
    k-means with one start for STAGUE, otherwise the last epoch under the clusterer of the source
    (mclust, for some methods Leiden or k-means), or under the one most like it where it was not
    run. Settings are the published ones where there are any. A section that was measured only with
    other features (``_pca``, ``_5k``) is used where the published one is missing, and the reason
    says so.

    Args:
        results: of ``stbench.results.shipped.read_shipped``.
        published: of ``stbench.results.published.read_published``.
        known: of ``read_known_differences``.

    Returns:
        One row per claim: ``source``; ``by`` (``authors`` or another ``benchmark``); ``dataset`` of
        the claim and ``measured_on``; ``method``; ``claimed`` and ``measured`` ARI; ``settings``,
        ``protocol``, ``clusterer`` of the latter; ``verdict``; ``reason``. By the 95 % interval of
        the difference a claim ``holds`` (the interval is within ``MARGIN`` of 0), is ``lower`` or
        ``higher`` (the interval is beyond it), or is ``undecided`` (neither, or the section was
        measured with other features, or the method or the clusterer is known to differ:
        ``differs`` says how). Without an interval it is ``not judged``.
    """
    there = set(results["dataset"])
    wanted = published[published["metric"] == "ARI"]
    places = {name: _measured_on(name, there) for name in wanted["dataset"].unique()}
    wanted = wanted.assign(claim_on=wanted["dataset"], dataset=wanted["dataset"].map(places))
    wanted = wanted[wanted["dataset"].notna() & wanted["method"].isin(results["method"])]
    wanted = wanted.drop_duplicates(_SAME_RUNS)
    if wanted.empty:
        return pd.DataFrame(columns=CLAIMS)
    claim_on = wanted.drop_duplicates("dataset").set_index("dataset")["claim_on"]
    compared = published_vs_measured(
        results, wanted.drop(columns="claim_on"), tuned_entries(results)
    )
    compared = compared[compared["source"] != ""]
    labels_only = methods_with_labels_only(results)
    budgets = results.drop_duplicates("method").set_index("method")["budget"]
    rows = []
    for (dataset, method, source), ways in compared.groupby(["dataset", "method", "source"]):
        for claimed, of_claim in ways.groupby("published"):
            own = of_claim["clusterer"] == OWN
            alone = method in labels_only and own.any()
            row = _fitting(of_claim[own] if alone else of_claim, str(source))
            differs = _known(known, str(source), str(method))
            differs += [budget] if (budget := str(budgets.get(method, ""))) else []
            differs += [] if method in labels_only else _other_clusterer(row)
            verdict, reason = _judged(row, str(claim_on[dataset]), differs)
            rows.append(
                {
                    "source": source,
                    "by": _way(str(source), str(method)).by,
                    "dataset": claim_on[dataset],
                    "measured_on": dataset,
                    "method": method,
                    "claimed": claimed,
                    "measured": row["measured"],
                    "settings": row["settings"],
                    "protocol": row["protocol"],
                    "clusterer": row["clusterer"],
                    "verdict": verdict,
                    "reason": reason,
                    "differs": "; ".join(differs),
                }
            )
    return in_order(pd.DataFrame(rows, columns=CLAIMS), ["by", "method", "dataset", "source"])


def claims_sentence(table: pd.DataFrame) -> str:
    """How many claims can be decided, how many hold, and why the others are undecided.

    Args:
        table: of ``claims``.
    """
    rows = table[table["verdict"] != UNKNOWN]
    if rows.empty:
        return "No published score can be judged with these results."
    own = int((rows["by"] == AUTHORS).sum())
    hold, low, high = ((rows["verdict"] == verdict).sum() for verdict in (HOLDS, LOWER, HIGHER))
    which = f"{own} of the authors of a method, {len(rows) - own} of benchmarks"
    text = f"Of {count(len(rows), 'published score')} ({which}) "
    undecided = rows[rows["verdict"] == UNDECIDED]
    if len(undecided) < len(rows):
        text += (
            f"{hold + low + high} can be decided: {hold} {'holds' if hold == 1 else 'hold'}, {low} "
            f"{'was' if low == 1 else 'were'} measured lower and {high} higher."
        )
    if undecided.empty:
        return text
    other = undecided["dataset"] != undecided["measured_on"]
    differs = ~other & (undecided["differs"] != "")
    clusterer = differs & undecided["differs"].map(_is_clusterer_alone)
    reasons = {
        "the section has other features here": other.sum(),
        "the method has another version, other steps or fewer epochs here": (
            (differs & ~clusterer).sum()
        ),
        "the clusterer is another one here": clusterer.sum(),
        "the interval is too wide": (~other & ~differs).sum(),
    }
    why = [f"{reason} ({n})" for reason, n in reasons.items() if n]
    if len(undecided) == len(rows):
        return f"{text}none can be decided: {', or '.join(why)}."
    others = "The other is" if len(undecided) == 1 else f"The other {len(undecided)} are"
    return f"{text} {others} undecided: {', or '.join(why)}."


def read_other_claims(path: str | Path) -> pd.DataFrame:
    """Claims that are no score of one section and method, with what was measured.

    Raises:
        InputError: the file is missing or lacks a column.
    """
    return read_table_of(path, OTHER)


def read_known_differences(path: str | Path) -> pd.DataFrame:
    """How a method that a source scored differs from that of this benchmark.

    Returns:
        ``source`` (its first word or words), ``method``, ``difference``.

    Raises:
        InputError: the file is missing or lacks a column.
    """
    return read_table_of(path, KNOWN)


def claims_page(
    table: pd.DataFrame, results: pd.DataFrame, published: pd.DataFrame, others: pd.DataFrame
) -> str:
    """The page of all claims, in Markdown.

    Args:
        table: of ``claims``.
        results, published: what it was computed from.
        others: of ``read_other_claims``.
    """
    titles = method_titles(results)
    parts = [
        "# Claims and measurements",
        f"{claims_sentence(table)} {_sources_sentence(table)}".strip(),
        "Claimed: the adjusted Rand index (ARI) that a publication reports; sources are in "
        "`resources/published/README.md`. Measured: the shipped score whose protocol and "
        "clusterer fit the source, with published settings where there are any. A claim holds if "
        f"the 95 % interval of the difference is within {number(MARGIN)} of 0, it is lower or "
        "higher if the interval is beyond that, and else undecided. Few seeds hardly ever give an "
        "interval that is narrow enough for either. A section that was measured with "
        "other features decides nothing about the claim, nor does a method with another version, "
        "other steps (`resources/published/differences.csv`) or fewer epochs, or another "
        "clusterer: a mixture of Gaussians of the form of mclust's (`gmm`) differs from mclust by "
        "up to .15 on one section ([reproduction.md]"
        "(reproduction.md#section-151673-with-the-steps-of-the-papers)). The spread of two "
        "seeds is at least that of the method on all tissues of the same kind, as if it were equal "
        "there. Intervals are not corrected for their number. This page is written by "
        "`make verdict-pages`.",
    ]
    if len(table):
        parts += ["## By method", _by_method(table, titles)]
    headings = {AUTHORS: "Scores of the authors", BENCHMARK: "Scores of other benchmarks"}
    for by, heading in headings.items():
        rows = table[table["by"] == by]
        if len(rows):
            parts += [f"## {heading}", _rows(rows, titles)]
    parts += ["## Other claims", _others(others)]
    parts += ["## What is not judged", _not_measured(results, published, titles)]
    return "\n\n".join(parts) + "\n"


def _measured_on(dataset: str, known: set[str]) -> str | None:
    """The shipped dataset of a section, the published one first."""
    section = dataset
    for end in _COPIES:
        section = section.removesuffix(end)
    names = (dataset, section, *(section + end for end in _COPIES))
    return next((name for name in names if name in known), None)


def _way(source: str, method: str) -> _Way:
    found = [way for start, way in _WAYS.items() if source.startswith(start)]
    way = found[0] if found else _Way(BENCHMARK, "final", _MCLUST)
    others = [
        clusterers
        for (start, one), clusterers in _OTHER_CLUSTERERS.items()
        if source.startswith(start) and one == method
    ]
    return way._replace(clusterers=others[0]) if others else way


def _fitting(rows: pd.DataFrame, source: str) -> pd.Series:
    """The row whose protocol and clusterer fit the source; one with a score, if there is any."""
    way = _way(source, str(rows["method"].iloc[0]))
    order = {name: place for place, name in enumerate(way.clusterers)}
    ranked = rows.assign(
        unscored=rows["measured"].isna(),
        other=rows["protocol"] != way.protocol,
        place=rows["clusterer"].map(order).fillna(len(order)),
    )
    return ranked.sort_values(["unscored", "other", "place"], kind="stable").iloc[0]


def _known(known: pd.DataFrame, source: str, method: str) -> list[str]:
    """The known differences between the method of a source and that of this benchmark."""
    same = known["source"].map(source.startswith) & (known["method"] == method)
    return list(known.loc[same, "difference"])


def _sources_sentence(table: pd.DataFrame) -> str:
    """How far sources agree about one method on one section; empty if none has two sources."""
    pairs = table.groupby(["method", "dataset"])["claimed"].agg(["size", "min", "max"])
    several = pairs[pairs["size"] > 1]
    if several.empty:
        return ""
    apart = int((several["max"] - several["min"] > 2 * MARGIN).sum())
    return (
        f"They are of {len(pairs)} pairs of a method and a section. {len(several)} pairs have "
        f"several scores, which differ by more than {number(2 * MARGIN)} in {apart} of them, so "
        "there not all can hold."
    )


def _judged(row: pd.Series, claim_on: str, differs: list[str]) -> tuple[str, str]:
    """The verdict and its reason."""
    way = _way(str(row["source"]), str(row["method"]))
    notes = []
    if row["dataset"] != claim_on:
        notes.append(f"measured on {row['dataset']}, the same section with other features")
    if row["protocol"] != way.protocol:
        notes.append(f"{row['protocol']} in place of the {way.protocol} protocol")
    notes += [note for note in (*differs, row["assumed"]) if note]
    verdict = str(row["verdict"])
    if verdict.startswith(NO_VERDICT):
        why = row["reason"] if pd.isna(row["measured"]) and row["reason"] else ""
        return UNKNOWN, "; ".join([why or verdict.removeprefix(f"{NO_VERDICT}: "), *notes])
    found = f"{signed(row['difference'])}{interval(row)}, {count(int(row['n']), 'seed')}"
    incomparable = row["dataset"] != claim_on or bool(differs)
    return UNDECIDED if incomparable else _by_interval(row), "; ".join([found, *notes])


def _by_interval(row: pd.Series) -> str:
    if max(-row["low"], row["high"]) <= MARGIN:
        return HOLDS
    if row["low"] > MARGIN:
        return HIGHER
    return LOWER if row["high"] < -MARGIN else UNDECIDED


def _other_clusterer(row: pd.Series) -> list[str]:
    """That the clusterer is not the source's, if so; labels of a method itself have none."""
    wanted = _way(str(row["source"]), str(row["method"])).clusterers[0]
    same = row["clusterer"] in (wanted, OWN)
    return [] if same else [f"{row['clusterer']}{_IN_PLACE}{wanted}"]


def _is_clusterer_alone(differs: str) -> bool:
    return all(_IN_PLACE in part for part in differs.split("; "))


def _by_method(table: pd.DataFrame, titles: dict[str, str]) -> str:
    counts = table.groupby(["method", "verdict"]).size().unstack(fill_value=0)
    counts = counts[[verdict for verdict in VERDICTS if verdict in counts]]
    rows = [
        [markdown(titles[name]), *map(str, counts.loc[name])]
        for name in [name for name in titles if name in counts.index]
    ]
    return table_of(["method", *counts.columns], rows, left=1)


def _rows(table: pd.DataFrame, titles: dict[str, str]) -> str:
    rows = [
        [
            markdown(titles[row.method]),
            markdown(row.dataset),
            number(row.claimed),
            "–" if np.isnan(row.measured) else number(row.measured),
            f"**{row.verdict}**",
            markdown(f"{row.settings} settings, {row.protocol}, {row.clusterer}"),
            markdown(row.reason),
            markdown(row.source),
        ]
        for row in table.itertuples()
    ]
    head = ["method", "section", "claimed", "measured", "verdict", "how", "reason", "source"]
    return table_of(head, rows, left=2, right=2)


def _others(others: pd.DataFrame) -> str:
    rows = [
        [
            *(markdown(row.source), markdown(row.claim), markdown(row.measured)),
            *(f"**{markdown(row.verdict)}**", f"[{row.page.partition('#')[0]}]({row.page})"),
        ]
        for row in others.itertuples()
    ]
    return table_of(["source", "claimed", "measured", "verdict", "how"], rows, left=5)


def _not_measured(results: pd.DataFrame, published: pd.DataFrame, titles: dict[str, str]) -> str:
    """What has published scores but no shipped ones, and the other way round."""
    known = set(results["dataset"])
    rows = published[published["metric"] == "ARI"].drop_duplicates(_SAME_RUNS)
    away = sorted({name for name in rows["dataset"] if not _measured_on(name, known)})
    methods = sorted(set(rows["method"]) - set(results["method"]))
    parts = []
    if away:
        n = int(rows["dataset"].isin(away).sum())
        parts.append(f"{n} scores on sections that were not run: {markdown(', '.join(away))}.")
    if methods:
        others = rows[rows["method"].isin(methods) & ~rows["dataset"].isin(away)]
        named = markdown(", ".join(methods))
        parts.append(f"{len(others)} scores on other sections of methods not run: {named}.")
    control = set(results.loc[results["control"], "method"])
    silent = [
        name for name in titles if name not in {*rows["method"], *control} and "__" not in name
    ]
    if silent:
        named = _names([titles[name] for name in silent])
        parts.append(f"`resources/published` has no score of {markdown(named)}.")
    parts.append(_BEYOND)
    return "\n".join(f"- {part}" for part in parts)


def _names(names: list[str]) -> str:
    return ", ".join(names)


_BEYOND = """\
STAGUE's own table was not available, so its sections are judged only where another source has a \
score."""
