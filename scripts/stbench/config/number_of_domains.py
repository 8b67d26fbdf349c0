"""The numbers of domains that a configuration requests for a section of the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stbench.common.errors import InputError

AUTO = "auto"
AUTO_NUMBERS = list(range(2, 13))  # without labels


def requested_numbers(section: Mapping[str, Any], where: str) -> int | list[int] | None:
    """What ``n_domains`` of a section means: a number, numbers to compare, or that of the labels.

    Args:
        section: checked by the schema: ``n_domains`` is an integer, a list, a text, or
            ``{from: first, to: last}``.
        where: the section, for errors.

    Returns:
        An int; a list, also for a range and for ``auto`` without labels; None for ``auto`` with
        labels, whose number of domains is that of the labels.

    Raises:
        InputError: a text other than ``auto``, several numbers with labels, or a range that ends
            before it begins.
    """
    given = section["n_domains"]
    labeled = "label" in section
    if given == AUTO:
        return None if labeled else list(AUTO_NUMBERS)
    if isinstance(given, str):
        raise InputError(f"{where}: n_domains: {given!r} is neither a number nor {AUTO}")
    if isinstance(given, int):
        return given
    if labeled:
        kind = "list" if isinstance(given, list) else "range"
        raise InputError(
            f"{where}: n_domains: a {kind} is for data without labels; with 'label' use one "
            "number, or auto for the number of labels"
        )
    if isinstance(given, list):
        return given
    first, last = given["from"], given["to"]
    if first > last:
        raise InputError(f"{where}: n_domains: from {first} to {last} has no number; exchange them")
    return list(range(first, last + 1))
