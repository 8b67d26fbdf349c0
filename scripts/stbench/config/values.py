"""Numbers that arrive as text: from ``--config``, and ``1e-3``, which YAML 1.1 takes for a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

_CONSTANTS = {"true": True, "True": True, "false": False, "False": False, "null": None}
_EXPONENT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+")
# What names something is a text, even if it looks like a number: the dataset "007".
_NAMES = {
    *("datasets", "methods", "clusterers", "rank_by", "join", "id", "name", "dataset", "method"),
    *("path", "mirror", "gene_sets", "label", "celltype", "genes", "spots", "reference"),
    *("proportions", "title", "technology", "organism", "unit", "licence", "citation", "note"),
    *("source", "stand_in", "reported"),
}
_MAPS_OF_NAMES = {"external", "rename"}


def with_numbers(config: Mapping[str, Any], typed_by: Collection[str] = ()) -> dict[str, Any]:
    """A configuration in which numbers are numbers.

    Args:
        config: as Snakemake gives it.
        typed_by: its keys that were given by ``--config``, which leaves everything inside lists as
            text.
    """
    return {
        key: _read(value, key, _any_value if key in typed_by else _exponent)
        for key, value in config.items()
    }


def _read(value: Any, key: str, read: Callable[[str], Any]) -> Any:
    if isinstance(value, dict):
        inherits = key in _MAPS_OF_NAMES
        return {name: _read(item, key if inherits else name, read) for name, item in value.items()}
    if isinstance(value, list):
        return [_read(item, key, read) for item in value]
    is_name = key in _NAMES or key in _MAPS_OF_NAMES
    return read(value) if isinstance(value, str) and not is_name else value


def _exponent(text: str) -> Any:
    """``1e-3`` as 0.001 and ``1e3`` as 1000; any other text as it is."""
    if not _EXPONENT.fullmatch(text):
        return text
    number = float(text)
    return int(number) if number.is_integer() else number


def _any_value(text: str) -> Any:
    """A number, true, false or null where the text spells one."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text
