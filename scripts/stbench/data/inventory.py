"""What a file holds, compared with what the registry says of the dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stbench.config.registry import is_checked, is_seen

if TYPE_CHECKING:
    from anndata import AnnData


def facts(adata: AnnData) -> dict[str, int | None]:
    """Numbers of domains, genes and labelled cells; None where the file does not tell."""
    labels = adata.obs.get("cluster")
    return {
        "n_domains": None if labels is None else labels.nunique(),
        "genes": adata.n_vars,
        "cells": None if labels is None else int(labels.notna().sum()),
    }


def surprises(adata: AnnData, entry: Mapping[str, Any]) -> list[str]:
    """What is not to be expected of a source, one text for each.

    The number of domains, and the size where no checksum says which file was meant.
    """
    return _different(adata, entry, ["n_domains"] if is_checked(entry) else list(facts(adata)))


def differences(adata: AnnData, entry: Mapping[str, Any]) -> list[str]:
    """What the registry says wrongly of the size of a source that this project has never seen."""
    return [] if is_seen(entry) else _different(adata, entry, ["genes", "cells"])


def _different(adata: AnnData, entry: Mapping[str, Any], keys: list[str]) -> list[str]:
    found = facts(adata)
    return [
        f"{key}: {found[key]} in the file from {entry['source']}, {entry[key]} expected"
        for key in keys
        if found[key] is not None and isinstance(entry[key], int) and found[key] != entry[key]
    ]
