"""Pairs of cell types that are joined more or less often than expected under four nulls.

``shuffled``: cell types are shuffled among cells, the graph is kept; z = (count - mean) / sd over
the shuffles, as in squidpy's ``gr.nhood_enrichment`` (counting an undirected edge once instead of
twice does not change z). ``distance``: edges are redrawn at the same distances. ``degree``: so that
every cell keeps its number of edges, too. The last two are exact
(``stbench.interactions.edge_nulls``); they test for structure beyond spatial proximity, but take
pairs of cells as independent, and where types and edges both cluster they are not. ``shifted``
therefore moves the pattern of types across the tissue (``stbench.interactions.shifts``) and
compares how much more such edges there are than distances explain.

Time: shuffles x (edges + pairs of cells within reach); memory: edges + pairs within reach +
shuffles x type pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from stbench.common.errors import NotApplicableError
from stbench.interactions.edge_nulls import (
    MAX_FITTED,
    Pool,
    of_same_degree,
    open_edges,
    pool_of,
    redrawn,
)
from stbench.interactions.shifts import shifted_cells
from stbench.interactions.sums import Comparison

_EXACT = {"distance": redrawn, "degree": of_same_degree}


class TypePairs(NamedTuple):
    """Edges between cell types.

    Attributes:
        table: one row per unordered pair of types.
        same_type: one row per null, for all edges between cells of one type together.
        open_edges: how many edges the null ``degree`` does not decide, None if it was not computed.
    """

    table: pd.DataFrame
    same_type: pd.DataFrame
    open_edges: float | None


def type_pairs(
    edges: pd.DataFrame,
    types: pd.Categorical,
    coords: np.ndarray,
    shuffles: int,
    seed: int = 0,
    sections: np.ndarray | None = None,
) -> TypePairs:
    """Observed and expected edges of every pair of cell types, and of all same-type pairs.

    Args:
        edges: source and target (positions of cells), each edge once.
        types: (n,) cell types; cells without a type, and their edges, are excluded.
        coords: (n, 2) positions.
        shuffles: draws of the nulls ``shuffled`` and ``shifted``.
        seed: of the draws.
        sections: (n,) codes of joined sections, which are shuffled and shifted apart from each
            other.

    Returns:
        The table by category order: type_a, type_b, cells_a, cells_b, observed, and for each null
        (as suffix) expected, ratio (observed over expected, NaN if none is expected), z (NaN if
        the null does not vary), p (two-sided; of shuffles (1 + draws as far from the mean) / (1 +
        shuffles), else exact) and q (Benjamini and Hochberg over pairs). A null is NaN if too many
        pairs of cells are within reach. Of ``shifted``, expected is what distances expect and the
        mean excess of the draws. ``same_type`` has null, observed, expected, sd, z, p.

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
    observed, same = table["observed"].to_numpy(), a == b
    sides = np.array([observed[same].sum(), observed[~same].sum()])
    rng = np.random.default_rng(seed)
    places = (coords, np.zeros(len(coords), int) if sections is None else sections)
    draws = shuffled_counts(
        *(source, target, codes, places[1], len(names)), shuffles=shuffles, rng=rng
    )
    by_pair: dict[str, Sequence[Comparison] | None] = {"shuffled": _of_draws(observed, draws)}
    by_side = {"shuffled": _of_draws(sides[:1], draws[:, same].sum(axis=1, keepdims=True))}
    pool = pool_of(source, target, coords, codes >= 0)
    for null, test in _EXACT.items():
        by_pair[null] = None
        if pool is not None:
            kind = _kinds(codes[pool.one], codes[pool.other], len(names))
            by_pair[null] = test(pool, kind, observed)
            by_side[null] = test(pool, (~same[kind]).astype(np.int64), sides) or []
    by_pair["shifted"] = None
    if pool is not None and len(pool.one) <= MAX_FITTED:
        own, moved = _excess(pool, codes, len(names), places, shuffles, rng)
        by_pair["shifted"] = _of_excess(observed, own, moved)
        by_side["shifted"] = _of_excess(
            sides[:1], own[same].sum(keepdims=True), moved[:, same].sum(axis=1, keepdims=True)
        )
    for null, tests in by_pair.items():
        for key, values in _columns(observed, tests).items():
            table[f"{key}_{null}"] = values
    rows = [
        {"null": null, "observed": sides[0], **tests[0]._asdict()}
        for null, tests in by_side.items()
        if tests
    ]
    pooled = pd.DataFrame(rows).rename(columns={"mean": "expected"})
    pooled.insert(4, "z", (pooled["observed"] - pooled["expected"]) / pooled["sd"])
    return TypePairs(table, pooled, open_edges(pool))


