"""Nulls of a cell graph that keep its geometry: which edges could have been instead.

The pool is all pairs of cells no farther apart than the longest edge, in bins of distance.

``distance``: in each bin, as many edges as observed are drawn from the pool without replacement.
Numbers of edges are sums of hypergeometric counts.

``degree``: each pair is an edge with its own probability, independently. The probabilities are
those of the maximum-entropy graph that keeps, in expectation, the number of edges of every cell and
of every bin: the logistic model with one term for each cell and each bin (Park and Newman, Phys.
Rev. E 2004). Numbers of edges are Poisson binomial. As degrees vary around the observed ones, this
null is a little wide, so its p is conservative. Where most near pairs are edges, distances and
degrees decide nearly all edges, and nothing is left to test (``open_edges``).

Both give exact p without draws.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from stbench.interactions.edges import pair_distances
from stbench.interactions.sums import Comparison, binomial, compared, hypergeometric, sum_of

DISTANCE_BINS = 20
_EDGES_IN_BIN = 10  # of a drawn graph: also the few longest edges keep about their length
MAX_POOL = 30_000_000  # pairs within reach, about 2 GB
MAX_FITTED = 3_000_000  # pairs whose probabilities are fitted
_LEVELS = np.arange(-20, 20.5, 0.5)  # of log odds: pairs between two of them are one binomial
_PENALTY = 1e-6  # keeps terms of cells with no or all pairs finite


@dataclass(frozen=True)
class Pool:
    """The pairs that could be edges.

    Attributes:
        one, other: (m,) the two cells.
        bins: (m,) bin of distance.
        edges: (bins,) number of edges in each bin.
        is_edge: (m,) bool.
        n_cells: number of cells.
    """

    one: np.ndarray
    other: np.ndarray
    bins: np.ndarray
    edges: np.ndarray
    is_edge: np.ndarray
    n_cells: int

    @cached_property
    def probability(self) -> np.ndarray | None:
        """(m,) probability of every pair under the null ``degree``; None: too many pairs."""
        return fitted_probability(self) if len(self.one) <= MAX_FITTED else None


def open_edges(pool: Pool | None) -> float | None:
    """How many edges the null ``degree`` does not decide: the variance of their number, if cells
    and bins were independent; None if the pool is too large."""
    p = None if pool is None else pool.probability
    return None if p is None else float((p * (1 - p)).sum())


def pool_of(
    source: np.ndarray,
    target: np.ndarray,
    coords: np.ndarray,
    usable: np.ndarray,
    n_bins: int = DISTANCE_BINS,
) -> Pool | None:
    """The pool of a graph; None if too many pairs are within reach.

    Args:
        source, target: (e,) ends of the edges, usable cells only.
        coords: (n, 2) positions.
        usable: (n,) bool, the cells that can have edges.
        n_bins: number of bins of distance, with equal numbers of edges.
    """
    distance = pair_distances(coords, source, target)
    longest = distance.max()
    pairs = _pairs_within(coords, longest)
    if pairs is None:
        return None
    one, other = pairs[usable[pairs].all(axis=1)].T.astype(np.int64)
    reach = pair_distances(coords, one, other)
    one, other, reach = one[reach <= longest], other[reach <= longest], reach[reach <= longest]
    cuts = np.unique(np.quantile(distance, np.linspace(0, 1, n_bins + 1)[1:-1]))
    edges = np.bincount(np.searchsorted(cuts, distance), minlength=len(cuts) + 1)
    n = len(coords)
    ends = np.minimum(source, target) * n + np.maximum(source, target)
    is_edge = np.isin(one * n + other, ends)
    return Pool(one, other, np.searchsorted(cuts, reach), edges, is_edge, n)


def _pairs_within(coords: np.ndarray, longest: float) -> np.ndarray | None:
    """Pairs of cells (m, 2) up to a little more than a distance; None if there are too many."""
    tree = cKDTree(coords)
    radius = float(longest) * (1 + 1e-6)
    if tree.count_neighbors(tree, radius) > 2 * MAX_POOL:
        return None
    return tree.query_pairs(radius, output_type="ndarray")


def distances_within(coords: np.ndarray, longest: float) -> np.ndarray | None:
    """Distances (m,) of all pairs of cells up to the longest; None if there are too many."""
    pairs = _pairs_within(coords, longest)
    if pairs is None:
        return None
    distances = pair_distances(coords, *pairs.T)
    return distances[distances <= longest]


def drawn_graph(
    source: np.ndarray, target: np.ndarray, coords: np.ndarray, seed: int
) -> np.ndarray | None:
    """One graph of the null ``distance``, (e, 2); another one for every graph.

    Args:
        source, target: (e,) ends of the edges.
        coords: (n, 2) positions.
        seed: of the draw.

    Returns:
        Its edges, or None if too many pairs are within reach.
    """
    n_bins = max(DISTANCE_BINS, len(source) // _EDGES_IN_BIN)
    pool = pool_of(source, target, coords, np.ones(len(coords), bool), n_bins)
    if pool is None:
        return None
    ends = np.column_stack([source, target]).astype(np.int64)
    rng = np.random.default_rng((seed, zlib.crc32(ends.tobytes())))
    order = np.lexsort((rng.random(len(pool.bins)), pool.bins))
    bins = pool.bins[order]
    first = np.searchsorted(bins, np.arange(len(pool.edges)))
    chosen = order[np.arange(len(order)) - first[bins] < pool.edges[bins]]
    return np.column_stack([pool.one[chosen], pool.other[chosen]])


def shared_by_distance(one: np.ndarray, other: np.ndarray, coords: np.ndarray) -> float:
    """How many edges two graphs share on average if only their distances decide.

    In each bin of distance both draw their number of edges from all pairs of cells.

    Args:
        one, other: (e, 2) cells of the edges.
        coords: (n, 2) positions.

    Returns:
        NaN if too many pairs of cells are within the longest edge.
    """
    if not len(one) or not len(other):
        return 0.0
    lengths = [pair_distances(coords, *edges.T) for edges in (one, other)]
    reach = distances_within(coords, max(length.max() for length in lengths))
    if reach is None:
        return np.nan
    shares = np.linspace(0, 1, DISTANCE_BINS + 1)[1:-1]
    cuts = np.unique(np.concatenate([np.quantile(length, shares) for length in lengths]))
    a, b, pairs = (
        np.bincount(np.searchsorted(cuts, values), minlength=len(cuts) + 1)
        for values in (*lengths, reach)
    )
    return float((a * b / np.maximum(pairs, 1)).sum())


def redrawn(pool: Pool, group: np.ndarray, observed: np.ndarray) -> list[Comparison]:
    """The null ``distance`` for the number of edges in each group of pairs.

    Args:
        pool: the pairs.
        group: (m,) the group of each pair of the pool.
        observed: (groups,) edges in each group.
    """
    n_bins, n_groups = len(pool.edges), len(observed)
    size = np.bincount(pool.bins, minlength=n_bins)
    sizes = np.bincount(pool.bins * n_groups + group, minlength=n_bins * n_groups)
    by_group = sizes.reshape(n_bins, n_groups).T
    return [
        compared(
            int(seen),
            sum_of(
                hypergeometric(int(marked), int(n), int(drawn))
                for marked, n, drawn in zip(row, size, pool.edges, strict=True)
                if marked and drawn
            ),
        )
        for row, seen in zip(by_group, observed, strict=True)
    ]


def of_same_degree(pool: Pool, group: np.ndarray, observed: np.ndarray) -> list[Comparison] | None:
    """The null ``degree`` likewise; None if the pool is too large."""
    from scipy.special import expit

    p = pool.probability
    if p is None:
        return None
    # Pairs of like probability are one binomial with their mean, which keeps every mean.
    level, n_levels = np.searchsorted(expit(_LEVELS), p), len(_LEVELS) + 1
    key, n_groups = group * n_levels + level, len(observed)
    count = np.bincount(key, minlength=n_groups * n_levels).reshape(n_groups, n_levels)
    total = np.bincount(key, p, minlength=n_groups * n_levels).reshape(n_groups, n_levels)
    return [
        compared(
            int(seen),
            sum_of(
                binomial(int(n), min(float(mass / n), 1.0))
                for n, mass in zip(counts, masses, strict=True)
                if n
            ),
        )
        for counts, masses, seen in zip(count, total, observed, strict=True)
    ]


def fitted_probability(pool: Pool) -> np.ndarray:
    """Probabilities whose sums are the degree of every cell and the edges of every bin."""
    from scipy.optimize import minimize
    from scipy.special import expit

    n, n_bins = pool.n_cells, len(pool.edges)
    edges = pool.is_edge.astype(np.float64)

    def sums(values: np.ndarray) -> np.ndarray:
        """Of the pairs of every cell, and of every bin."""
        ends = np.bincount(pool.one, values, n) + np.bincount(pool.other, values, n)
        return np.concatenate([ends, np.bincount(pool.bins, values, n_bins)])

    wanted = sums(edges)

    def loss(terms: np.ndarray) -> tuple[float, np.ndarray]:
        logits = terms[pool.one] + terms[pool.other] + terms[n + pool.bins]
        value = np.logaddexp(0, logits).sum() - wanted @ terms
        gradient = sums(expit(logits)) - wanted + 2 * _PENALTY * terms
        return value + _PENALTY * float(terms @ terms), gradient

    size = np.bincount(pool.bins, minlength=n_bins)
    share = np.clip(wanted[n:] / np.maximum(size, 1), 1e-6, 1 - 1e-6)
    start = np.concatenate([np.zeros(n), np.log(share / (1 - share))])
    result = minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "maxfun": 4000}
    )
    terms = result.x
    return expit(terms[pool.one] + terms[pool.other] + terms[n + pool.bins])
