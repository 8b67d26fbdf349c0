"""What a file holds, compared with what the registry says of the dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stbench.config.registry import is_checked

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
    """What differs from the entry, one text for each; sizes only where no checksum pins them."""
    found = facts(adata)
    keys = ("n_domains",) if is_checked(entry) else tuple(found)
    return [
        f"{key}: {found[key]} in the file from {entry['source']}, {entry[key]} expected"
        for key in keys
        if found[key] is not None and isinstance(entry[key], int) and found[key] != entry[key]
    ]
