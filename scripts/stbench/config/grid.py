"""Grids of simulated or planted datasets: one entry of a configuration for many datasets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from stbench.common.errors import InputError

_KINDS = ("simulate", "plant")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def expand_grids(sections: Sequence[Any]) -> list[Any]:
    """Replace a section with lists in ``simulate`` or ``plant`` by one for each combination.

    Raises:
        InputError: the ``id`` does not name each list, or linked lists differ in length.
    """
    return [one for section in sections for one in _expand(section)]


def _expand(section: Any) -> list[Any]:
    """The sections of one grid; a section without lists is returned unchanged.

    The placeholders of the id are the factors, the first varies slowest. The order of the keys is
    not used, because it is lost when a configuration is stored as sorted JSON. The seed of each
    dataset is the given seed (default 0) plus its position.
    """
    kinds = [kind for kind in _KINDS if isinstance(section, Mapping) and kind in section]
    simulate = section[kinds[0]] if kinds else None
    if not isinstance(simulate, Mapping) or not isinstance(section.get("id"), str):
        return [section]
    kind = kinds[0]
    lists = {key: values for key, values in simulate.items() if isinstance(values, list)}
    if not lists:
        return [section]
    template = section["id"]
    where = f"config: datasets: {template!r}"
    factors = list(dict.fromkeys(_PLACEHOLDER.findall(template)))
    linked = _linked(section, lists, factors, where)
    if set(factors) | set(linked) != set(lists):
        wanted = "_".join(f"{{{key}}}" for key in lists if key not in linked)
        raise InputError(f"{where}: id must name each list of {kind} once, as in name_{wanted}")
    expanded = []
    seed = simulate.get("seed", 0)
    for position, places in enumerate(product(*(range(len(lists[key])) for key in factors))):
        place = dict(zip(factors, places, strict=True))
        place |= {key: place[factor] for key, factor in linked.items()}
        values = {key: lists[key][index] for key, index in place.items()}
        if isinstance(seed, int):
            values["seed"] = seed + position
        name = _filled(template, values)
        kept = {key: value for key, value in section.items() if key != "together"}
        expanded.append({**kept, "id": name, kind: {**simulate, **values}})
    return expanded


def _linked(
    section: Mapping[str, Any], lists: Mapping[str, list[Any]], factors: list[str], where: str
) -> dict[str, str]:
    """The lists that vary together with a factor of the id, and that factor."""
    together = section.get("together")
    if not together or not isinstance(together, list):
        return {}
    lengths = {len(lists.get(key, [])) for key in together}
    leading = [key for key in together if key in factors]
    if len(leading) != 1 or len(lengths) != 1 or lengths == {0}:
        raise InputError(
            f"{where}: together: {', '.join(map(str, together))} must be lists of one length, "
            "of which the id names one"
        )
    return {key: leading[0] for key in together if key != leading[0]}


def _filled(template: str, values: Mapping[str, Any]) -> str:
    def word(match: re.Match[str]) -> str:
        value = values[match[1]]
        return f"{value:g}" if isinstance(value, float) else str(value)

    return _PLACEHOLDER.sub(word, template)
