"""Pairs of cell types that are joined more or less often than expected under two nulls.

``shuffled``: cell types are shuffled among cells, the graph is kept; z = (count - mean) / sd over
the shuffles, as in squidpy's ``gr.nhood_enrichment`` (counting an undirected edge once instead of
twice does not change z). ``distance``: edges are redrawn without replacement within bins of
distance, among all pairs of cells not farther apart than the longest edge. It tests for structure
beyond spatial proximity. The counts of such draws have a multivariate hypergeometric distribution.

Time: shuffles x (edges + type pairs x bins) + pairs of cells within reach; memory: edges + pairs
within reach + shuffles x type pairs.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree
from scipy.stats import false_discovery_control

from stbench.common.errors import NotApplicableError
from stbench.interactions.edges import pair_distances

DISTANCE_BINS = 20
_MAX_POOL = 30_000_000  # pairs within reach, about 2 GB


def type_pairs(
    edges: pd.DataFrame, types: pd.Categorical, coords: np.ndarray, shuffles: int, seed: int = 0
) -> pd.DataFrame:
    """Observed and expected edges of every pair of cell types.

    Args:
        edges: source and target (positions of cells), each edge once.
        types: (n,) cell types; cells without a type, and their edges, are excluded.
        coords: (n, 2) positions.
        shuffles: draws of each null.
        seed: of the draws.

    Returns:
        One row per unordered pair, by category order: type_a, type_b, cells_a, cells_b, observed,
        and for both nulls (suffixes ``_shuffled`` and ``_distance``) expected, ratio (observed over
        expected, NaN if none is expected), z (NaN if the null does not vary), p (two-sided,
        (1 + draws as far from the mean) / (1 + shuffles)) and q (Benjamini and Hochberg over
        pairs). The distance null is NaN if too many pairs of cells are within reach.

    Raises:
        NotApplicableError: fewer than two types, or no edge between cells that have one.
    """
    types = types.remove_unused_categories()
    names, codes = types.categories, np.asarray(types.codes, dtype=np.int64)
    if len(names) < 2:
        what = f"all cells are {names[0]}" if len(names) else "no cell has a type"
        raise NotApplicableError(f"{what}; at least 2 cell types are needed")
    source, target = (edges[end].to_numpy(dtype=np.int64) for end in ("source", "target"))
    typed_edges = (codes[source] >= 0) & (codes[target] >= 0)
    source, target = source[typed_edges], target[typed_edges]
    if not len(source):
        raise NotApplicableError("no edge joins two cells that have a type")
    a, b = np.triu_indices(len(names))
    cells = np.bincount(codes[codes >= 0], minlength=len(names))
    table = pd.DataFrame(
        {
            "type_a": names[a],
            "type_b": names[b],
            "cells_a": cells[a],
            "cells_b": cells[b],
            "observed": count_pairs(codes[source], codes[target], len(names)),
        }
    )
    rng, typed = np.random.default_rng(seed), (source, target, codes, len(names))
    nulls = {
        "shuffled": shuffled_counts(*typed, shuffles=shuffles, rng=rng),
        "distance": redrawn_counts(*typed, coords, shuffles=shuffles, rng=rng),
    }
    for name, draws in nulls.items():
        for key, values in _against(table["observed"].to_numpy(), draws).items():
            table[f"{key}_{name}"] = values
    return table


def count_pairs(one: np.ndarray, other: np.ndarray, n_types: int) -> np.ndarray:
    """Edges of every unordered pair of types, in the order of ``np.triu_indices``.

    Args:
        one, other: (m,) codes of the types at the two ends.
    """
    counts = np.bincount(one * n_types + other, minlength=n_types**2).reshape(n_types, n_types)
    both = counts + counts.T
    np.fill_diagonal(both, counts.diagonal())
    return both[np.triu_indices(n_types)]


def shuffled_counts(
    source: np.ndarray,
    target: np.ndarray,
    codes: np.ndarray,
    n_types: int,
    *,
    shuffles: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """(shuffles, pairs) edges of every pair of types when types are shuffled among typed cells."""
    drawn = codes.copy()
    typed = np.flatnonzero(codes >= 0)
    counts = np.empty((shuffles, n_types * (n_types + 1) // 2), dtype=np.int64)
    for row in counts:
        drawn[typed] = rng.permutation(codes[typed])
        row[:] = count_pairs(drawn[source], drawn[target], n_types)
    return counts


def redrawn_counts(
    source: np.ndarray,
    target: np.ndarray,
    codes: np.ndarray,
    n_types: int,
    coords: np.ndarray,
    *,
    shuffles: int,
    rng: np.random.Generator,
) -> np.ndarray | None:
    """The counts if edges are redrawn within bins of distance; None: too many pairs in reach."""
    distance = pair_distances(coords, source, target)
    longest = distance.max()
    pool = _pairs_within(coords, longest)
    if pool is None:
        return None
    one, other = pool[(codes[pool] >= 0).all(axis=1)].T
    reach = pair_distances(coords, one, other)
    one, other, reach = one[reach <= longest], other[reach <= longest], reach[reach <= longest]
    cuts = np.unique(np.quantile(distance, np.linspace(0, 1, DISTANCE_BINS + 1)[1:-1]))
    edge_bins = np.bincount(np.searchsorted(cuts, distance), minlength=len(cuts) + 1)
    pool_bins = np.searchsorted(cuts, reach)
    draws = np.zeros((shuffles, n_types * (n_types + 1) // 2), dtype=np.int64)
    for number, edges in enumerate(edge_bins):
        inside = pool_bins == number
        counts = count_pairs(codes[one[inside]], codes[other[inside]], n_types)
        present = np.flatnonzero(counts)
        if edges:
            draws[:, present] += rng.multivariate_hypergeometric(counts[present], edges, shuffles)
    return draws


def _pairs_within(coords: np.ndarray, reach: float) -> np.ndarray | None:
    tree = cKDTree(coords)
    radius = float(reach) * (1 + 1e-6)
    if tree.count_neighbors(tree, radius) > 2 * _MAX_POOL:
        return None
    return tree.query_pairs(radius, output_type="ndarray")


def _against(observed: np.ndarray, draws: np.ndarray | None) -> dict[str, np.ndarray]:
    if draws is None:
        nothing = np.full(len(observed), np.nan)
        return dict.fromkeys(("expected", "ratio", "z", "p", "q"), nothing)
    mean, sd = draws.mean(axis=0), draws.std(axis=0)
    far = np.abs(draws - mean) >= np.abs(observed - mean) - 1e-9
    p = (1 + far.sum(axis=0)) / (1 + len(draws))
    nan = np.full(len(observed), np.nan)
    return {
        "expected": mean,
        "ratio": np.divide(observed, mean, out=nan.copy(), where=mean > 0),
        "z": np.divide(observed - mean, sd, out=nan.copy(), where=sd > 0),
        "p": p,
        "q": false_discovery_control(p),
    }
