"""The registry of datasets (``config/datasets.yaml``), and one description of any dataset."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stbench.errors import InputError
from stbench.schema import check, load_yaml, suggestion

SCHEMA_FILE = Path(__file__).parents[2] / "config/schemas/datasets.schema.yaml"

_DEFAULTS: dict[str, Any] = {
    "title": "",
    "technology": "unknown",
    "organism": "unknown",
    "unit": "unknown",
    "kind": "counts",
    "cells": None,
    "genes": None,
    "hvg": False,
    "filter_cell": 0,
    "norm_target": 0.0,
    "refine": 0,
    "licence": "unknown",
    "citation": "",
    "note": "",
}
_SIMULATED = {
    "technology": "simulated",
    "organism": "none",
    "unit": "arbitrary",
    "licence": "MIT",
}
_SIMULATED_SHAPE = {
    "n_cells": 600,
    "n_genes": 200,
    "n_domains": 5,
}  # scripts/simulate.py's defaults


def load_registry(path: str | Path) -> dict[str, Any]:
    """Read and check the registry: dataset id -> entry.

    Raises:
        InputError: one line that names the file, the entry and what is wrong.
    """
    registry = load_yaml(path)
    where = f"{Path(path).name}:"
    check(registry, _schema(), where)
    for name, entry in registry.items():
        check(entry, _definition(_form(entry)), f"{where} {name}")
    return registry


def dataset_entry(section: str | Mapping[str, Any], registry: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a dataset of the registry (by id) or a section of the user's own.

    Returns:
        A dict that always has id, origin (``files``, ``path`` or ``simulate``), title, technology,
        organism, unit, kind, cells, genes (None where unknown), n_domains (int, list, or None where
        the file's labels tell), hvg, filter_cell, norm_target, refine, licence, citation, note; and
        ``sources``, ``path`` + ``section``, or ``simulate`` by origin. Of several sources the first
        one's own keys hold.

    Raises:
        InputError: an unknown id, or a section with a wrong key or value.
    """
    if isinstance(section, str):
        if section not in registry:
            known = sorted(registry)
            hint = suggestion(section, known)
            raise InputError(f"unknown dataset {section!r}{hint}; known: {', '.join(known)}")
        entry = registry[section]
        if _form(entry) == "simulated":
            return _simulated_entry(section, entry)
        return {**_published_entry(section, entry), **_overrides(entry["sources"][0])}
    return _own_entry(section, registry)


def source_entry(name: str, source: str, registry: Mapping[str, Any]) -> dict[str, Any]:
    """The description of a dataset as read from the source of that name; adds ``loader`` etc."""
    entry = registry[name]
    for candidate in entry["sources"]:
        if candidate["name"] == source:
            return {**_published_entry(name, entry), **candidate, "source": source}
    raise InputError(f"{name}: the registry has no source {source!r}; download the dataset again")


def is_checked(source: Mapping[str, Any]) -> bool:
    """Whether every file of the source has a published checksum."""
    return all("sha256" in file or "blob" in file for file in source["files"])


def origins(registry: Mapping[str, Any]) -> frozenset[str]:
    """``scheme://host`` of every URL in the registry: nothing else is ever asked."""
    return frozenset(
        origin(url)
        for entry in registry.values()
        for source in entry.get("sources", [])
        for file in source["files"]
        for url in file.get("url", [])
    )


def origin(url: str) -> str:
    """``scheme://host[:port]`` of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def own_section_schema() -> dict[str, Any]:
    """The JSON schema of a user's own section (``{id, path, n_domains, ...}``)."""
    return _definition("own_section")


@cache
def _schema() -> dict[str, Any]:
    return load_yaml(SCHEMA_FILE)


def _definition(name: str) -> dict[str, Any]:
    definitions = _schema()["$defs"]
    return {**definitions[name], "$defs": definitions}


def _form(entry: Mapping[str, Any]) -> str:
    return "simulated" if "simulate" in entry else "published"


def _published_entry(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    return {**_DEFAULTS, **entry, "id": name, "origin": "files"}


def _overrides(source: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in source.items() if key in _DEFAULTS}


def _simulated_entry(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    shape = {**_SIMULATED_SHAPE, **entry["simulate"]}
    described = {
        "cells": shape["n_cells"],
        "genes": shape["n_genes"],
        "n_domains": shape["n_domains"],
        "id": name,
        "origin": "simulate",
    }
    return {**_DEFAULTS, **_SIMULATED, **entry, **described}


def _own_entry(section: Mapping[str, Any], registry: Mapping[str, Any]) -> dict[str, Any]:
    simulated = "simulate" in section
    name = section.get("id")
    where = f"dataset {name!r}" if isinstance(name, str) else "own dataset"
    if isinstance(name, str) and not re.fullmatch(_definition("id")["pattern"], name):
        raise InputError(
            f"{where}: id: only letters, digits, '.', '_' and '-' (at most 64) are allowed"
        )
    check(dict(section), _definition("own_simulated" if simulated else "own_section"), f"{where}:")
    if name in registry:
        raise InputError(f"{where}: id: the registry has a dataset of this name; choose another")
    if simulated:
        return _simulated_entry(section["id"], {"simulate": section["simulate"]})
    if "label" in section and isinstance(section["n_domains"], list):
        raise InputError(
            f"{where}: n_domains: a list is for data without labels; with 'label' give one number"
        )
    return {**_DEFAULTS, **section, "origin": "path", "section": dict(section)}
