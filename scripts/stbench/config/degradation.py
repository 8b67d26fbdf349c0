"""Controlled degradation in a configuration: levels, and descriptions of degraded datasets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

# The level of each way of degradation that changes nothing.
UNTOUCHED: dict[str, float] = {"counts": 1.0, "cells": 1.0, "dropout": 0.0, "jitter": 0.0}
AT_LEVEL = {
    "counts": "with {:.0%} of the counts",
    "cells": "with {:.0%} of the cells",
    "dropout": "without {:.0%} of the counts",
    "jitter": "with positions jittered by {:g} cell spacings",
}


def degraded_sections(
    study: Mapping[str, list[float]],
    bases: Mapping[str, Mapping[str, Any]],
    seeds: Iterable[int],
) -> Iterator[dict[str, Any]]:
    """The description of a dataset for each base, way and level that changes the data, and seed.

    Each training seed has its own random draw of the degradation, so that the spread over seeds
    includes the noise of the draw.
    """
    for base, entry in bases.items():
        for way, levels in study.items():
            for level, draw in product(levels, seeds):
                if level != UNTOUCHED[way]:
                    changed: dict[str, Any] = {}
                    if way == "cells" and entry.get("cells"):  # a pair keeps its reference
                        changed = {"cells": round(entry["cells"] * level)}
                    yield {
                        **entry,
                        **changed,
                        "id": f"{base}.{way}{level:g}.draw{draw}",
                        "origin": "degraded",
                        "derived_from": base,
                        "degrade": {"way": way, "level": level, "draw": draw},
                    }


def levels_of(datasets: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Of each degraded dataset, by its id: the original (``of``), ``way``, ``level``, ``draw``."""
    return {
        name: {"of": entry["derived_from"], **entry["degrade"]}
        for name, entry in datasets.items()
        if entry.get("origin") == "degraded"
    }
