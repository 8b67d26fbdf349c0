"""Genes that spots and reference share, also if their names differ in case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from anndata import AnnData


def matched_names(reference: pd.Index, spots: pd.Index) -> tuple[pd.Index, int]:
    """The reference's names in the spelling of the spots, and how many of them were changed.

    A name that the spots have is kept. Another one is changed if exactly one unmatched name of the
    spots, and no other name of the reference, differs from it only in case.
    """
    free = spots.difference(reference)
    own = reference.difference(spots)
    spelling = _unambiguous(free)
    folded = _unambiguous(own)
    changes = {name: spelling[key] for key, name in folded.items() if key in spelling}
    return pd.Index([changes.get(name, name) for name in reference]), len(changes)


def _unambiguous(names: pd.Index) -> dict[str, str]:
    keys = pd.Series([str(name).casefold() for name in names], index=names, dtype=object)
    once = keys[~keys.duplicated(keep=False)]
    return {key: str(name) for name, key in once.items()}


def shared_genes(spots: pd.Index, reference: pd.Index) -> np.ndarray:
    """Names in both, sorted."""
    return np.array(sorted(set(spots) & set(reference)), dtype=object)


def shared_counts(spots: AnnData, reference: AnnData) -> tuple[AnnData, AnnData]:
    """Copies of both, restricted to their shared genes, in the same order."""
    genes = shared_genes(spots.var_names, reference.var_names)
    return spots[:, genes].copy(), reference[:, genes].copy()
