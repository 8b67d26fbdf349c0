"""Cell graphs from an alpha complex: Delaunay edges whose empty circle is small enough.

(Edelsbrunner, Kirkpatrick and Seidel 1983; used by SCAN-IT and SpaceFlow.) The bound applies to a
radius, so edges can be up to about twice as long.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.spatial import Delaunay, QhullError

from stbench.common.errors import InputError, NotApplicableError
from stbench.graphs.neighbors import knn


def delaunay_alpha(coords: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Delaunay edges with their squared alpha value.

    An edge's value is the squared radius of the smallest circle through both ends with no cell
    inside: the one on the edge as diameter if that is empty, else the smaller of the circles
    around its one or two triangles. Of cells at the same position only one has edges. Cells
    on a line are joined to the next ones; four cells on a circle get one of the two diagonals.

    Args:
        coords: (n, 2) finite.

    Returns:
        edges (m, 2) int64, smaller cell first, sorted, and alpha squared (m,) float64.
    """
    coords = np.asarray(coords, dtype=np.float64)
    if len(coords) < 3:
        return _chain(coords)
    try:
        triangles = Delaunay(coords).simplices.astype(np.int64)
    except QhullError:  # all cells are on one line
        return _chain(coords)
    corners = coords[triangles]
    around = _circumradius_squared(corners)
    pairs, empty, radius = [], [], []
    for a, b, opposite in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        to_a, to_b = (corners[:, end] - corners[:, opposite] for end in (a, b))
        pairs.append(np.sort(triangles[:, [a, b]], axis=1))
        empty.append((to_a * to_b).sum(axis=1) >= 0)  # no obtuse angle: outside the small circle
        radius.append(around)
    edges, which = np.unique(np.concatenate(pairs), axis=0, return_inverse=True)
    which = which.ravel()
    all_empty = np.ones(len(edges), bool)
    np.logical_and.at(all_empty, which, np.concatenate(empty))
    smallest = np.full(len(edges), np.inf)
    np.minimum.at(smallest, which, np.concatenate(radius))
    return edges, np.where(all_empty, _half_length_squared(coords, edges), smallest)


def _half_length_squared(coords: np.ndarray, edges: np.ndarray) -> np.ndarray:
    return np.square(coords[edges[:, 0]] - coords[edges[:, 1]]).sum(axis=1) / 4


def _circumradius_squared(corners: np.ndarray) -> np.ndarray:
    """(t, 3, 2) -> (t,); infinite for a flat triangle."""
    u, v = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    twice_area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    sides = (np.square(side).sum(axis=1) for side in (u, v, u - v))
    product = np.prod(np.stack(list(sides)), axis=0)
    with np.errstate(divide="ignore"):
        return product / (4 * np.square(twice_area))


def _chain(coords: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The triangulation of a line: every position joined to the next one."""
    if len(coords) < 2:
        return np.empty((0, 2), np.int64), np.empty(0)
    centered = coords - coords.mean(axis=0)
    position = centered @ np.linalg.svd(centered, full_matrices=False)[2][0]
    _, first = np.unique(position, return_index=True)
    edges = np.sort(np.column_stack([first[:-1], first[1:]]), axis=1)
    edges = edges[np.lexsort((edges[:, 1], edges[:, 0]))]
    return edges, _half_length_squared(coords, edges)


def mean_neighbor_distance(coords: np.ndarray, k: int) -> float:
    """Mean distance to the k nearest other cells; cells at the same position do not count.

    Raises:
        InputError: ``k`` is below 1.
        NotApplicableError: all distances are zero.
    """
    if k < 1:
        raise InputError(f"n_neighbors is {k}: it must be at least 1")
    distances = knn(coords, k)[0]
    if not distances.any():
        raise NotApplicableError(
            "all nearest cells are at the same position; check the coordinates"
        )
    return float(distances.sum() / np.count_nonzero(distances))


def alpha_graph(coords: np.ndarray, n_neighbors: int, n_layer: int) -> np.ndarray:
    """SCAN-IT's cell graph: alpha complex up to the mean distance to the nearest neighbors.

    Args:
        coords: (n, 2).
        n_neighbors: number of nearest cells over which the mean distance is computed.
        n_layer: 1: the edges; 2: also pairs two edges apart; 3: only pairs joined by a walk of
            exactly three edges (as in the original, not a closure).

    Returns:
        (m, 2) int64 undirected pairs, smaller cell first, sorted.

    Raises:
        InputError: another ``n_layer``.
        NotApplicableError: nearest cells that are all at the same position.
    """
    if n_layer not in (1, 2, 3):
        raise InputError(f"n_layer is {n_layer}: it must be 1, 2 or 3")
    edges, alpha_squared = delaunay_alpha(coords)
    edges = edges[alpha_squared <= mean_neighbor_distance(coords, n_neighbors) ** 2]
    if n_layer == 1:
        return edges
    n = len(coords)
    half = sp.csr_matrix((np.ones(len(edges)), edges.T), shape=(n, n))
    graph = half + half.T
    walks = graph + graph @ graph if n_layer == 2 else graph @ graph @ graph
    pairs = np.column_stack(sp.triu(walks, k=1).nonzero()).astype(np.int64)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
