"""Variants of a method: one setting changed, or one part removed, at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Variant:
    """A method with other parameters.

    Attributes:
        id: used like the id of a method.
        method: id of the original method.
        factor: the changed setting, or the name of the removed part.
        value: of the setting; None for a removed part.
        params: override the parameters of the method.
    """

    id: str
    method: str
    factor: str
    value: float | None
    params: Mapping[str, Any]

    @property
    def title(self) -> str:
        """The difference from the method, in a few words."""
        words = self.factor.replace("_", " ")
        return words if self.value is None else f"{words} {self.value:g}"


def variants_of(config: Mapping[str, Any]) -> Iterator[Variant]:
    """The variants of a configuration (its key ``variants``)."""
    for method, study in (config.get("variants") or {}).items():
        for name, values in study.get("vary", {}).items():
            for value in values:
                shown = f"{value:g}".replace("+", "").replace(".", "p").replace("-", "m")
                params = {name: value}
                yield Variant(f"{method}__{name}_{shown}", method, name, value, params)
        for name, params in study.get("without", {}).items():
            yield Variant(f"{method}__without_{_id(name)}", method, f"without {name}", None, params)


def _id(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def entry(variant: Variant, method: Mapping[str, Any]) -> dict[str, Any]:
    """The variant as an entry of ``config/methods.yaml``."""
    title = f"{method['title']}, {variant.title}"
    return {**method, "title": title, "variant_of": variant.method, "changes": variant.params}