def count_pairs(one: np.ndarray, other: np.ndarray, n_types: int) -> np.ndarray:
    """Edges of every unordered pair of types, in the order of ``np.triu_indices``.

    Args:
        one, other: (m,) codes of the types at the two ends.
    """
    counts = np.bincount(one * n_types + other, minlength=n_types**2).reshape(n_types, n_types)
    both = counts + counts.T
    np.fill_diagonal(both, counts.diagonal())
    return both[np.triu_indices(n_types)]


def _kinds(one: np.ndarray, other: np.ndarray, n_types: int) -> np.ndarray:
    """The number of the unordered pair of two types, in the order of ``np.triu_indices``."""
    number = np.zeros((n_types, n_types), dtype=np.int64)
    a, b = np.triu_indices(n_types)
    number[a, b] = number[b, a] = np.arange(len(a))
    return number[one, other]


def shuffled_counts(
    source: np.ndarray,
    target: np.ndarray,
    codes: np.ndarray,
    sections: np.ndarray,
    n_types: int,
    *,
    shuffles: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """(shuffles, pairs) edges of every pair of types when types are shuffled among typed cells.

    Those of joined sections stay in their section.
    """
    drawn = codes.copy()
    typed = [np.flatnonzero((codes >= 0) & (sections == one)) for one in np.unique(sections)]
    counts = np.empty((shuffles, n_types * (n_types + 1) // 2), dtype=np.int64)
    for row in counts:
        for own in typed:
            drawn[own] = rng.permutation(codes[own])
        row[:] = count_pairs(drawn[source], drawn[target], n_types)
    return counts


def _excess(
    pool: Pool,
    codes: np.ndarray,
    n_types: int,
    places: tuple[np.ndarray, np.ndarray],
    shifts: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Edges of every pair of types in excess of what distances explain: own types, and shifted.

    The nearest cell of the shifted tissue is often the same for two neighbors, so shifted types are
    smoother. Edges and other pairs at the same distance share this, and their difference does not.

    Returns:
        (pairs,) of the types as they are, and (shifts, pairs) of the draws.
    """
    size = np.bincount(pool.bins, minlength=len(pool.edges))
    weight = pool.is_edge - (pool.edges / np.maximum(size, 1))[pool.bins]
    n_pairs = n_types * (n_types + 1) // 2

    def excess(drawn: np.ndarray) -> np.ndarray:
        kind = _kinds(drawn[pool.one], drawn[pool.other], n_types)
        return np.bincount(kind, weights=weight, minlength=n_pairs)

    # Cells without a type are no place that a type can come from.
    typed = np.flatnonzero(codes >= 0)
    coords, sections = places
    drawn, draws = codes.copy(), []
    for cells in shifted_cells(coords[typed], sections[typed], shifts, rng):
        drawn[typed] = codes[typed[cells]]
        draws.append(excess(drawn))
    return excess(codes), np.array(draws)


def _of_excess(observed: np.ndarray, own: np.ndarray, draws: np.ndarray) -> list[Comparison]:
    """Own excess (k,) against that of draws (n, k), as expected numbers of edges."""
    return [
        found._replace(mean=float(number - excess) + found.mean)
        for found, number, excess in zip(_of_draws(own, draws), observed, own, strict=True)
    ]


def _of_draws(observed: np.ndarray, draws: np.ndarray) -> list[Comparison]:
    """Observed numbers (k,) against draws (n, k) of them."""
    mean, sd = draws.mean(axis=0), draws.std(axis=0)
    far = np.abs(draws - mean) >= np.abs(observed - mean) - 1e-9
    p = (1 + far.sum(axis=0)) / (1 + len(draws))
    return [Comparison(*map(float, row)) for row in zip(mean, sd, p, strict=True)]


def _columns(observed: np.ndarray, tests: Sequence[Comparison] | None) -> dict[str, np.ndarray]:
    nan = np.full(len(observed), np.nan)
    if tests is None:
        return dict.fromkeys(("expected", "ratio", "z", "p", "q"), nan)
    mean, sd, p = np.array(tests).T
    return {
        "expected": mean,
        "ratio": np.divide(observed, mean, out=nan.copy(), where=mean > 0),
        "z": np.divide(observed - mean, sd, out=nan.copy(), where=sd > 0),
        "p": p,
        "q": false_discovery_control(p),
    }
