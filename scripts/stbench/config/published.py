"""Second entries of methods, with the settings that their authors published for single datasets.

Labels may have informed such settings, so these entries are run beside the ranking.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stbench.config.tasks import DOMAINS

_KEY = "published"  # of an entry of methods.yaml


def published_entries(
    config: Mapping[str, Any], methods: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> dict[str, dict[str, Any]]:
    """The second entries of the chosen methods of ``domains``, by id; none if not asked for.

    Args:
        config: the configuration; its key ``published_settings`` asks for them.
        methods: entries by task and id.
    """
    if not config.get("published_settings"):
        return {}
    listed = methods[DOMAINS]
    chosen = [name for name in config["methods"] if _KEY in listed.get(name, {})]
    return {f"{name}__{_KEY}": _entry(name, listed[name]) for name in chosen}


def has_published_settings(entry: Mapping[str, Any]) -> bool:
    """Whether an entry is one of ``published_entries``."""
    return entry.get("with_settings") == _KEY


def _entry(name: str, method: Mapping[str, Any]) -> dict[str, Any]:
    title = f"{method['title']}, published settings"
    return {**method, "title": title, "variant_of": name, "with_settings": _KEY}
