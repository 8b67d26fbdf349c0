"""Several sections of tissue as one dataset: common genes, all cells, side by side in space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stbench.common.errors import InputError
from stbench.config.registry import DESCRIBED, SETTINGS, agreed, joined_domains
from stbench.data.validation import MIN_CELLS

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

MIN_COMMON_GENES = 50  # or half of the smallest panel, where that is less
# In diagonals of the largest bounding box, which no diameter of a section exceeds.
_GAP = 1.1
_GAP_IN_PICTURES = 0.1  # in widths of the widest section


def join_sections(sections: Sequence[AnnData], name: str) -> AnnData:
    """Join sections of tissue into one dataset of the same form.

    Sections are moved, neither turned nor scaled, so that they lie in a row along x, and two cells
    of different sections are farther apart than any two of one section. So a graph of k nearest
    cells never links two sections as long as each has more than k cells, nor does a radius below a
    section's diameter. A Delaunay triangulation of all cells does link them.

    Args:
        sections: two or more datasets (``results/data``), in the order wanted.
        name: id of the dataset that is made.

    Returns:
        X (cells, common genes) as in the sections, genes in the first section's order;
        ``obs['section']`` categorical, ids in the order given; ``obs['cluster']`` and
        ``obs['celltype']`` with the categories of all sections, missing where a section tells none;
        ``obsm['spatial']`` (cells, 2) float64; ``uns['dataset']``. Cells are named
        ``<section>_<cell>``; those without a count in a common gene are dropped, and so are planted
        interactions.

    Raises:
        InputError: data of several kinds or features, too few common genes, too few cells.
    """
    import pandas as pd
    import scipy.sparse as sp
    from anndata import AnnData

    facts = [section.uns["dataset"] for section in sections]
    ids = [str(told["id"]) for told in facts]
    _check_kinds(facts, name)
    genes = common_genes(sections, name)
    seen = [section[:, genes] for section in sections]
    full = [np.asarray(section.X.sum(axis=1)).ravel() > 0 for section in seen]
    for section, kept in zip(ids, full, strict=True):
        if kept.sum() < MIN_CELLS:
            raise InputError(
                f"{name}: {section}: only {kept.sum()} cells have a count in the {len(genes)} "
                f"common genes; at least {MIN_CELLS} are needed"
            )
    seen = [section[kept] for section, kept in zip(seen, full, strict=True)]

    cells = [f"{one}_{cell}" for one, s in zip(ids, seen, strict=True) for cell in s.obs_names]
    if len(set(cells)) < len(cells):
        raise InputError(f"{name}: sections and cells have names that run into each other; rename")
    obs = pd.DataFrame(index=cells)
    codes = np.repeat(np.arange(len(seen)), [section.n_obs for section in seen])
    obs["section"] = pd.Categorical.from_codes(codes, ids)
    for column in ("cluster", "celltype"):
        if any(column in section.obs for section in seen):
            obs[column] = _united(seen, column)
    joined = AnnData(sp.vstack([s.X for s in seen], format="csr"), obs, seen[0].var.copy())
    joined.obsm["spatial"] = side_by_side([section.obsm["spatial"] for section in seen])
    joined.uns["dataset"] = _description(facts, name, obs, sum((~kept).sum() for kept in full))
    return joined


def common_genes(sections: Sequence[AnnData], name: str) -> pd.Index:
    """Genes that every section has, by name, in the first section's order.

    Raises:
        InputError: fewer than 50, and fewer than half of the smallest panel.
    """
    panels = [section.var_names for section in sections]
    common = set.intersection(*map(set, panels))
    smallest = min(map(len, panels))
    if len(common) < min(MIN_COMMON_GENES, (smallest + 1) // 2):
        raise InputError(
            f"{name}: the sections have {len(common)} genes in common (the smallest panel has "
            f"{smallest}; genes are called {', '.join(panel[0] for panel in panels)}, ...); "
            "join sections that measured the same genes and name them alike"
        )
    return panels[0][[gene in common for gene in panels[0]]]


def side_by_side(places: Sequence[np.ndarray], gap: float | None = None) -> np.ndarray:
    """Coordinates of all sections in a row, (all cells, 2), each with its own geometry.

    Each section's lower left corner comes to y = 0; the gaps along x are, if not told otherwise,
    larger than the distance of any two cells of one section.
    """
    sizes = [np.ptp(place, axis=0) for place in places]
    if gap is None:
        gap = _GAP * max(np.hypot(*size) for size in sizes)
    moved, start = [], 0.0
    for place, size in zip(places, sizes, strict=True):
        moved.append(place - place.min(axis=0) + [start, 0.0])
        start += size[0] + gap
    return np.vstack(moved)


def drawn_close(coords: np.ndarray, sections: pd.Categorical) -> np.ndarray:
    """Coordinates of joined sections, (cells, 2), with small gaps, for pictures only."""
    coords, codes = np.asarray(coords), sections.codes
    places = [coords[codes == code] for code in np.unique(codes)]
    gap = _GAP_IN_PICTURES * max(np.ptp(place[:, 0]) for place in places)
    drawn = np.empty_like(coords)
    drawn[np.argsort(codes, kind="stable")] = side_by_side(places, gap)
    return drawn


def missing_sections(facts: Sequence[dict[str, Any]]) -> str:
    """Why sections cannot be joined, from ``uns['dataset']`` of each; empty where all are there."""
    lost = [told for told in facts if told.get("status") == "error"]
    if not lost:
        return ""
    others = f"; nor can {', '.join(told['id'] for told in lost[1:])} be had" if lost[1:] else ""
    return f"section {lost[0]['id']}: {lost[0]['reason']}{others}"


def _check_kinds(facts: Sequence[dict[str, Any]], name: str) -> None:
    kinds = sorted({told["kind"] for told in facts})
    if len(kinds) > 1:
        raise InputError(f"{name}: the sections hold {' and '.join(kinds)}; give one kind")
    if kinds == ["features"]:
        raise InputError(f"{name}: features of one section mean nothing in another; join counts")


def _united(sections: Sequence[AnnData], column: str) -> pd.Categorical:
    """Labels of all sections; categories in the order in which they are met."""
    import pandas as pd

    labels: list[Any] = []
    categories: dict[str, None] = {}
    for section in sections:
        if column in section.obs:
            given = section.obs[column].cat.remove_unused_categories()
            labels.extend(given.astype(object))
            categories.update(dict.fromkeys(given.cat.categories))
        else:
            labels.extend([np.nan] * section.n_obs)
    return pd.Categorical(labels, categories=list(categories))


def _description(
    facts: Sequence[dict[str, Any]], name: str, obs: pd.DataFrame, emptied: int
) -> dict[str, Any]:
    """``uns['dataset']`` of the joined sections."""
    numbers = [
        told["n_domains"].tolist() if np.ndim(told["n_domains"]) else int(told["n_domains"])
        for told in facts
    ]
    n_domains = joined_domains(numbers, name)
    if "cluster" in obs and not isinstance(n_domains, list):
        n_domains = max(n_domains, obs["cluster"].nunique())
    text = {
        key: "; ".join(dict.fromkeys(told[key] for told in facts if told.get(key)))
        for key in DESCRIBED
    }
    return {
        **text,
        **{key: agreed(key, [told[key] for told in facts]) for key in SETTINGS},
        "id": name,
        "source": "joined: " + ", ".join(str(told["id"]) for told in facts),
        "sha256": ",".join(told["sha256"] for told in facts),
        "kind": facts[0]["kind"],
        "n_domains": np.array(n_domains) if isinstance(n_domains, list) else n_domains,
        "has_truth": "cluster" in obs,
        "dropped_cells": sum(int(told["dropped_cells"]) for told in facts) + int(emptied),
        "status": "ok",
        "reason": "",
    }
