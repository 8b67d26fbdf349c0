"""Locations of the published files on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from stbench.common.paths import PROJECT

REGISTRY = PROJECT / "config/datasets.yaml"
FOLDERS = [
    *(Path(folder) for folder in [os.environ.get("STBENCH_MIRROR", "")] if folder),
    PROJECT / "resources/mirror",
]


def sources_here(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """The sources whose files are all in a mirror folder and have a SHA-256 in the registry."""

    def here(file: dict[str, Any]) -> bool:
        return "sha256" in file and any((folder / file["name"]).is_file() for folder in FOLDERS)

    return [source for source in entry.get("sources", []) if all(map(here, source["files"]))]


def available(registry: dict[str, Any]) -> list[str]:
    """Ids of the datasets with such a source: at least BZ5, BZ9, BZ14, whose file is committed."""
    return [name for name, entry in registry.items() if sources_here(entry)]
