"""The genes behind the edges of a method: sets of edges, and one attribution per training seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stbench.common.array_files import read_arrays
from stbench.common.errors import InputError, NotApplicableError
from stbench.fitting.edge_scorer import edge_scorer
from stbench.interactions.attribution import EdgeSet, attribute_genes, ranked_genes

ALL = "all"
TYPE_PAIRS = 4

Trained = tuple[Mapping[str, Any], Mapping[str, np.ndarray] | None]
"""Parameters and weights of a fit."""


def read_weights(folder: Path) -> dict[str, np.ndarray] | None:
    """The arrays of a fit's ``weights.npz``; None if the file is missing.

    Raises:
        InputError: the file is broken.
    """
    path = folder / "weights.npz"
    if not path.exists():
        return None
    try:
        return read_arrays(path)
    except InputError as error:
        raise InputError(f"{error}; train again") from error


def edge_sets(
    edges: pd.DataFrame, above: np.ndarray, type_pairs: int = TYPE_PAIRS
) -> dict[str, EdgeSet]:
    """Sets of edges to explain: ``all`` above the threshold, then the most frequent type pairs.

    The edges of a set are compared with the candidates of the same cells below the threshold. So
    the choice of partners is explained, not the choice of cells.

    Args:
        edges: all candidates: source, target and, if types are known, type_source and
            type_target (categories of the same types).
        above: (m,) bool, the edges above the threshold.
        type_pairs: largest number of type pairs, those with most edges; ties by category. Pairs of
            types whose cells have no candidate below the threshold are skipped.

    Returns:
        By name; a type pair is named ``first - second`` in the order of categories.

    Raises:
        NotApplicableError: no edge above the threshold, or no candidate below it at these cells.
    """
    if not above.any():
        raise NotApplicableError("no edges above the threshold")
    every = _against_rest(edges, above, above)
    if every is None:
        raise NotApplicableError("no candidate below the threshold to compare with")
    sets = {ALL: every}
    if "type_source" not in edges:
        return sets
    names = edges["type_source"].cat.categories
    codes = np.column_stack([edges[f"type_{end}"].cat.codes for end in ("source", "target")])
    codes = np.sort(codes, axis=1)
    typed = above & (codes >= 0).all(axis=1)
    counted = Counter(map(tuple, codes[typed].tolist()))
    for one, other in sorted(counted, key=lambda pair: (-counted[pair], pair)):
        if len(sets) > type_pairs:
            break
        edge_set = _against_rest(edges, typed & (codes == [one, other]).all(axis=1), above)
        if edge_set is not None:
            sets[f"{names[one]} - {names[other]}"] = edge_set
    return sets


def _against_rest(edges: pd.DataFrame, members: np.ndarray, above: np.ndarray) -> EdgeSet | None:
    ends = edges[["source", "target"]].to_numpy()
    others = ~above & np.isin(ends, ends[members]).any(axis=1)
    return EdgeSet(members, others) if others.any() else None


def genes_behind_edges(
    method: Any,
    adata: Any,
    fits: Mapping[int, Trained],
    edges: pd.DataFrame,
    above: np.ndarray,
    *,
    type_pairs: int = TYPE_PAIRS,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Genes by their contribution to the difference between edges and other candidates.

    Args:
        method: module of ``scripts/methods``.
        adata: the preprocessed dataset of the fits.
        fits: parameters and weights by training seed.
        edges, above: see ``edge_sets``.
        type_pairs: number of type pairs that are explained in addition to all edges.

    Returns:
        Genes, of ``ranked_genes``, and the checks of every seed (see ``Attribution``).

    Raises:
        NotApplicableError: see ``edge_sets``, or the method or fit cannot be explained.
        InputError: weights that do not fit the data.
        FloatingPointError: scores that are not finite.
    """
    sets = edge_sets(edges, above, type_pairs)
    pairs = edges[["source", "target"]].to_numpy()
    attributions = [
        attribute_genes(edge_scorer(method, adata, params, weights, pairs), sets)
        for params, weights in fits.values()
    ]
    checks = [one.checks.assign(seed=seed) for seed, one in zip(fits, attributions, strict=True)]
    return ranked_genes(attributions), pd.concat(checks, ignore_index=True)


def remark(checks: pd.DataFrame) -> str:
    """The accuracy of the attribution of all edges, in one line."""
    every = checks[checks["edge_set"] == ALL]
    difference = (every["contrast"] - every["contrast_baseline"]).abs()
    error = (every["completeness_error"].abs() / difference).max()
    return (
        f"completeness error {error:.2%}, rank correlation with occlusion "
        f"{every['spearman'].mean():.2f} over {every['occluded'].max()} genes"
    )
