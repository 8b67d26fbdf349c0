"""The configuration of deconvolution: which pairs, which methods, what each is told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stbench.common.errors import InputError
from stbench.config.benchmark import Benchmark
from stbench.config.degradation import degraded_sections
from stbench.config.registry import load_registry
from stbench.config.schema import check, load_yaml, suggestion
from stbench.data.simulation import Tissue

REFERENCES = {
    "held_out": "held-out cells of the same tissue",
    "replicate": "cells of another replicate",
    "other": "cells of another study",
    "oracle": "ORACLE: the spots' own cells",
}


def load_deconvolution(config: Mapping[str, Any], config_dir: Path) -> Benchmark:
    """Check the section ``deconvolution`` and describe its pairs and methods.

    The pairs stand where a benchmark has its datasets, by id in the order asked for: the section's
    own keys, and ``cells`` and ``genes``, which for resources are the reference's cells and the
    spots: their product is the size of a mapping. Without the section there are none. With a
    section ``robustness`` each pair has derived ones, whose reference is that of the pair.

    Raises:
        InputError: one line that names what is unknown or cannot be used.
    """
    methods = load_yaml(config_dir / "deconvolution_methods.yaml")
    schema = load_yaml(config_dir / "schemas/methods.schema.yaml")
    check(methods, schema, "deconvolution_methods.yaml:")
    section = config.get("deconvolution") or {"datasets": [], "methods": [], "seeds": []}
    for method in section["methods"]:
        if method not in methods:
            raise _unknown("methods", method, methods)
    for method, params in (section.get("params") or {}).items():
        if method not in methods:
            raise _unknown("params", method, methods)
        for name in params:
            known = methods[method].get("params", {})
            if name not in known:
                raise _unknown(f"params.{method}", name, known)
    registry = load_registry(config_dir / "datasets.yaml")
    pairs: dict[str, dict[str, Any]] = {}
    for given in section["datasets"]:
        if given["id"] in pairs:
            raise InputError(f"config: deconvolution.datasets: {given['id']!r} is named twice")
        pairs[given["id"]] = _described(given, registry)
    for entry in degraded_sections(config.get("robustness") or {}, dict(pairs)):
        pairs[entry["id"]] = {**entry, "cells": pairs[entry["derived_from"]]["cells"]}
    return Benchmark(config=section, datasets=pairs, methods=methods)


def reference_of(pair: Mapping[str, Any]) -> str:
    """What the reference is to the spots, in words."""
    return REFERENCES["held_out" if "simulate" in pair else pair["reference_is"]]


def raw_folders(pair: Mapping[str, Any]) -> dict[str, str]:
    """Datasets of the registry that a pair is made of, by its part: spots and reference."""
    return {part: pair[part] for part in ("spots", "reference") if isinstance(pair.get(part), str)}


def _described(pair: Mapping[str, Any], registry: Mapping[str, Any]) -> dict[str, Any]:
    where = f"config: deconvolution.datasets: {pair['id']!r}"
    if "simulate" in pair:
        tissue = Tissue(**pair["simulate"])
        area = tissue.n_cells / tissue.density
        spots, cells = math.ceil(area / pair["spot_size"] ** 2), math.ceil(tissue.n_cells / 2)
        return {**pair, "cells": cells, "genes": spots}
    sizes = []
    for part in ("reference", "spots"):
        source = pair[part]
        if isinstance(source, str):
            if source not in registry or "sources" not in registry[source]:
                raise InputError(
                    f"{where}: {part}: unknown dataset {source!r}"
                    f"{suggestion(source, sorted(registry))}; it must be one of the registry's"
                )
            sizes.append(registry[source]["cells"])
        else:
            sizes.append(_rows(Path(source["path"]), f"{where}: {part}"))
    return {**pair, "cells": sizes[0], "genes": sizes[1]}


def _rows(path: Path, where: str) -> int | None:
    """Rows of X of the user's file; None where it cannot be read, which is said later."""
    if not path.is_file():
        raise InputError(f"{where}: {path}: no such file")
    import h5py

    try:
        with h5py.File(path) as file:
            return int(file["X"].attrs.get("shape", getattr(file["X"], "shape", None))[0])
    except (OSError, KeyError, TypeError):
        return None


def _unknown(key: str, name: str, known: Mapping[str, Any]) -> InputError:
    names = sorted(known)
    return InputError(
        f"config: deconvolution.{key}: unknown {name!r}{suggestion(name, names)}; "
        f"known: {', '.join(names)}"
    )
