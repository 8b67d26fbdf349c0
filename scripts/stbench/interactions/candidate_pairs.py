"""Pairs of cells that could interact, and their scores in a cell graph.

Every scorer is evaluated on the same pairs: all within reach. Pairs that are missing in a graph get
its lowest score. The pairs are found by a k-d tree; memory is linear in their number.
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

    The median is the lower one, and cells at the same place are no pair, as in STAGUE. With its k
    as the reach, these are exactly the pairs that it scores.

    Raises:
        InputError: fewer than two cells, or most cells are at the same place.
    """
    result = candidate_pairs(coords, reach)
    return Candidates(result.pairs, result.distances, len(coords))


def graph_scores(graph: sp.spmatrix, candidates: Candidates) -> np.ndarray:
    """The score of each candidate in a symmetric cell graph, (m,) float64.

    A pair that is not in the graph gets 0, or less if the graph has scores of 0 or less, so that it
    is below all others.

    Raises:
        InputError: the graph is of other cells, not symmetric, or has scores that are not finite.
    """
    edges, values = undirected(graph, candidates.n_cells)
    numbers = np.array([candidates.n_cells, 1])
    in_graph, wanted = (
        edges.astype(np.int64) @ numbers,
        candidates.pairs @ numbers,
    )  # in_graph is sorted
    lowest = values.min(initial=1.0)
    scores = np.full(len(wanted), 0.0 if lowest > 0 else lowest - 1.0)
    if len(in_graph):
        place = np.minimum(np.searchsorted(in_graph, wanted), len(in_graph) - 1)
        matches = in_graph[place] == wanted
        scores[matches] = values[place[matches]]
    return scores
