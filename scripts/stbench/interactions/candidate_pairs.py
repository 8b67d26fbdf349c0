"""Pairs of cells that could interact, and what a cell graph says of them.

Every scorer is judged on the same pairs: all within reach. Pairs that a graph leaves out count as
its lowest score. Memory is linear in the pairs, which a k-d tree finds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from stbench.graphs.neighbors import candidate_pairs
from stbench.interactions.edges import undirected


@dataclass(frozen=True)
class Candidates:
    """Pairs of cells within reach of each other.

    Attributes:
        pairs: (m, 2) int64, each pair once with the smaller cell first, sorted.
        distances: (m,) float32, in the unit of the coordinates.
        n_cells: number of cells.
    """

    pairs: np.ndarray
    distances: np.ndarray
    n_cells: int

    def __len__(self) -> int:
        return len(self.pairs)


def within_reach(coords: np.ndarray, reach: int) -> Candidates:
    """Pairs no farther apart than the median distance to the ``reach``-th nearest cell.

    The median is the lower one and cells at the same place are no pair, as in STAGUE: with its k
    as the reach these are the very pairs that it scores.

    Raises:
        InputError: fewer than two cells, or most cells lie at the same place.
    """
    found = candidate_pairs(coords, reach)
    return Candidates(found.pairs, found.distances, len(coords))


def graph_scores(graph: sp.spmatrix, candidates: Candidates) -> np.ndarray:
    """What a symmetric cell graph gives to each candidate, (m,) float64.

    A pair that is not in the graph gets 0, or less where the graph has scores of 0 or less: it is
    below all others.

    Raises:
        InputError: the graph is of other cells, not symmetric, or has scores that are not finite.
    """
    edges, values = undirected(graph, candidates.n_cells)
    numbers = np.array([candidates.n_cells, 1])
    known, wanted = edges.astype(np.int64) @ numbers, candidates.pairs @ numbers  # known: sorted
    lowest = values.min(initial=1.0)
    scores = np.full(len(wanted), 0.0 if lowest > 0 else lowest - 1.0)
    if len(known):
        place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        there = known[place] == wanted
        scores[there] = values[place[there]]
    return scores
