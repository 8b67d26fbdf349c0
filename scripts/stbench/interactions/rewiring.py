"""Edges that exchange their second cells within pairs of cell types.

Every cell keeps its number of edges and the types of its partners; the partners within these types
are random.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_VALUES_AT_ONCE = 8_000_000
_TRIES = 20  # to avoid an edge from a cell to itself


def oriented(
    source: np.ndarray, target: np.ndarray, codes: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges with the smaller type first (random within a type), sorted by type pair.

    Returns:
        source, target (m,) and, for every type pair, the position of its first edge and the end.
    """
    coin = rng.random(len(source)) < 0.5
    one, other = codes[source], codes[target]
    turn = (one > other) | ((one == other) & coin)
    source, target = np.where(turn, target, source), np.where(turn, source, target)
    order = np.lexsort((codes[target], codes[source]))
    source, target = source[order], target[order]
    change = np.diff(codes[source]) | np.diff(codes[target])
    starts = np.concatenate([[0], np.flatnonzero(change) + 1, [len(source)]])
    return source, target, starts


def rewired(
    source: np.ndarray,
    target: np.ndarray,
    groups: np.ndarray,
    shuffles: int,
    rng: np.random.Generator,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Shuffled edges, a block of shuffles at a time.

    Yields:
        (m, b) int32 each: the new target of every source, the new source of every target.
    """
    m = len(source)
    block = max(1, min(shuffles, _VALUES_AT_ONCE // m))
    group = np.repeat(np.arange(len(groups) - 1), np.diff(groups))
    for first in range(0, shuffles, block):
        size = min(block, shuffles - first)
        new_target, new_source = (np.empty((m, size), dtype=np.int32) for _ in range(2))
        for column in range(size):
            drawn = np.argsort(group + rng.random(m))  # sorted by group, random within
            _avoid_self_edges(drawn, source, target, groups, group, rng=rng)
            new_target[:, column] = target[drawn]
            new_source[drawn, column] = source
        yield new_target, new_source


def _avoid_self_edges(
    drawn: np.ndarray,
    source: np.ndarray,
    target: np.ndarray,
    groups: np.ndarray,
    group: np.ndarray,
    *,
    rng: np.random.Generator,
) -> None:
    """Exchange partners in place to avoid edges from a cell to itself, as far as possible."""
    for _ in range(_TRIES):
        own = np.flatnonzero(source == target[drawn])
        if not len(own):
            return
        start, end = groups[group[own]], groups[group[own] + 1]
        others = start + (rng.random(len(own)) * (end - start)).astype(np.int64)
        for edge, other in zip(own.tolist(), others.tolist(), strict=True):
            if source[other] != target[drawn[edge]] and source[edge] != target[drawn[other]]:
                drawn[edge], drawn[other] = drawn[other], drawn[edge]
