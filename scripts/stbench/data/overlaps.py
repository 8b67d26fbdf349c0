"""Sections or fields of view that overlap because each has its own origin."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stbench.common.errors import InputError
from stbench.common.labels import categories
from stbench.platforms.positions import AXES, Axes, places

if TYPE_CHECKING:
    from anndata import AnnData

_COLUMNS = (
    *("fov", "fov_id", "library", "library_id", "library_key", "section", "section_id"),
    *("sample", "sample_id", "sampleid"),
    *("slice", "slice_id", "slide", "slide_id", "brain_section_label", "bregma"),
)
# They name sections (batch: of anndata's concatenate), or parts that are mixed in one section.
_UNSURE = ("batch", "dataset", "roi", "orig.ident", "donor_id", "replicate", "sample_name")
_LEAST = 10  # cells; the box of fewer says little
_SHARED = 0.5  # of the smaller box


def check_apart(adata: AnnData, labels: Collection[str], where: str) -> list[str]:
    """Check that the positions of two sections or fields of view do not overlap.

    Args:
        adata: with ``uns['libraries']`` and ``uns['library_column']``.
        labels: columns of obs that hold labels, which may overlap.
        where: prefix of the error.

    Returns:
        Remarks on columns that may or may not name sections.

    Raises:
        InputError: they overlap.
    """
    spatial = adata.obsm["spatial"]
    if spatial.dtype.kind not in "iuf" or spatial.shape[1:] != (2,):
        return []  # refused by ``validate``
    for column in _columns(adata):
        if column in labels or adata.obs[column].nunique() < 2:
            continue
        if pair := _overlapping(categories(adata.obs[column]), adata.obsm["spatial"]):
            first, second = pair
            advice = f"section: {column} separates them (section: null if they are one section)"
            if axes := _apart_in(adata, column):
                advice = f"x: {axes.x} and y: {axes.y} place them side by side; or {advice}"
            raise InputError(
                f"{where}: coordinates: {column} {first!r} and {second!r} overlap, so their "
                f"cells would be neighbors; {advice}"
            )
    return [
        f"cells of different {column} overlap; if these are sections, section: "
        f"{column} separates them"
        for column in map(str, adata.obs)
        if column.casefold() in _UNSURE
        and column not in labels
        and adata.obs[column].nunique() > 1
        and _overlapping(categories(adata.obs[column]), adata.obsm["spatial"])
    ]


def _apart_in(adata: AnnData, column: str) -> Axes | None:
    """Other known columns of positions in which the values of a column do not overlap."""
    for axes in AXES:
        if {axes.x, axes.y} <= set(adata.obs):
            spatial = _finite(places(adata.obs, axes))
            same = spatial is not None and np.allclose(spatial, adata.obsm["spatial"])
            if spatial is None or same:
                continue
            if not _overlapping(categories(adata.obs[column]), spatial):
                return axes
    return None


def _finite(values: np.ndarray) -> np.ndarray | None:
    """The values as numbers; None if some are none or not finite, or an axis does not vary."""
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    usable = np.isfinite(numbers).all() and (np.ptp(numbers, axis=0) > 0).all()
    return numbers if usable else None


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
        places = places[np.isfinite(places).all(axis=1)]  # cells that are left out may have none
        if len(places) >= _LEAST:
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
