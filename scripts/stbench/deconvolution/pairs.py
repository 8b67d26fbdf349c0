"""A pair to deconvolve: spots, a reference of single cells with types, and the truth if known.

It is checked here once, so that methods can rely on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stbench.common.errors import InputError
from stbench.data.validation import check_names, checked_coordinates, checked_matrix
from stbench.deconvolution.gene_matching import matched_names, shared_genes

if TYPE_CHECKING:
    from anndata import AnnData

MIN_SHARED_GENES = 50
MIN_CELLS_OF_TYPE = 3
MIN_SPOTS = 20


@dataclass(frozen=True)
class Pair:
    """Input of a deconvolution.

    Attributes:
        spots: X (spots, genes) CSR float32 counts, ``obsm['spatial']`` (spots, 2), ``uns['pair']``:
            id, status, reason, notes.
        reference: X (cells, genes) CSR float32 counts, ``obs['celltype']`` categorical; genes of
            the spots have the spots' spelling.
        truth: (spots, types) true proportions, or None.
    """

    spots: AnnData
    reference: AnnData
    truth: pd.DataFrame | None


def checked_pair(
    name: str,
    spots: AnnData,
    reference: AnnData,
    truth: pd.DataFrame | None,
    rename: Mapping[str, str] | None = None,
) -> Pair:
    """Check a pair and convert it to the stored form.

    Cells without a type and spots without counts in shared genes are left out; their numbers are in
    the notes.

    Args:
        spots: X and ``obsm['spatial']``.
        reference: X and ``obs['celltype']``, missing if unknown.
        truth: (spots, types) proportions, rows named as the spots.
        rename: names of types in the reference, to those of the truth.

    Raises:
        InputError: one line: pair, part, fault, remedy.
    """
    notes: list[str] = []
    cells = _cells(f"{name}: reference", reference, rename or {}, notes)
    where = f"{name}: spots"
    check_names(spots.obs_names, where, "spot names")
    check_names(spots.var_names, where, "gene names")
    coords = checked_coordinates(spots.obsm["spatial"], spots.n_obs, where)
    counts = checked_matrix(spots.X, "counts", where, other_kinds=False)

    genes, by_case = matched_names(cells.var_names, spots.var_names)
    cells.var_names = genes
    shared = shared_genes(spots.var_names, genes)
    if by_case:
        notes.append(f"warning: {by_case} of {len(shared)} shared genes differ only in case")
    if len(shared) < MIN_SHARED_GENES:
        raise InputError(
            f"{name}: genes: spots and reference share {len(shared)}, at least {MIN_SHARED_GENES} "
            "are needed; use the same kind of gene names in both"
        )
    without = _totals(cells.X[:, cells.var_names.isin(shared)]) == 0
    cells = cells[~without].copy()
    expressed = cells.var_names[_totals(cells.X.T) > 0].intersection(shared)
    keep = _totals(counts[:, spots.var_names.isin(expressed)]) > 0
    for what, empty in (("spots", ~keep), ("reference cells", without)):
        if empty.any():
            notes.append(f"{empty.sum()} {what} without counts in shared genes left out")
    if keep.sum() < MIN_SPOTS:
        raise InputError(
            f"{where}: only {keep.sum()} of {len(keep)} have counts in the genes of the reference; "
            f"at least {MIN_SPOTS} are needed"
        )
    _check_types(f"{name}: reference", cells)

    from anndata import AnnData

    checked = AnnData(
        counts[keep],
        obs=pd.DataFrame(index=spots.obs_names[keep].astype(str)),
        var=pd.DataFrame(index=spots.var_names.astype(str)),
    )
    checked.obsm["spatial"] = coords[keep]
    if truth is not None:
        notes += _unmatched_types(name, truth, cells)
        truth = truth.set_axis(truth.index.astype(str)).reindex(checked.obs_names)
        if truth.isna().to_numpy().any():
            lacking = int(truth.isna().any(axis=1).sum())
            raise InputError(f"{name}: composition: missing for {lacking} spots; give one for each")
    checked.uns["pair"] = {"id": name, "status": "ok", "reason": "", "notes": "; ".join(notes)}
    return Pair(checked, cells, truth)


def _unmatched_types(name: str, truth: pd.DataFrame, cells: AnnData) -> list[str]:
    """Types that only one side has, in a note.

    Raises:
        InputError: no type is in both.
    """
    ours, theirs = set(map(str, truth.columns)), set(cells.obs["celltype"].cat.categories)
    if not ours & theirs:
        raise InputError(
            f"{name}: types: composition ({', '.join(sorted(ours))}) and reference "
            f"({', '.join(sorted(theirs))}) share none; give the same names, or use rename"
        )
    apart = {"composition": sorted(ours - theirs), "reference": sorted(theirs - ours)}
    return [
        f"types only in the {side}: {', '.join(names)}" for side, names in apart.items() if names
    ]


def _cells(where: str, reference: AnnData, rename: Mapping[str, str], notes: list[str]) -> AnnData:
    """The cells of the reference that have a type."""
    from anndata import AnnData

    check_names(reference.obs_names, where, "cell names")
    check_names(reference.var_names, where, "gene names")
    if "celltype" not in reference.obs:
        raise InputError(f"{where}: has no cell types; name the column of obs that contains them")
    given = reference.obs["celltype"].astype(object)
    unknown = sorted(set(rename) - set(given.dropna()))
    if unknown:
        names = ", ".join(sorted(set(given.dropna())))
        raise InputError(f"{where}: rename: no type {unknown[0]!r}; there are: {names}")
    types = given.map(lambda name: rename.get(name, name), na_action="ignore")
    typed = types.notna().to_numpy()
    if not typed.all():
        notes.append(f"{(~typed).sum()} reference cells without a type left out")
    counts = checked_matrix(reference.X, "counts", where, other_kinds=False)
    return AnnData(
        counts[typed],
        obs=pd.DataFrame(
            {"celltype": pd.Categorical(types[typed].astype(str))},
            index=reference.obs_names[typed].astype(str),
        ),
        var=pd.DataFrame(index=reference.var_names.astype(str)),
    )


def _check_types(where: str, cells: AnnData) -> None:
    cells.obs["celltype"] = cells.obs["celltype"].cat.remove_unused_categories()
    sizes = cells.obs["celltype"].value_counts()
    if len(sizes) < 2:
        raise InputError(f"{where}: {len(sizes)} cell types; at least 2 are needed")
    rare = sizes[sizes < MIN_CELLS_OF_TYPE].sort_index()
    if len(rare):
        few = ", ".join(f"{name} ({number})" for name, number in rare.items())
        raise InputError(
            f"{where}: fewer than {MIN_CELLS_OF_TYPE} cells of {few}; "
            "merge these types with others (rename) or remove their label"
        )


def failed_pair(name: str, reason: str) -> Pair:
    """Placeholder of a pair that is not available: no data, and the reason."""
    from anndata import AnnData

    uns = {"pair": {"id": name, "status": "error", "reason": reason, "notes": ""}}
    return Pair(AnnData(np.zeros((0, 0), dtype=np.float32), uns=uns), AnnData(), None)


def _totals(matrix: Any) -> np.ndarray:
    return np.asarray(matrix.sum(axis=1)).ravel()
