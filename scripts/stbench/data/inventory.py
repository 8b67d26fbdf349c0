"""The content of a file, compared with the registry's description of the dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stbench.config.registry import is_checked, is_seen

if TYPE_CHECKING:
    from anndata import AnnData


def facts(adata: AnnData) -> dict[str, int | None]:
    """Numbers of domains, genes and labeled cells; None if the file has no labels."""
    labels = adata.obs.get("cluster")
    return {
        "n_domains": None if labels is None else labels.nunique(),
        "genes": adata.n_vars,
        "cells": None if labels is None else int(labels.notna().sum()),
    }


def surprises(adata: AnnData, entry: Mapping[str, Any]) -> list[str]:
    """Unexpected properties of a source, one text for each.

    The number of domains is checked and, for a file without a published checksum, the size.
    """
    return _different(adata, entry, ["n_domains"] if is_checked(entry) else list(facts(adata)))


def differences(adata: AnnData, entry: Mapping[str, Any]) -> list[str]:
    """Errors of the registry in the size of a source that this project has never read."""
    return [] if is_seen(entry) else _different(adata, entry, ["genes", "cells"])


def _different(adata: AnnData, entry: Mapping[str, Any], keys: list[str]) -> list[str]:
    actual = facts(adata)
    return [
        f"{key}: {actual[key]} in the file from {entry['source']}, {entry[key]} expected"
        for key in keys
        if actual[key] is not None and isinstance(entry[key], int) and actual[key] != entry[key]
    ]
