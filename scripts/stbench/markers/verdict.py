"""Conclusions from the tables of markers, and their limits, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from stbench.common.text import wrapped
from stbench.markers.differential_expression import ALPHA, FOLD, Domains
from stbench.markers.domains import MAIN

_SPOTS = ("10x Visium", "Spatial Transcriptomics")


NAMED = 5  # markers of a domain in the text


def verdict(
    facts: Mapping[str, Any],
    divisions: Sequence[Domains],
    genes: pd.DataFrame,
    n_tested: int,
    markers: pd.DataFrame,
) -> str:
    """Paragraphs: the data, one for each gene, the markers of the main map, then the limits.

    Args:
        facts: ``uns['dataset']``.
        divisions: the true domains, then those of methods.
        genes: ``stbench.markers.differential_expression.gene_statistics`` of all of them.
        n_tested: number of tested genes.
        markers: of ``top_markers``, of all of them.
    """
    word = "spots" if str(facts.get("technology")).partition(",")[0] in _SPOTS else "cells"
    gene_names = list(dict.fromkeys(genes["gene"]))
    paragraphs = [
        _about(facts, divisions, n_tested, word),
        *(_gene(gene, divisions, genes[genes["gene"] == gene], word) for gene in gene_names),
        *(_markers(d, markers, word) for d in divisions if d.id in MAIN),
        _limits(facts, divisions, word),
    ]
    return _text(paragraphs)


def _markers(domains: Domains, markers: pd.DataFrame, word: str) -> str:
    """The first markers of every domain."""
    if not domains.available:
        return f"No markers for {domains.title}: {domains.note}."
    own = _of(markers, domains)
    sentences = [f"First markers of the domains of {domains.title} ({domains.note})."]
    for code, size in domains.sizes.items():
        of_domain = own[own["domain"] == domains.names[code]]
        found = ", ".join(of_domain["gene"].head(NAMED)) or "none"
        where = f", mostly {domains.mostly[code]}" if domains.mostly[code] else ""
        sentences.append(f"Domain {domains.names[code]} ({size} {word}{where}): {found}.")
    return " ".join(sentences)


def no_verdict(name: str, genes: Sequence[str], status: str, reason: str) -> str:
    """The text for a dataset without any test."""
    listed = ", ".join(genes) or "any gene"
    return _text(
        [f"{name}: {status.replace('_', ' ')}: {reason}. There is no result for {listed}."]
    )


def _about(facts: Mapping[str, Any], divisions: Sequence[Domains], tested: int, word: str) -> str:
    division = next((d for d in divisions if d.available), None)
    size = f"{len(division.codes)} {word}, " if division else ""
    least = int(facts.get("filter_cell", 0))
    seen = f", those detected in at least {least} {word}" if facts.get("hvg") and least else ""
    return (
        f"{facts['id']} ({size}{tested} genes tested{seen}). A gene is a marker of a domain if "
        f"Wilcoxon's test of the {word} of the domain against all others gives an adjusted p "
        f"below {ALPHA:g}, and the log2 fold change is above {FOLD:g}. Rank 1 is the highest score."
    )


def _gene(gene: str, divisions: Sequence[Domains], rows: pd.DataFrame, word: str) -> str:
    if (rows["status"] != "ok").all():
        return f"{gene}: no result: {'; '.join(dict.fromkeys(rows['reason']))}."
    sentences = [_division(gene, domains, _of(rows, domains), word) for domains in divisions]
    return f"{gene}. {' '.join(sentences)} {_supported(gene, divisions, rows)}"


def _of(rows: pd.DataFrame, domains: Domains) -> pd.DataFrame:
    return rows[(rows["labels"] == domains.id) & (rows["n_domains"] == domains.n_domains)]


def _division(gene: str, domains: Domains, rows: pd.DataFrame, word: str) -> str:
    """One or two sentences on one division of the tissue."""
    which = f"the {domains.title}" if domains.id == "truth" else f"the domains of {domains.title}"
    if not domains.available:
        return f"No result for {which}: {domains.note}."
    note = f" ({domains.note})" if domains.note else ""
    tested = rows[rows["status"] == "ok"]
    left = ""
    if len(tested) < len(rows):
        small = rows[rows["status"] != "ok"]
        names = ", ".join(_named(row) for row in small.to_dict("records"))
        left = f" Not tested because of too few {word}: {names}."
    if tested.empty:
        return f"In {which}{note}, no domain could be tested.{left}"
    markers = tested[tested["marker"].astype(bool)].sort_values("rank", kind="stable")
    if len(markers):
        each = "; ".join(_numbers(row, word) for row in markers.to_dict("records"))
        return (
            f"In {which}{note}, {gene} is a marker of {len(markers)} of {len(tested)} tested: "
            f"{each}.{_lower(tested)}{left}"
        )
    best = tested.loc[tested["score"].astype(float).idxmax()].to_dict()
    return (
        f"In {which}{note}, {gene} is a marker of none of {len(tested)} tested; the highest "
        f"score is in {_numbers(best, word)}.{_lower(tested)}{left}"
    )


def _lower(tested: pd.DataFrame) -> str:
    """The domains with lower expression of the gene, by the same thresholds."""
    low = (tested["p_adjusted"] < ALPHA) & (tested["log2_fold_change"] < -FOLD)
    each = "; ".join(
        f"{_named(row)} (log2 fold change {row['log2_fold_change']:+.2f}, adjusted p "
        f"{row['p_adjusted']:.2g})"
        for row in tested[low].to_dict("records")
    )
    return f" It is lower in {each}." if each else ""


def _named(row: Mapping[str, Any]) -> str:
    if row["labels"] == "truth":
        return str(row["domain"])
    return f"domain {row['domain']}" + (f", mostly {row['mostly']}" if row["mostly"] else "")


def _numbers(row: Mapping[str, Any], word: str) -> str:
    return (
        f"{_named(row)} [{row['cells']:.0f} {word}, rank {row['rank']:.0f} of {row['genes']:.0f}, "
        f"log2 fold change {row['log2_fold_change']:+.2f}, adjusted p {row['p_adjusted']:.2g}, "
        f"detected in {_percent(row['expressed_in'])} of them and {_percent(row['expressed_out'])} "
        "of the others]"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _supported(gene: str, divisions: Sequence[Domains], rows: pd.DataFrame) -> str:
    """Whether the gene is a marker in the true domains and in those of methods."""

    def marks(domains: Domains) -> bool:
        return bool(_of(rows, domains)["marker"].fillna(False).any())

    available = [domains for domains in divisions if domains.available]
    truth = [domains for domains in available if domains.id == "truth"]
    main = [domains for domains in available if domains.id in MAIN]  # of methods that are here, too
    of_methods = [domains for domains in available if domains.id not in (*MAIN, "truth")] or main
    marked = sum(map(marks, of_methods))
    count = f"of a domain in {marked} of {len(of_methods)} divisions of methods"
    if truth and marks(truth[0]):
        also = f", and {count}" if of_methods else ""
        return f"SUPPORTED: {gene} is a marker of a true domain{also}."
    if truth:
        also = f", and {count}" if of_methods else ""
        return f"NOT SUPPORTED: {gene} is a marker of no true domain{also}."
    return f"OPEN: no true domains are known; {gene} is a marker {count}."


def _limits(facts: Mapping[str, Any], divisions: Sequence[Domains], word: str) -> str:
    return "Limits of these numbers. " + " ".join(_limit(facts, divisions, word))


def _limit(facts: Mapping[str, Any], divisions: Sequence[Domains], word: str) -> Iterator[str]:
    if facts.get("source") == "simulated":
        yield "This is one simulated tissue."
    elif str(facts.get("source")).startswith("joined: "):
        yield (
            "These are several sections, and the test pools their cells; a difference may be that "
            "of one of them."
        )
    else:
        yield "This is one section of one individual; the results may not hold for others."
    if any(domains.available and domains.id == "truth" for domains in divisions):
        note = f" ({facts['note']})" if facts.get("note") else ""
        yield f"The true domains are one annotation{note}; another annotation may differ."
    yield (
        f"The test assumes independent {word}, but neighbors are correlated, so its p values are "
        f"too small. They are only approximate for domains with few {word}."
    )
    if any(domains.available and domains.id != "truth" for domains in divisions):
        yield (
            "The domains of methods were derived from the same expression that is tested, so their "
            "p values are even smaller and do not prove a difference."
        )
    yield (
        "A marker is not a cause: these results do not show whether a gene drives a disease or is "
        "a target for treatment."
    )


def _text(paragraphs: Sequence[str]) -> str:
    return "\n\n".join(map(wrapped, paragraphs)) + "\n"
