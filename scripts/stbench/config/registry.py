"""The registry (``config/datasets.yaml``), and a uniform description of every dataset."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stbench.common.errors import InputError
from stbench.common.paths import CONFIG
from stbench.config.number_of_domains import requested_numbers
from stbench.config.schema import check, load_yaml, suggestion

SCHEMA_FILE = CONFIG / "schemas/datasets.schema.yaml"

_DEFAULTS: dict[str, Any] = {
    "title": "",
    "technology": "unknown",
    "organism": "unknown",
    "donor": "",
    "study": "",
    "tissue": "real",
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
SETTINGS = ("hvg", "filter_cell", "norm_target", "refine")
"""Settings of preprocessing and refinement."""
DESCRIBED = ("technology", "organism", "donor", "study", "unit", "licence", "citation", "note")
"""Descriptive texts."""

_OWN = {"path": "own_section", "simulate": "own_simulated", "join": "own_joined"}
_SIMULATED = {
    "technology": "simulated",
    "organism": "none",
    "unit": "arbitrary",
    "licence": "CC0",
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
        A dict with id, origin (``files``, ``path``, ``simulate`` or ``joined``), title, technology,
        organism, donor, study (both empty if not provided), unit, kind, cells, genes (None if
        unknown), n_domains (int, list, or None if it follows from the labels in the file), hvg,
        filter_cell, norm_target, refine, ``licence``, citation, note; and, depending on the origin,
        ``sources``, ``path`` and ``given`` (the section as configured), ``simulate``, or ``parts``
        (such dicts). Keys of the first source override those of the entry. ``hvg`` is None if it
        follows from the number of genes in the user's file.

    Raises:
        InputError: an unknown id, or a section with a wrong key or value.
    """
    if isinstance(section, str):
        if section not in registry:
            names = sorted(registry)
            hint = suggestion(section, names)
            raise InputError(f"unknown dataset {section!r}{hint}; known: {', '.join(names)}")
        entry = registry[section]
        if _form(entry) == "simulated":
            return _simulated_entry(section, entry)
        return {**_published_entry(section, entry), **_overrides(entry["sources"][0])}
    return _own_entry(section, registry)


