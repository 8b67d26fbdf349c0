"""Kinds of tissues, which are ranked apart, and the independent units within them."""

from __future__ import annotations

from collections.abc import Mapping
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


def unit_of(entry: Mapping[str, Any]) -> str:
    """The unit of one section: a study; without a study a donor, else the dataset itself.

    Sections of one donor are alike, and donors of one study were treated and measured alike.
    """
    return str(entry["study"] or entry["donor"] or entry["id"])


def units_of(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The independent unit of each dataset.

    Joined sections are of the units of all their sections, which so become one unit: the same cells
    are not observed twice. It is named by these, where they are studies, donors or datasets.

    Args:
        entries: descriptions of datasets, of ``stbench.config.registry``, by id.
    """
    sections = {name: _sections(entry) for name, entry in entries.items()}
    groups: list[frozenset[str]] = []
    for parts in sections.values():
        found = frozenset(map(unit_of, parts))
        linked = [group for group in groups if group & found]
        groups = [group for group in groups if group not in linked] + [found.union(*linked)]
    shown: dict[frozenset[str], set[str]] = {group: set() for group in groups}
    group_of = {unit: group for group in groups for unit in group}
    for name, parts in sections.items():
        for part in parts:
            described = part["study"] or part["donor"] or part["id"] in entries
            shown[group_of[unit_of(part)]].add(unit_of(part) if described else name)
    return {
        name: "; ".join(sorted(shown[group_of[unit_of(parts[0])]]))
        for name, parts in sections.items()
    }


def _sections(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The single sections of a dataset."""
    parts = entry.get("parts") or []
    return [section for part in parts for section in _sections(part)] if parts else [entry]
