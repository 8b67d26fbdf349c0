"""Several sections of tissue as one dataset: common genes, all cells, separate positions."""

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

MIN_COMMON_GENES = 50  # or half of the smallest panel, if that is less
# In diagonals of the largest bounding box; no section has a larger diameter.
_GAP = 1.1
_GAP_IN_PICTURES = 0.1  # in widths of the widest section


def join_sections(sections: Sequence[AnnData], name: str, n_domains: int | None = None) -> AnnData:
    """Join sections of tissue into one dataset of the same form.

    Sections are moved to a row along x, neither rotated nor scaled. Two cells of different sections
    are farther apart than any two cells of one section. A graph of k nearest cells therefore never
    links two sections with more than k cells each, nor does a radius below the diameter of a
    section. A Delaunay triangulation of all cells does link them.

    Args:
        sections: two or more datasets (``results/data``), in the required order.
        name: id of the joined dataset.
        n_domains: their number; None: the largest of the sections and of the labels of all.

    Returns:
        X (cells, common genes) as in the sections, genes in the order of the first section;
        ``obs['section']`` categorical, ids in the given order; ``obs['cluster']`` and
        ``obs['celltype']`` with the categories of all sections, missing if a section has none;
        ``obsm['spatial']`` (cells, 2) float64; ``uns['dataset']``. Cells are named
        ``<section>_<cell>``. Cells without a count in a common gene are dropped, and so are planted
        interactions.

    Raises:
        InputError: data of several kinds or features, too few common genes, too few cells.
    """
    import pandas as pd
    import scipy.sparse as sp
    from anndata import AnnData

    facts = [section.uns["dataset"] for section in sections]
    ids = [str(description["id"]) for description in facts]
    if len(set(ids)) < len(ids):
        raise InputError(f"{name}: two sections have the id {max(ids, key=ids.count)}; rename one")
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
        raise InputError(f"{name}: names <section>_<cell> are not unique; rename sections or cells")
    obs = pd.DataFrame(index=cells)
    codes = np.repeat(np.arange(len(seen)), [section.n_obs for section in seen])
    obs["section"] = pd.Categorical.from_codes(codes, ids)
    for column in ("cluster", "celltype"):
        if any(column in section.obs for section in seen):
            obs[column] = _united(seen, column)
    joined = AnnData(sp.vstack([s.X for s in seen], format="csr"), obs, seen[0].var.copy())
    joined.obsm["spatial"] = side_by_side([section.obsm["spatial"] for section in seen])
    emptied = sum((~kept).sum() for kept in full)
    joined.uns["dataset"] = _description(facts, name, obs, emptied, n_domains)
    return joined


def common_genes(sections: Sequence[AnnData], name: str) -> pd.Index:
    """Genes that every section has, by name, in the order of the first section.

    Raises:
        InputError: fewer than 50, and fewer than half of the smallest panel.
    """
    panels = [section.var_names for section in sections]
    common = set.intersection(*map(set, panels))
    smallest = min(map(len, panels))
    if len(common) < min(MIN_COMMON_GENES, (smallest + 1) // 2):
        raise InputError(
            f"{name}: the sections have {len(common)} genes in common (the smallest panel has "
            f"{smallest}; genes are named {', '.join(panel[0] for panel in panels)}, ...); "
            "join sections with the same genes under the same names"
        )
    return panels[0][[gene in common for gene in panels[0]]]


def side_by_side(places: Sequence[np.ndarray], gap: float | None = None) -> np.ndarray:
    """Coordinates of all sections in a row, (all cells, 2); the geometry of each is unchanged.

    The minimum of y is 0 in each section. By default the gaps along x are larger than the distance
    of any two cells of one section.
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
    """Coordinates of joined sections, (cells, 2), with small gaps, for figures only."""
    coords, codes = np.asarray(coords), sections.codes
    places = [coords[codes == code] for code in np.unique(codes)]
    gap = _GAP_IN_PICTURES * max(np.ptp(place[:, 0]) for place in places)
    drawn = np.empty_like(coords)
    drawn[np.argsort(codes, kind="stable")] = side_by_side(places, gap)
    return drawn


def missing_sections(facts: Sequence[dict[str, Any]]) -> str:
    """Why sections are missing, from ``uns['dataset']`` of each; empty if all are available."""
    missing = [description for description in facts if description.get("status") == "error"]
    if not missing:
        return ""
    ids = [description["id"] for description in missing]
    others = f"; also not available: {', '.join(ids[1:])}" if ids[1:] else ""
    return f"section {ids[0]}: {missing[0]['reason']}{others}"


def _check_kinds(facts: Sequence[dict[str, Any]], name: str) -> None:
    kinds = sorted({description["kind"] for description in facts})
    if len(kinds) > 1:
        raise InputError(f"{name}: sections of several kinds ({', '.join(kinds)}); use one kind")
    if kinds == ["features"]:
        raise InputError(f"{name}: features of sections are not comparable; join counts")


def _united(sections: Sequence[AnnData], column: str) -> pd.Categorical:
    """Labels of all sections; categories in order of appearance."""
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
    facts: Sequence[dict[str, Any]],
    name: str,
    obs: pd.DataFrame,
    emptied: int,
    given: int | None,
) -> dict[str, Any]:
    """``uns['dataset']`` of the joined sections."""
    numbers = [
        number.tolist() if np.ndim(number) else int(number)
        for number in (description["n_domains"] for description in facts)
    ]
    n_domains = joined_domains(numbers, name) if given is None else given
    remarks: list[str] = []
    if "cluster" in obs and not isinstance(n_domains, list):
        labels = obs["cluster"].nunique()
        if labels < 2:
            raise InputError(
                f"{name}: label: {labels} domain among the labels of all sections; at least 2 are "
                "needed to score: name another column, or none"
            )
        n_domains = max(n_domains, labels) if given is None else n_domains
        if n_domains != labels and given is not None:
            remarks.append(f"the labels name {labels} domains, n_domains is {n_domains}")
    text = {
        key: "; ".join(dict.fromkeys(one[key] for one in facts if one.get(key)))
        for key in DESCRIBED
    }
    text["note"] = "; ".join(filter(None, [text["note"], *remarks]))
    first = facts[0]
    drawn: dict[str, Any] = {
        key: first[key]
        for key in ("platform", "y_down")
        if key in first and all(one.get(key) == first[key] for one in facts)
    }
    return {
        **text,
        **drawn,
        **{key: agreed(key, [one[key] for one in facts]) for key in SETTINGS},
        "id": name,
        "source": "joined: " + ", ".join(str(one["id"]) for one in facts),
        "sha256": ",".join(one["sha256"] for one in facts),
        "kind": facts[0]["kind"],
        "n_domains": np.array(n_domains) if isinstance(n_domains, list) else n_domains,
        "has_truth": "cluster" in obs,
        "dropped_cells": sum(int(one["dropped_cells"]) for one in facts) + int(emptied),
        "status": "ok",
        "reason": "",
    }