def joined_entry(name: str, parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Describe a dataset of joined sections of tissue, from the descriptions of the sections.

    If sections differ in a setting (``hvg``, ``filter_cell``, ``norm_target``, ``refine``), the
    default is used. ``genes`` is the largest possible number of common genes.

    Raises:
        InputError: sections that cannot be joined.
    """
    where = f"dataset {name!r}: join"
    kinds = sorted({part["kind"] for part in parts})
    if kinds == ["features"]:
        raise InputError(f"{where}: features of sections are not comparable; join counts")
    if len(kinds) > 1:
        raise InputError(f"{where}: sections of several kinds ({', '.join(kinds)}); use one kind")
    texts = {
        key: "; ".join(dict.fromkeys(str(part[key]) for part in parts if part[key]))
        for key in DESCRIBED
    }
    return {
        **_DEFAULTS,
        **texts,
        **{key: agreed(key, [part[key] for part in parts]) for key in SETTINGS},
        "id": name,
        "origin": "joined",
        "title": "sections " + ", ".join(part["id"] for part in parts) + ", joined",
        "kind": kinds[0],
        "cells": _known(sum, [part["cells"] for part in parts]),
        "genes": _known(min, [part["genes"] for part in parts]),
        "n_domains": joined_domains([part["n_domains"] for part in parts], where),
        "parts": list(parts),
    }


def agreed(setting: str, values: Sequence[Any]) -> Any:
    """The value of a setting that all sections share, else its default."""
    return values[0] if all(value == values[0] for value in values) else _DEFAULTS[setting]


def joined_domains(numbers: Sequence[Any], where: str) -> Any:
    """The number of domains of joined sections: the largest; a list only if all have this list.

    Raises:
        InputError: lists that differ.
    """
    if any(isinstance(number, list) for number in numbers):
        if any(number != numbers[0] for number in numbers):
            raise InputError(f"{where}: n_domains: a list must be the same in every section")
        return numbers[0]
    return _known(max, numbers)


def source_entry(name: str, source: str, registry: Mapping[str, Any]) -> dict[str, Any]:
    """The description of a dataset from one source, by its name; adds ``loader`` etc.

    Raises:
        InputError: the registry does not have the dataset (anymore), or not from this source.
    """
    if name not in registry:
        raise InputError(f"{name}: the registry has no such dataset; delete its folder")
    entry = registry[name]
    for candidate in entry["sources"]:
        if candidate["name"] == source:
            return {**_published_entry(name, entry), **candidate, "source": source}
    raise InputError(f"{name}: the registry has no source {source!r}; download the dataset again")


def choose_sources(registry: Mapping[str, Any], chosen: Mapping[str, str]) -> dict[str, Any]:
    """The registry with the allowed sources: the chosen one, else all that are tried in order.

    Args:
        registry: dataset id -> entry.
        chosen: dataset id -> name of the only source to use.

    Raises:
        InputError: an unknown dataset or source.
    """
    for name, source in chosen.items():
        if name not in registry or "sources" not in registry[name]:
            names = [name for name in registry if "sources" in registry[name]]
            raise InputError(f"sources: unknown dataset {name!r}{suggestion(name, names)}")
        names = [candidate["name"] for candidate in registry[name]["sources"]]
        if source not in names:
            raise InputError(
                f"sources: {name}: unknown source {source!r}{suggestion(source, names)}; "
                f"known: {', '.join(names)}"
            )
    return {name: _with_sources(entry, chosen.get(name)) for name, entry in registry.items()}


def _with_sources(entry: Mapping[str, Any], chosen: str | None) -> dict[str, Any]:
    if "sources" not in entry:
        return dict(entry)
    if chosen is None:
        used = [source for source in entry["sources"] if not source.get("by_choice")]
    else:
        used = [source for source in entry["sources"] if source["name"] == chosen]
    return {**entry, "sources": used}


def is_seen(source: Mapping[str, Any]) -> bool:
    """Whether this project has seen the bytes of every file of the source."""
    return all("sha256" in file for file in source["files"])


def is_checked(source: Mapping[str, Any]) -> bool:
    """Whether every file of the source has a published checksum."""
    return all("sha256" in file or "blob" in file for file in source["files"])


def origins(registry: Mapping[str, Any]) -> frozenset[str]:
    """``scheme://host`` of every URL in the registry: no other host is contacted."""
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


def loaders() -> list[str]:
    """The possible formats of sources: modules of ``stbench.data.loaders``."""
    return list(_definition("source")["properties"]["loader"]["enum"])


def pair_schema() -> dict[str, Any]:
    """The JSON schema of a pair of spots and reference in a configuration."""
    return _definition("own_pair")


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


def _known(combine: Callable[[Sequence[int]], int], numbers: Sequence[int | None]) -> int | None:
    values = [number for number in numbers if number is not None]
    return combine(values) if len(values) == len(numbers) else None


def _own_entry(section: Mapping[str, Any], registry: Mapping[str, Any]) -> dict[str, Any]:
    form = next((key for key in ("simulate", "join") if key in section), "path")
    name = section.get("id")
    where = f"dataset {name!r}" if isinstance(name, str) else "own dataset"
    if isinstance(name, str) and not re.fullmatch(_definition("id")["pattern"], name):
        raise InputError(
            f"{where}: id: only letters, digits, '.', '_' and '-' (at most 64) are allowed"
        )
    check(dict(section), _definition(_OWN[form]), f"{where}:")
    if name in registry:
        raise InputError(f"{where}: id: the registry has a dataset of this name; choose another id")
    if form == "join":
        return joined_entry(section["id"], _parts(section["join"], registry, where))
    if form == "simulate":
        return _simulated_entry(section["id"], {"simulate": section["simulate"]})
    numbers = {"n_domains": requested_numbers(section, where)}
    return {
        **_DEFAULTS,
        "hvg": None,  # depends on the number of genes
        **section,
        **numbers,
        "path": str(Path(section["path"]).expanduser()),
        "origin": "path",
        "given": dict(section),
    }


def _parts(
    sections: Sequence[str | Mapping[str, Any]], registry: Mapping[str, Any], where: str
) -> list[dict[str, Any]]:
    """The descriptions of the sections of a joined dataset."""
    parts: list[dict[str, Any]] = []
    for number, section in enumerate(sections):
        if isinstance(section, dict) and "join" in section:
            raise InputError(f"{where}: join[{number}]: a joined dataset cannot be joined again")
        try:
            part = dataset_entry(section, registry)
        except InputError as error:
            raise InputError(f"{where}: join[{number}]: {error}") from error
        if part["id"] in {other["id"] for other in parts}:
            raise InputError(f"{where}: join: {part['id']!r} is listed twice")
        parts.append(part)
    return parts


def check_sections(datasets: Mapping[str, Mapping[str, Any]]) -> None:
    """Check that ids of datasets and of joined sections are unique."""
    named = dict(datasets)
    for entry in datasets.values():
        for part in entry.get("parts", []):
            if named.setdefault(part["id"], part) != part:
                raise InputError(
                    f"config: datasets: {part['id']!r}, joined in {entry['id']!r}, is the id of "
                    "another dataset; choose another id"
                )
