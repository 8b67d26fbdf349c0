"""What the tables of markers allow to be said, in words, and what they do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from stbench.common.text import wrapped
from stbench.markers.differential_expression import ALPHA, FOLD, Domains

_SPOTS = ("10x Visium", "Spatial Transcriptomics")


def verdict(
    facts: Mapping[str, Any], divisions: Sequence[Domains], genes: pd.DataFrame, n_tested: int
) -> str:
    """Paragraphs: the data, one for each gene, then what cannot be said.

    Args:
        facts: ``uns['dataset']``.
        divisions: the true domains, then those of methods.
        genes: ``stbench.markers.differential_expression.standing`` of all of them.
        n_tested: how many genes were tested.
    """
    word = "spots" if facts.get("technology") in _SPOTS else "cells"
    gene_names = list(dict.fromkeys(genes["gene"]))
    paragraphs = [
        _about(facts, divisions, n_tested, word),
        *(_gene(gene, divisions, genes[genes["gene"] == gene], word) for gene in gene_names),
        _limits(facts, divisions, word),
    ]
    return _text(paragraphs)


def no_verdict(name: str, genes: Sequence[str], reason: str) -> str:
    """The same for a dataset in which nothing can be tested."""
    listed = ", ".join(genes)
    return _text([f"{name}: not applicable: {reason}. Nothing can be said of {listed}."])


def _about(facts: Mapping[str, Any], divisions: Sequence[Domains], tested: int, word: str) -> str:
    known = next((d for d in divisions if d.there), None)
    size = f"{len(known.codes)} {word}, " if known else ""
    least = int(facts.get("filter_cell", 0))
    seen = f", those seen in {least} {word} or more" if facts.get("hvg") and least else ""
    return (
        f"{facts['id']} ({size}{tested} genes tested{seen}). A gene is called a marker of a domain "
        f"where Wilcoxon's test of the domain's {word} against all others gives an adjusted p "
        f"below {ALPHA:g} and a log2 fold change above {FOLD:g}; rank 1 is the highest score."
    )


def _gene(gene: str, divisions: Sequence[Domains], rows: pd.DataFrame, word: str) -> str:
    if (rows["status"] != "ok").all():
        return f"{gene}: nothing can be said: {'; '.join(dict.fromkeys(rows['reason']))}."
    told = [_division(gene, domains, _of(rows, domains), word) for domains in divisions]
    return f"{gene}. {' '.join(told)} {_supported(gene, divisions, rows)}"


def _of(rows: pd.DataFrame, domains: Domains) -> pd.DataFrame:
    return rows[(rows["labels"] == domains.id) & (rows["n_domains"] == domains.n_domains)]


def _division(gene: str, domains: Domains, rows: pd.DataFrame, word: str) -> str:
    """One sentence or two on one division of the tissue."""
    which = f"the {domains.title}" if domains.id == "truth" else f"the domains of {domains.title}"
    if not domains.there:
        return f"Nothing in {which}: {domains.note}."
    note = f" ({domains.note})" if domains.note else ""
    tested = rows[rows["status"] == "ok"]
    left = ""
    if len(tested) < len(rows):
        small = rows[rows["status"] != "ok"]
        names = ", ".join(_named(row) for row in small.to_dict("records"))
        left = f" Not tested, too few {word}: {names}."
    if tested.empty:
        return f"In {which}{note} none could be tested.{left}"
    markers = tested[tested["marker"].astype(bool)].sort_values("rank", kind="stable")
    if len(markers):
        each = "; ".join(_numbers(row, word) for row in markers.to_dict("records"))
        return (
            f"In {which}{note} {gene} is a marker of {len(markers)} of {len(tested)} tested: "
            f"{each}.{_lower(tested)}{left}"
        )
    best = tested.loc[tested["score"].astype(float).idxmax()].to_dict()
    return (
        f"In {which}{note} {gene} is a marker of none of {len(tested)} tested; nearest comes "
        f"{_numbers(best, word)}.{_lower(tested)}{left}"
    )


def _lower(tested: pd.DataFrame) -> str:
    """The domains that the gene is as clearly lower in."""
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
        f"seen in {_percent(row['expressed_in'])} of them and {_percent(row['expressed_out'])} "
        "of the others]"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _supported(gene: str, divisions: Sequence[Domains], rows: pd.DataFrame) -> str:
    """How far true and found domains agree that the gene marks a domain."""

    def marks(domains: Domains) -> bool:
        return bool(_of(rows, domains)["marker"].fillna(False).any())

    there = [domains for domains in divisions if domains.there]
    truth = [domains for domains in there if domains.id == "truth"]
    found = [domains for domains in there if domains.id != "truth"]
    marked = sum(map(marks, found))
    of_methods = f"of a domain in {marked} of {len(found)} divisions found by methods"
    if truth and marks(truth[0]):
        also = f", and {of_methods}" if found else ""
        return f"SUPPORTED: {gene} is a marker of a true domain{also}."
    if truth:
        also = f", and {of_methods}" if found else ""
        return f"NOT SUPPORTED: {gene} is a marker of no true domain{also}."
    return f"OPEN: no true domains are known; {gene} is a marker {of_methods}."


def _limits(facts: Mapping[str, Any], divisions: Sequence[Domains], word: str) -> str:
    return "What these numbers do not say. " + " ".join(_limit(facts, divisions, word))


def _limit(facts: Mapping[str, Any], divisions: Sequence[Domains], word: str) -> Iterator[str]:
    if facts.get("source") == "simulated":
        yield "This is one simulated tissue."
    else:
        yield "This is one section of one individual: nothing here is about others."
    if any(domains.there and domains.id == "truth" for domains in divisions):
        note = f" ({facts['note']})" if facts.get("note") else ""
        yield f"The true domains are one annotation{note}; another may draw them elsewhere."
    yield (
        f"The test takes {word} as independent of each other, which neighbours are not: its p are "
        f"too small, and for domains of few {word} only approximate."
    )
    if any(domains.there and domains.id != "truth" for domains in divisions):
        yield (
            "Found domains were made from the same expression that is tested in them, so their p "
            "are smaller still, and are no proof of a difference."
        )
    yield (
        "To mark a domain is not to cause anything: whether a gene drives a disease or is a target "
        "for treatment cannot be read from this."
    )


def _text(paragraphs: Sequence[str]) -> str:
    return "\n\n".join(map(wrapped, paragraphs)) + "\n"
