"""Values of a configuration: mappings merged, and texts that spell numbers.

Values of ``--config`` are read as text, and so is ``1e-3`` in YAML 1.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

_CONSTANTS = {"true": True, "True": True, "false": False, "False": False, "null": None}
_EXPONENT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+")
# Names remain text, even if they look like numbers: the dataset "007".
_NAMES = {
    *("datasets", "methods", "clusterers", "rank_by", "join", "id", "name", "dataset", "method"),
    *(
        "path",
        "mirror",
        "container",
        "gene_sets",
        "label",
        "celltype",
        "genes",
        "spots",
        "reference",
    ),
    *("layer", "table", "x", "y"),
    *("proportions", "title", "technology", "organism", "unit", "licence", "citation", "note"),
    *("source", "stand_in", "reported"),
}
_MAPS_OF_NAMES = {"external", "rename"}


def merged(default: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with the values of another that it lacks, within mappings, too."""
    both = {
        key: merged(default[key], value)
        for key, value in given.items()
        if isinstance(value, Mapping) and isinstance(default.get(key), Mapping)
    }
    return {**default, **given, **both}


def with_numbers(config: Mapping[str, Any], typed_by: Collection[str] = ()) -> dict[str, Any]:
    """A configuration with numbers in place of texts that spell numbers.

    Args:
        config: as read by Snakemake.
        typed_by: its keys that come from ``--config``, which reads all items of lists as text.
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
    """``1e-3`` as 0.001 and ``1e3`` as 1000; any other text unchanged."""
    if not _EXPONENT.fullmatch(text):
        return text
    number = float(text)
    return int(number) if number.is_integer() else number


def _any_value(text: str) -> Any:
    """The number, true, false or null that the text spells, else the text."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text
