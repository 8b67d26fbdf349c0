"""Pairs of spots and reference: the datasets of the task ``deconvolution``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stbench.common.errors import InputError
from stbench.config.registry import pair_schema
from stbench.config.schema import check, suggestion

PARTS = ("spots", "reference")
REFERENCES = {
    "held_out": "held-out cells of the same tissue",
    "replicate": "cells of another replicate",
    "other": "cells of another study",
    "oracle": "ORACLE: the spots' own cells",
}
_TISSUE = {"n_cells": 600, "density": 1.0}  # the defaults of scripts/simulate.py


def pair_entry(pair: Mapping[str, Any], registry: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a pair of a configuration's ``datasets``.

    Returns:
        Its own keys, with ``origin`` (``pair``), ``title``, ``n_cells`` of the reference and
        ``n_spots`` (None where unknown).

    Raises:
        InputError: one line that names the unknown or invalid value.
    """
    where = f"dataset {pair['id']!r}" if isinstance(pair.get("id"), str) else "pair"
    check(dict(pair), pair_schema(), f"{where}:")
    described = {"origin": "pair", "title": f"spots, reference: {reference_of(pair)}"}
    if "simulate" in pair:
        tissue = {**_TISSUE, **pair["simulate"]}
        area = tissue["n_cells"] / tissue["density"]
        n_spots, n_cells = (
            math.ceil(area / pair["spot_size"] ** 2),
            math.ceil(tissue["n_cells"] / 2),
        )
        return {**pair, **described, "n_cells": n_cells, "n_spots": n_spots}
    sizes = {}
    for part in PARTS:
        source = pair[part]
        if not isinstance(source, str):
            sizes[part] = _rows(Path(source["path"]), f"{where}: {part}")
        elif "sources" in registry.get(source, {}):
            sizes[part] = registry[source]["cells"]
        else:
            raise InputError(
                f"{where}: {part}: unknown dataset {source!r}"
                f"{suggestion(source, sorted(registry))}; it must be a dataset of the registry"
            )
    return {**pair, **described, "n_cells": sizes["reference"], "n_spots": sizes["spots"]}


def reference_of(pair: Mapping[str, Any]) -> str:
    """The relation of the reference to the spots, in words."""
    return REFERENCES["held_out" if "simulate" in pair else pair["reference_is"]]


def raw_parts(pair: Mapping[str, Any]) -> dict[str, str]:
    """Datasets of the registry in a pair, by part (``spots``, ``reference``)."""
    return {part: pair[part] for part in PARTS if isinstance(pair.get(part), str)}


def own_parts(pair: Mapping[str, Any]) -> dict[str, str]:
    """Files of the user in a pair, by part."""
    return {part: pair[part]["path"] for part in PARTS if isinstance(pair.get(part), dict)}


def _rows(path: Path, where: str) -> int | None:
    """Rows of X of a user's file; None if it cannot be read, which the loader reports."""
    if not path.is_file():
        raise InputError(f"{where}: {path}: no such file")
    import h5py

    try:
        with h5py.File(path) as file:
            return int(file["X"].attrs.get("shape", getattr(file["X"], "shape", None))[0])
    except (OSError, KeyError, TypeError):
        return None
