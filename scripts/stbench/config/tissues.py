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
    """The unit that is independent of others: a study; without a study a donor, else the dataset.

    Sections of one donor are alike, and donors of one study were treated and measured alike.
    """
    return str(entry["study"] or entry["donor"] or entry["id"])
