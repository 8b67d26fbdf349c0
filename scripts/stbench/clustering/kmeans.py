"""k-means from many starts of one embedding: labels of scikit-learn's ``KMeans`` in less time.

``KMeans`` converts the points to double precision once for each center of each start, and checks
and centers them for each seed. For embeddings of a thousand cells this takes longer than the
iterations. Here it is done once, and all starts choose their next center in one matrix product.
The iterations are those of scikit-learn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from inspect import unwrap
from typing import NamedTuple

import numpy as np

_TOLERANCE, _MAX_ITERATIONS = 1e-4, 300  # the defaults of scikit-learn
_CELLS_AT_ONCE = 4096  # in a matrix product
_DISTANCES_AT_ONCE = 2**24


class _Draws(NamedTuple):
    """The random choices of one start: its first cell, and uniform numbers (clusters - 1, trials)
    that choose candidates for each further center."""

    first: int
    uniform: np.ndarray


class KMeansPoints:
    """The points of an embedding (n_cells, d) in the forms that every start needs.

    The caller limits numerical libraries to one thread; no method here does.
    """

    def __init__(self, embedding: np.ndarray) -> None:
        # float32 stays float32, as in scikit-learn; anything else is double precision.
        dtype = np.float32 if embedding.dtype == np.float32 else np.float64
        points: np.ndarray = np.array(embedding, dtype=dtype, order="C")
        self.tolerance = np.mean(np.var(points, axis=0)) * _TOLERANCE
        points -= points.mean(axis=0)
        self.points = points
        self.weights = np.ones(len(points), dtype)
        double = points.astype(np.float64, copy=False)
        self.norms = np.einsum("ij,ij->i", double, double)
        self.double, self.minus_twice = double, -2 * double.T

    def labels(self, n_clusters: int, seeds: Sequence[int]) -> list[np.ndarray]:
        """Labels (n_cells,) int32 of one k-means++ start with each seed."""
        draws = [self._draw(n_clusters, np.random.RandomState(seed)) for seed in seeds]
        return [labels for labels, _ in self._run(draws)]

    def best_labels(self, n_clusters: int, seed: int, starts: int) -> np.ndarray:
        """Labels (n_cells,) int32 of the best of some k-means++ starts with one random stream."""
        from sklearn.cluster._k_means_common import _is_same_clustering

        random = np.random.RandomState(seed)
        runs = self._run([self._draw(n_clusters, random) for _ in range(starts)])
        best, least = next(runs)
        for labels, inertia in runs:
            if inertia < least and not _is_same_clustering(labels, best, n_clusters):
                best, least = labels, inertia
        return best

    def _draw(self, n_clusters: int, random: np.random.RandomState) -> _Draws:
        chances = self.weights / self.weights.sum()
        first = random.choice(len(chances), p=chances)
        return _Draws(first, random.uniform(size=(n_clusters - 1, 2 + int(np.log(n_clusters)))))

    def _run(self, draws: Sequence[_Draws]) -> Iterator[tuple[np.ndarray, float]]:
        """Labels of each start, and the sum of squared distances to their centers."""
        from sklearn.cluster._kmeans import _kmeans_single_lloyd

        # Without its decorator, which looks for thread pools in each call.
        iterate = unwrap(_kmeans_single_lloyd)
        at_once = max(1, _DISTANCES_AT_ONCE // (len(self.points) * draws[0].uniform.shape[1]))
        for start in range(0, len(draws), at_once):
            for cells in self._first_centers(draws[start : start + at_once]):
                labels, inertia, _, _ = iterate(
                    self.points,
                    self.weights,
                    self.points[cells],
                    _MAX_ITERATIONS,
                    tol=self.tolerance,
                )
                yield labels, inertia

    def _first_centers(self, draws: Sequence[_Draws]) -> np.ndarray:
        """Cells (starts, clusters) of greedy k-means++ (Arthur and Vassilvitskii 2007)."""
        uniform = np.stack([start.uniform for start in draws])
        n_starts, more, trials = uniform.shape
        every, column = np.arange(n_starts), self.weights[:, None]
        chosen = np.empty((n_starts, 1 + more), np.intp)
        chosen[:, 0] = [start.first for start in draws]
        nearest = self._distances(chosen[:, 0])
        total = nearest[:, None] @ self.weights
        for i in range(more):
            heights = zip(np.cumsum(nearest, axis=1), uniform[:, i] * total, strict=True)
            candidates = np.stack([np.searchsorted(*one) for one in heights])
            np.minimum(candidates, nearest.shape[1] - 1, out=candidates)
            distances = self._distances(candidates.ravel()).reshape(n_starts, trials, -1)
            np.minimum(distances, nearest[:, None], out=distances)
            totals = distances @ column
            best = totals[..., 0].argmin(axis=1)
            total, nearest = totals[every, best], distances[every, best]
            chosen[:, i + 1] = candidates[every, best]
        return chosen

    def _distances(self, cells: np.ndarray) -> np.ndarray:
        """Squared distances (len(cells), n_cells), computed in double precision."""
        distances = np.empty((len(cells), len(self.points)), self.points.dtype)
        rows, norms = self.double[cells], self.norms[cells][:, None]
        for start in range(0, len(self.points), _CELLS_AT_ONCE):
            there = slice(start, start + _CELLS_AT_ONCE)
            squared = rows @ self.minus_twice[:, there]
            squared += norms
            squared += self.norms[there]
            distances[:, there] = np.maximum(squared, 0, out=squared)
        return distances
