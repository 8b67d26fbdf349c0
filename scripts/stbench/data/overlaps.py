"""Sections or fields of view that overlap because each has its own origin."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stbench.common.errors import InputError
from stbench.common.labels import categories

if TYPE_CHECKING:
    from anndata import AnnData

_COLUMNS = (
    *("fov", "fov_id", "library", "library_id", "sample", "sample_id", "section", "section_id"),
    *("slice", "slice_id", "slide", "slide_id"),
)
_LEAST = 10  # cells; the box of fewer says little
_SHARED = 0.5  # of the smaller box


def check_apart(adata: AnnData, labels: Collection[str], where: str) -> None:
    """Raise InputError if the positions of two sections or fields of view overlap.

    Args:
        adata: with ``uns['libraries']`` and ``uns['library_column']``.
        labels: columns of obs that hold labels, which may overlap.
        where: prefix of the error.
    """
    for column in _columns(adata):
        if column in labels or adata.obs[column].nunique() < 2:
            continue
        if pair := _overlapping(categories(adata.obs[column]), adata.obsm["spatial"]):
            first, second = pair
            raise InputError(
                f"{where}: coordinates: {column} {first!r} and {second!r} overlap, so their "
                f"cells would be neighbors; section: {column} separates them (section: null if "
                "they are one section)"
            )


def _columns(adata: AnnData) -> list[str]:
    """Columns of obs that may name sections: by their name, or because they name the libraries."""
    known = {name.casefold() for name in _COLUMNS} | {adata.uns["library_column"].casefold()}
    libraries = set(adata.uns["libraries"])
    return [
        name
        for name in adata.obs
        if str(name).casefold() in known
        or (len(libraries) > 1 and libraries == set(adata.obs[name].dropna().astype(str)))
    ]


def _overlapping(sections: pd.Categorical, spatial: np.ndarray) -> tuple[str, str] | None:
    """Two sections whose bounding boxes share more than half of the smaller one."""
    boxes = {}
    for code, name in enumerate(sections.categories):
        places = spatial[sections.codes == code]
        if len(places) >= _LEAST and np.isfinite(places).all():
            boxes[name] = places.min(axis=0), places.max(axis=0)
    names = list(boxes)
    for row, one in enumerate(names):
        for other in names[row + 1 :]:
            (low, high), (other_low, other_high) = boxes[one], boxes[other]
            both = np.prod(
                np.clip(np.minimum(high, other_high) - np.maximum(low, other_low), 0, None)
            )
            smaller = min(np.prod(high - low), np.prod(other_high - other_low))
            if smaller > 0 and both > _SHARED * smaller:
                return one, other
    return None
