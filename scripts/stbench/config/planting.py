"""Datasets of a configuration with interactions planted into a published tissue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stbench.common.errors import InputError
from stbench.common.paths import CONFIG
from stbench.config.registry import dataset_entry
from stbench.config.schema import check, load_yaml, suggestion

DEFAULTS: dict[str, Any] = {
    **{"regime": "complementary", "range": "radius", "radius": 1.3},
    **{"n_triples": 4, "n_targets": 5, "effect": 1.0, "seed": 0},
}
_DROPPED = ("sources", "tissue")  # of the description of the original


def is_planted(section: Any) -> bool:
    """Whether a section of a configuration's ``datasets`` asks for planted interactions."""
    return isinstance(section, Mapping) and "plant" in section


def planted_entry(section: Mapping[str, Any], registry: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a dataset with planted interactions.

    Returns:
        The description of the original (``stbench.config.registry.dataset_entry``) with its own
        ``id`` and ``title``, ``origin`` (``planted``), ``plant`` (all parameters) and ``parts``
        (the original alone).

    Raises:
        InputError: a wrong key or value, or a tissue without counts of its own.
    """
    name = section.get("id")
    where = f"dataset {name!r}:" if isinstance(name, str) else "planted dataset:"
    check(dict(section), load_yaml(CONFIG / "schemas/planted.schema.yaml"), where)
    given = {**DEFAULTS, **section["plant"]}
    into = given["into"]
    if into not in registry or "sources" not in registry[into]:
        hint = suggestion(into, sorted(registry))
        raise InputError(f"{where} plant: into: {into!r} is not a published tissue{hint}")
    original = dataset_entry(into, registry)
    if original["kind"] != "counts":
        raise InputError(f"{where} plant: into: {into} has {original['kind']}; counts are needed")
    kept = {key: value for key, value in original.items() if key not in _DROPPED}
    return {
        **kept,
        "id": name,
        "origin": "planted",
        "title": f"{original['title'] or into} with planted interactions",
        "plant": given,
        **{key: given[key] for key in ("cells",) if key in given},
        "parts": [original],
    }
