"""How a dataset of the registry is drawn. It is part of no key: only figures depend on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DRAWING = ("domain_names", "y_down")


def drawing_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """``domain_names``, names of true domains by label, and ``y_down``, where they are known.

    Of a section of the user also the ``unit`` of its positions, which may be added later. Joined
    sections have what all of them agree on.

    Args:
        entry: description of a dataset, of ``stbench.config.registry``.
    """
    if parts := entry.get("parts"):
        first, *others = map(drawing_of, parts)
        shared = [key for key in first if all(one.get(key) == first[key] for one in others)]
        return {key: first[key] for key in shared}
    given = {key: entry[key] for key in DRAWING if key in entry}
    if entry.get("origin") == "path" and entry.get("unit", "unknown") != "unknown":
        given["unit"] = entry["unit"]
    return given
