"""One validator for every dataset; all later stages rely on its guarantees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from stbench.common.array_files import checked_sparse
from stbench.common.errors import InputError
from stbench.data.gene_symbols import SYMBOL_COLUMNS
from stbench.graphs.lattice import find_lattice

if TYPE_CHECKING:
    from anndata import AnnData

MIN_CELLS = 20
MIN_GENES = 2
MAX_COORDINATE = 1e15  # its squares and sums are accurate enough, and finite in float32

_DESCRIPTION = (
    *("id", "technology", "organism", "donor", "study", "unit", "source", "sha256"),
    *("licence", "citation", "kind"),
)


def validate(adata: AnnData, entry: Mapping[str, Any]) -> AnnData:
    """Check a loaded dataset and bring it into the form of ``results/data/<id>.h5ad``.

    Args:
        adata: as returned by the loaders; ``uns['remarks']`` are notes for the user.
        entry: the description of the dataset (``stbench.config.registry.dataset_entry``), with
            ``source`` and ``sha256``.

    Returns:
        X (n, g) CSR float32 without empty cells (kinds counts and intensities), ``obs['cluster']``
        and ``obs['celltype']`` if provided, ``obsm['spatial']`` (n, 2) float64, ``uns['dataset']``,
        whose note ends with the remarks.

    Raises:
        InputError: one line with dataset, field, problem and remedy.
    """
    from anndata import AnnData

    where, kind = entry["id"], entry["kind"]
    check_names(adata.obs_names, where, "cell names")
    check_names(adata.var_names, where, "gene names")
    if adata.n_obs < MIN_CELLS:
        raise InputError(f"{where}: cells: only {adata.n_obs}; at least {MIN_CELLS} are needed")
    if adata.n_vars < MIN_GENES:
        raise InputError(f"{where}: genes: only {adata.n_vars}; at least {MIN_GENES} are needed")
    spatial = checked_coordinates(adata.obsm["spatial"], adata.n_obs, where)
    x = checked_matrix(adata.X, kind, where)

    keep = np.ones(adata.n_obs, dtype=bool)
    if kind != "features":
        keep = np.asarray(x.sum(axis=1)).ravel() > 0
    if keep.sum() < MIN_CELLS:
        raise InputError(
            f"{where}: X: only {keep.sum()} of {adata.n_obs} cells have any expression; "
            f"at least {MIN_CELLS} are needed: provide the raw {kind}"
        )
    obs = pd.DataFrame(index=adata.obs_names[keep].astype(str))
    for name in ("cluster", "celltype"):
        if name in adata.obs:
            obs[name] = adata.obs[name][keep].cat.remove_unused_categories()
    n_domains = _n_domains(obs, entry, int(keep.sum()))
    if entry["hvg"] and kind != "counts":
        raise InputError(f"{where}: hvg: needs counts, not {kind}; set hvg: false")

    var = pd.DataFrame(index=adata.var_names.astype(str))
    for name in [column for column in SYMBOL_COLUMNS if column in adata.var]:
        var[name] = adata.var[name].astype(str).to_numpy()
    dataset = AnnData(x[keep], obs=obs, var=var)
    dataset.obsm["spatial"] = spatial[keep]
    remarks = [*adata.uns.get("remarks", []), *_lattice_remark(dataset.obsm["spatial"], entry)]
    dataset.uns["dataset"] = {
        **{key: entry[key] for key in _DESCRIPTION},
        "note": "; ".join(filter(None, [entry["note"], *remarks])),
        "n_domains": n_domains,
        "has_truth": "cluster" in obs,
        "dropped_cells": int((~keep).sum()),
        "hvg": bool(entry["hvg"]),
        "filter_cell": int(entry["filter_cell"]),
        "norm_target": float(entry["norm_target"]),
        "refine": int(entry["refine"]),
        "status": "ok",
        "reason": "",
    }
    return dataset


def _lattice_remark(spatial: np.ndarray, entry: Mapping[str, Any]) -> list[str]:
    """A remark if Visium spots do not form the lattice of Visium."""
    if entry["technology"] != "10x Visium":
        return []
    lattice = find_lattice(spatial)
    kind = "no lattice" if lattice is None else f"a {lattice.kind} lattice"
    if kind == "a hexagonal lattice":
        return []
    return [
        f"10x Visium spots form a hexagonal lattice, but these form {kind} "
        f"({np.ptp(spatial[:, 0]):g} x {np.ptp(spatial[:, 1]):g} {entry['unit']}): neighbors are "
        "wrong if array rows and columns were used as positions"
    ]


def failed_dataset(name: str, reason: str) -> AnnData:
    """A dataset that is not available or was refused: no cells, and the reason."""
    from anndata import AnnData

    uns = {"dataset": {"id": name, "status": "error", "reason": reason}}
    return AnnData(np.zeros((0, 0), dtype=np.float32), uns=uns)


def check_names(names: pd.Index, where: str, field: str) -> None:
    repeated = names[names.duplicated()]
    if len(repeated):
        raise InputError(
            f"{where}: {field}: {len(repeated)} are not unique, for example {repeated[0]!r}; "
            "make them unique"
        )


def checked_coordinates(values: Any, n: int, where: str) -> np.ndarray:
    spatial = np.asarray(values)
    if spatial.ndim != 2 or spatial.shape[1] != 2:
        shape = " x ".join(map(str, spatial.shape))
        raise InputError(f"{where}: coordinates: {shape} values; two columns (x, y) are needed")
    if len(spatial) != n:
        raise InputError(f"{where}: coordinates: {len(spatial)} rows for {n} cells")
    try:
        spatial = spatial.astype(np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"{where}: coordinates: not numbers; provide two columns of numbers"
        ) from None
    finite = np.isfinite(spatial).all(axis=1)
    if not finite.all():
        raise InputError(
            f"{where}: coordinates: NaN or infinite in {(~finite).sum()} cells; remove these cells"
        )
    largest = np.abs(spatial).max(initial=0)
    if largest > MAX_COORDINATE:
        raise InputError(
            f"{where}: coordinates: up to {largest:.3g}, too large to compute distances; "
            f"use a unit that keeps them below {MAX_COORDINATE:g}"
        )
    if len(np.unique(spatial, axis=0)) < 3:
        raise InputError(
            f"{where}: coordinates: only one or two different positions; provide real positions"
        )
    return spatial


def checked_matrix(values: Any, kind: str, where: str, other_kinds: bool = True) -> sp.csr_matrix:
    """``X`` as float32.

    Args:
        values: the matrix of a file.
        kind: what it should hold.
        where: begins the message of an error.
        other_kinds: whether its entry may name another kind.

    Raises:
        InputError: not numbers, or not of this kind.
    """
    x = values if sp.issparse(values) else np.asarray(values)
    if x.dtype.kind not in "biuf":
        raise InputError(f"{where}: X: {x.dtype.name}, not numbers; provide a numeric matrix")
    with np.errstate(over="ignore"):  # overflow of float32 is detected below
        x = sp.csr_matrix(checked_sparse(x, f"{where}: X") if sp.issparse(x) else x, copy=True)
        x.sum_duplicates()
        data = x.data.astype(np.float32)
    broken = ~np.isfinite(data)
    if broken.any():
        raise InputError(
            f"{where}: X: {broken.sum()} values are NaN or infinite; provide finite {kind}"
        )
    negative = data < 0
    if kind != "features" and negative.any():
        raise InputError(
            f"{where}: X: {negative.sum()} values are negative, so these are not {kind}; provide "
            f"the raw {kind}{', or set kind: features if X is a representation' * other_kinds}"
        )
    broken = x.data != np.rint(x.data)
    if kind == "counts" and broken.any():
        totals = np.asarray(x.sum(axis=1)).ravel()
        same = (
            ", and all cells have the same total (they were normalized)" if _equal(totals) else ""
        )
        raise InputError(
            f"{where}: X: {broken.sum()} values are not whole numbers (for example "
            f"{x.data[broken][0]:g}){same}, so these are not counts; provide the raw counts"
            f"{', or set kind: intensities' * other_kinds}"
        )
    checked = sp.csr_matrix((data, x.indices, x.indptr), shape=x.shape)
    checked.sort_indices()
    checked.eliminate_zeros()
    return checked


def _equal(totals: np.ndarray) -> bool:
    used = totals[totals > 0]
    return bool(len(used)) and np.ptp(used) <= 1e-3 * used.mean()


def labels_count(adata: AnnData) -> int:
    """The number of true domains; 0 if none are known."""
    return int(adata.obs["cluster"].nunique()) if "cluster" in adata.obs else 0


def _n_domains(obs: pd.DataFrame, entry: Mapping[str, Any], cells: int) -> Any:
    """The number of domains: an int, or an int array for data without labels."""
    where, wanted = entry["id"], entry["n_domains"]
    labels = obs["cluster"].nunique() if "cluster" in obs else None
    is_part = isinstance(entry.get("section"), Mapping)  # the whole may have other domains
    if labels is not None and labels < 2 and not is_part:
        raise InputError(
            f"{where}: label: {labels} domain among the labels; at least 2 are needed to score: "
            "name another column, or none"
        )
    if labels is not None and labels >= cells:
        raise InputError(f"{where}: label: every cell has a different label; name another column")
    single = labels if wanted is None else wanted
    numbers: list[int] = wanted if isinstance(wanted, list) else [single or 0]
    least = min(labels or 0, 1) if is_part and labels is not None and wanted is None else 2
    for number in numbers:
        if not least <= number < cells:
            raise InputError(
                f"{where}: n_domains: {number} for {cells} cells; "
                f"use a number from 2 to {cells - 1}"
            )
    return np.array(numbers, dtype=np.int64) if isinstance(wanted, list) else numbers[0]
