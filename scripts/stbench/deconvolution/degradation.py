"""Pairs made worse on purpose: the spots, never the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stbench.data.degradation import degraded_copy
from stbench.deconvolution.pairs import Pair, checked_pair
from stbench.deconvolution.sources import simulated_pair


def degraded_pair(entry: Mapping[str, Any], base: Pair) -> Pair:
    """A pair at one level of one way of getting worse; the notes of its base stay with it.

    ``counts``, ``dropout`` and ``jitter`` are those of ``stbench.data.degradation``, of spots.
    ``cells`` means fewer cells in a spot where the cells are known, which is in simulated tissue:
    cells are dropped before they are added up, and the truth is that of the cells that remain.
    Given spots are sums that no cell can be taken out of, so there it is the share of spots kept.

    Args:
        entry: of ``stbench.config.degradation.degraded_sections``.
        base: the pair that it is derived from.

    Raises:
        InputError: too little is left.
    """
    way, level = entry["degrade"]["way"], entry["degrade"]["level"]
    if way == "cells" and "simulate" in entry:
        made = simulated_pair(entry, level)
    else:
        spots = degraded_copy(base.spots, way, level, keep_empty=True)  # checked_pair counts them
        made = checked_pair(entry["id"], spots, base.reference, base.truth)
    facts = dict(base.spots.uns["pair"])
    notes = filter(None, (facts["notes"], made.spots.uns["pair"]["notes"]))
    derived = f"{facts['id']}, {way} {level:g}"
    made.spots.uns["pair"] = {
        **facts,
        "id": entry["id"],
        "notes": "; ".join(notes),
        "derived_from": derived,
    }
    return made
