"""Kinds of tissues, which are ranked apart, and the independent units within them."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

REAL, SEMI_SYNTHETIC, SIMULATED = "real", "semi-synthetic", "simulated"
TISSUES = (REAL, SEMI_SYNTHETIC, SIMULATED)  # the first one with a ranking is the headline
TISSUE_WORDS = {
    REAL: "real tissues",
    SEMI_SYNTHETIC: "semi-synthetic tissues (real positions, simulated counts)",
    SIMULATED: "simulated tissues",
}


def tissue_of(entry: Mapping[str, Any]) -> str:
    """``real``, ``semi-synthetic`` (real positions, simulated counts) or ``simulated``.

    Joined sections are real only if all of them are. Tissues with planted interactions, whose
    counts are simulated in part, are semi-synthetic.

    Args:
        entry: description of a dataset, of ``stbench.config.registry``.
    """
    if entry["origin"] == "planted":
        return SEMI_SYNTHETIC
    kinds = {tissue_of(part) for part in entry.get("parts", [])}
    if kinds:
        return max(kinds, key=TISSUES.index)
    return SIMULATED if entry["origin"] == "simulate" else entry["tissue"]


def units_of(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The independent unit of each dataset.

    A unit is a study; without a study a donor, else the dataset. Sections of one donor are alike,
    and donors of one study were treated and measured alike. Joined sections are of the units of
    all their sections, which so become one unit: the same cells are not observed twice.

    Args:
        entries: descriptions of datasets, of ``stbench.config.registry``, by id.
    """
    sources = {name: _sources(entry) for name, entry in entries.items()}
    groups: list[Set[str]] = []
    for found in sources.values():
        linked = [group for group in groups if group & found]
        groups = [group for group in groups if group not in linked] + [found.union(*linked)]
    names = {source: "; ".join(sorted(group)) for group in groups for source in group}
    return {name: names[min(found)] for name, found in sources.items()}


def _sources(entry: Mapping[str, Any]) -> Set[str]:
    parts = entry.get("parts")
    if parts:
        return frozenset[str]().union(*map(_sources, parts))
    return frozenset([str(entry["study"] or entry["donor"] or entry["id"])])
