"""True interactions that a file of the user brings: from any simulator, or from an experiment.

``obsp['true_interactions']`` (n, n) joins the cells that interact. ``uns['true_triples']`` may name
the cell types and genes behind them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from stbench.common.array_files import checked_sparse
from stbench.common.errors import InputError
from stbench.platforms.anndata_store import PAIRS, TRIPLES

if TYPE_CHECKING:
    from anndata import AnnData

_ROLES = ("sender_type", "receiver_type", "ligand", "receptor")


class NotInThisSectionError(InputError):
    """The true interactions may be those of other sections of the file."""


def given_interactions(matrix: Any, n_cells: int) -> tuple[sp.csr_matrix, str]:
    """The matrix as 0/1 and symmetric, and a remark if it was directed.

    Args:
        matrix: (n, n), dense or sparse; a positive number joins two cells.
        n_cells: n.

    Raises:
        InputError: not square, not finite, negative, or no two cells interact.
    """
    where = f"obsp['{PAIRS}']"
    pairs = sp.csr_matrix(checked_sparse(matrix, where) if sp.issparse(matrix) else matrix)
    if pairs.shape != (n_cells, n_cells):
        raise InputError(
            f"{where}: {pairs.shape[0]} x {pairs.shape[1]} for {n_cells} cells; one row and one "
            "column per cell are needed"
        )
    if not np.isfinite(pairs.data).all() or (pairs.data < 0).any():
        raise InputError(f"{where}: has negative numbers or NaN; use 1 where two cells interact")
    directed = (pairs > 0).astype(np.float32)
    directed.setdiag(0)
    directed.eliminate_zeros()
    if not directed.nnz:
        raise NotInThisSectionError(f"{where}: no two cells interact; leave it out")
    both = sp.csr_matrix(directed.maximum(directed.T))
    one_way = both.nnz - directed.nnz
    remark = f"{one_way} of {both.nnz // 2} true interactions have one direction; both are used"
    return both, remark if one_way else ""


def given_triples(triples: Any, types: set[str] | None, genes: set[str]) -> dict[str, Any]:
    """Types and genes of the interactions, checked.

    Args:
        triples: a mapping to ``sender_type``, ``receiver_type``, ``ligand``, ``receptor`` (t,) and
            ``targets`` (t, m); optional are the numbers ``effect`` and ``radius`` and the words
            ``regime`` and ``range`` (``stbench.data.planted_interactions``).
        types: names of the cell types of the dataset, None if it has none.
        genes: names of its genes.

    Raises:
        InputError: a part is missing or of another length, or names what the dataset does not have.
    """
    where = f"uns['{TRIPLES}']"
    if not isinstance(triples, Mapping):
        raise InputError(f"{where}: not a mapping; give {', '.join((*_ROLES, 'targets'))}")
    missing = [role for role in (*_ROLES, "targets") if role not in triples]
    if missing:
        raise InputError(f"{where}: no {missing[0]!r}; give {', '.join((*_ROLES, 'targets'))}")
    checked: dict[str, Any] = {
        role: np.asarray(triples[role]).astype(str).astype(object) for role in (*_ROLES, "targets")
    }
    n = len(np.atleast_1d(checked["ligand"]))
    if not n:
        raise InputError(f"{where}: no triple; leave it out")
    for role in _ROLES:
        checked[role] = np.atleast_1d(checked[role])
        if checked[role].shape != (n,):
            raise InputError(f"{where}: {role}: {checked[role].size} values for {n} ligands")
    if checked["targets"].ndim != 2 or len(checked["targets"]) != n:
        raise InputError(f"{where}: targets: one row of genes for each of {n} ligands is needed")
    for role in ("ligand", "receptor", "targets"):
        if unknown := sorted(set(checked[role].ravel()) - genes):
            raise InputError(f"{where}: {role}: the dataset has no gene {unknown[0]!r}")
    for role in ("sender_type", "receiver_type"):
        if unknown := sorted(set(checked[role]) - (types or set())):
            said = f"{where}: {role}: no cell has the type {unknown[0]!r} of obs"
            if types is None:
                raise InputError(f"{said}; name its column: celltype")
            raise NotInThisSectionError(f"{said}; correct it")
    numbers = {
        key: _number(triples[key], f"{where}: {key}")
        for key in ("effect", "radius")
        if key in triples
    }
    if not 0 < numbers.get("radius", 1) < np.inf:
        raise InputError(f"{where}: radius: {numbers['radius']:g} is not a distance above 0")
    words = {key: str(triples[key]) for key in ("regime", "range") if key in triples}
    return {**checked, **numbers, **words}


def _number(value: Any, where: str) -> float:
    try:
        return float(np.asarray(value).item())
    except (TypeError, ValueError):
        raise InputError(f"{where}: one number is needed") from None


def add_given(dataset: AnnData, source: AnnData) -> list[str]:
    """Add the true interactions of a file to its dataset.

    Args:
        dataset: of ``validate``; it has a part of the cells of ``source``.
        source: with ``obsp`` and ``uns`` of the file.

    Returns:
        Remarks.

    Raises:
        InputError: see ``given_interactions`` and ``given_triples``.
    """
    if PAIRS not in source.obsp:
        if TRIPLES in source.uns:
            raise InputError(f"uns['{TRIPLES}']: without obsp['{PAIRS}'], which is needed")
        return []
    pairs, remark = given_interactions(source.obsp[PAIRS], source.n_obs)
    kept = source.obs_names.get_indexer(dataset.obs_names)
    dataset.obsp[PAIRS] = pairs[kept][:, kept]
    if TRIPLES in source.uns:
        types = dataset.obs.get("celltype")
        known = None if types is None else set(types.cat.categories)
        dataset.uns[TRIPLES] = given_triples(source.uns[TRIPLES], known, set(dataset.var_names))
    return [remark] if remark else []
