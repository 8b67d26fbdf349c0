"""Degraded pairs: the spots are degraded, never the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stbench.data.degradation import degraded_copy
from stbench.deconvolution.pairs import Pair, checked_pair
from stbench.deconvolution.sources import simulated_pair


def degraded_pair(entry: Mapping[str, Any], base: Pair) -> Pair:
    """A pair at one level of one kind of degradation; the notes of its base are kept.

    ``counts``, ``dropout`` and ``jitter`` of ``stbench.data.degradation`` are applied to spots.
    ``cells`` in simulated tissue, where the cells are known, means fewer cells in a spot: cells are
    dropped before summing, and the truth is that of the remaining cells. From published spots no
    cell can be removed, so ``cells`` is the share of spots kept.

    Args:
        entry: of ``stbench.config.degradation.degraded_sections``.
        base: the pair that it is derived from.

    Raises:
        InputError: too few spots or genes are left.
    """
    way, level, draw = (entry["degrade"][name] for name in ("way", "level", "draw"))
    if way == "cells" and "simulate" in entry:
        degraded = simulated_pair(entry, level, draw)
    else:
        # checked_pair removes empty spots.
        spots = degraded_copy(base.spots, way, level, draw, keep_empty=True)
        degraded = checked_pair(entry["id"], spots, base.reference, base.truth)
    facts = dict(base.spots.uns["pair"])
    notes = filter(None, (facts["notes"], degraded.spots.uns["pair"]["notes"]))
    derived = f"{facts['id']}, {way} {level:g}, draw {draw}"
    degraded.spots.uns["pair"] = {
        **facts,
        "id": entry["id"],
        "notes": "; ".join(notes),
        "derived_from": derived,
    }
    return degraded
