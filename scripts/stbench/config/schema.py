"""JSON schemas with readable errors: one line that names the key."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import yaml

from stbench.common.errors import InputError

try:
    from yaml import CSafeLoader as SafeLoader  # ten times as fast
except ImportError:  # PyYAML without libyaml
    from yaml import SafeLoader  # type: ignore[assignment]


def load_yaml(path: str | Path) -> Any:
    """Read a YAML file.

    Raises:
        InputError: the file is missing or is not YAML.
    """
    path = Path(path)
    try:
        return SafeLoader(path.read_text(encoding="utf-8")).get_single_data()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not valid YAML ({error})") from error


def check(value: Any, schema: dict[str, Any], where: str) -> None:
    """Check ``value`` against a JSON schema; ``where`` names it in the error.

    Raises:
        InputError: one line with the key, its value and the allowed values.
    """
    from jsonschema import Draft202012Validator

    errors = sorted(
        Draft202012Validator(schema).iter_errors(value),
        key=lambda error: list(map(str, error.path)),
    )
    if errors:
        raise InputError(_describe(errors[0], where))


def suggestion(name: str, known: list[str]) -> str:
    """`` (did you mean 'x'?)`` if a known name has a similar spelling, else empty."""
    folded = {other.casefold(): other for other in known}
    close = difflib.get_close_matches(str(name).casefold(), folded, n=1)
    return f" (did you mean {folded[close[0]]!r}?)" if close else ""


def _describe(error: Any, where: str) -> str:
    parts = error.absolute_path
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    key = ": ".join(filter(None, [where.rstrip(":"), path.removeprefix(".")]))
    if error.validator == "additionalProperties":
        names = sorted(error.schema.get("properties", {}))
        unknown = sorted(set(error.instance) - set(names), key=str)[0]
        return (
            f"{key}: unknown key {unknown!r}{suggestion(unknown, names)}; known: {', '.join(names)}"
        )
    if error.validator == "type":
        wanted = error.validator_value
        wanted = wanted if isinstance(wanted, str) else " or ".join(wanted)
        return f"{key}: {error.instance!r} is not of type {wanted}"
    if error.validator == "enum":
        choices = [str(choice) for choice in error.validator_value]
        hint = suggestion(str(error.instance), choices)
        return f"{key}: unknown {error.instance!r}{hint}; known: {', '.join(choices)}"
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"{key}: the key {missing!r} is missing"
    if error.validator == "oneOf" and error.context:
        return _describe(_nearest(error.context), where)
    if error.validator == "not":
        refused = [name for one in error.validator_value["anyOf"] for name in one["required"]]
        given = ", ".join(repr(name) for name in refused if name in error.instance)
        return f"{key}: {given} cannot be combined with the other keys"
    return f"{key}: {error.message}"


def _nearest(errors: list[Any]) -> Any:
    """The first error of the alternative that the value was most likely meant to be."""
    alternatives: dict[int, list[Any]] = {}
    for error in errors:
        alternatives.setdefault(error.schema_path[0], []).append(error)

    def other_kind(error: Any) -> bool:
        if error.validator == "enum":
            return not any(isinstance(error.instance, type(one)) for one in error.validator_value)
        return bool(error.validator == "type")

    return min(alternatives.values(), key=lambda part: (any(map(other_kind, part)), len(part)))[0]
