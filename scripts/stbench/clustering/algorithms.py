"""From an embedding to domain labels: k-means, Gaussian mixtures, graph communities; refinement.

Labels depend only on the embedding, the number of domains and the seed. Numerical libraries use one
thread, because the order in which threads sum changes the last bits.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np

from stbench.clustering.kmeans import KMeansPoints
from stbench.common.constants import Clusterer
from stbench.common.errors import NotApplicableError, one_line
from stbench.graphs.neighbors import knn

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

_CELLS_PER_COLUMN, _MIXTURE_COLUMNS = 5, 256
_COMMUNITY_COLUMNS = 50
_RELATIVE_REGULARIZATION = 1e-6


@dataclass(frozen=True)
class ClusterResult:
    """Labels of one clustering.

    Attributes:
        labels: (n_cells,) int16 from 0 without gaps; None if there are none.
        status: ``ok``, ``not_applicable``, or ``not_reached`` (louvain and leiden: labels of the
            number of domains closest to the wanted one).
        reason: why there are no labels, or a note on the labels; empty if there is nothing to note.
    """

    labels: np.ndarray | None
    status: str = "ok"
    reason: str = ""


def cluster_labels(
    embedding: np.ndarray, n_domains: int, clusterer: Clusterer, seed: int = 0
) -> ClusterResult:
    """Cluster an embedding into a given number of domains.

    * ``kmeans``: one k-means++ start, as in the benchmark of STAGUE (Nie et al. 2024).
    * ``kmeans20``: the best of 20 starts.
    * ``gmm``: Gaussian mixture with one shared full covariance (mclust's EEE), the best of 10
      starts. A millionth of the mean variance is added to the diagonal, so a singular covariance
      does not fail; an embedding with more than 256 columns, or with fewer than 5 cells per
      column, is first projected on its principal components.
    * ``mclust``: the EEE model of R's mclust (R seed 2020), after the same projection.
    * ``louvain``, ``leiden``: communities of the 15-nearest-neighbor graph (on 50 principal
      components where the embedding is wider), resolution bisected to the wanted number. The graph
      is unweighted: STAGUE's own search, on scanpy's weighted graph, agrees with this one by an ARI
      of .98 at 3 domains to .71 at 10; ``scripts/stague.py`` has that one.

    Args:
        embedding: (n_cells, d).
        n_domains: wanted number of domains, from 1.
        clusterer: one of ``ALGORITHMS``.
        seed: seed of the clusterer.

    Raises:
        ValueError: the clusterer is unknown.
    """
    if clusterer not in ALGORITHMS:
        raise ValueError(f"unknown clusterer {clusterer!r}; known: {', '.join(ALGORITHMS)}")
    embedding = np.asarray(embedding)
    if reason := _unsuitable(embedding, n_domains):
        return ClusterResult(None, "not_applicable", reason)
    with _quiet_and_single_threaded():
        result = ALGORITHMS[clusterer](embedding, n_domains, seed)
    return _without_gaps(result, n_domains)


def kmeans_labels(
    embedding: np.ndarray, n_domains: int, seeds: Sequence[int]
) -> list[ClusterResult]:
    """``cluster_labels`` by ``kmeans`` with each seed, faster: the starts share their work."""
    embedding = np.asarray(embedding)
    if reason := _unsuitable(embedding, n_domains):
        return [ClusterResult(None, "not_applicable", reason)] * len(seeds)
    with _quiet_and_single_threaded():
        labelings = KMeansPoints(embedding).labels(n_domains, seeds)
    return [_without_gaps(ClusterResult(labels), n_domains) for labels in labelings]


def _unsuitable(embedding: np.ndarray, n_domains: int) -> str:
    """Why an embedding cannot be clustered; empty if it can."""
    if len(embedding) < n_domains:
        return f"{len(embedding)} cells are fewer than {n_domains} domains"
    return "" if np.isfinite(embedding).all() else "the embedding has values that are not finite"


def refine_labels(labels: np.ndarray, coords: np.ndarray, n_neighbors: int) -> np.ndarray:
    """Give each cell the most frequent label of its nearest other cells (STAGUE's ``refine``).

    Args:
        labels: (n_cells,) integers from 0.
        coords: (n_cells, 2) positions.
        n_neighbors: number of nearest other cells that vote; 0: labels are not changed.

    Returns:
        (n_cells,) labels of the same type; ties go to the smallest label.
    """
    if n_neighbors <= 0:
        return labels
    return majority(labels, knn(coords, n_neighbors)[1])


def majority(labels: np.ndarray, neighbors: np.ndarray, nearest_wins: bool = False) -> np.ndarray:
    """The most frequent label among each cell's neighbors.

    Args:
        labels: (n_cells,) integers from 0.
        neighbors: (n_cells, k) cells, the nearest first.
        nearest_wins: of labels that are equally frequent the nearest, as in GraphST and
            SpatialFusion; else the smallest, as in STAGUE.
    """
    n_cells, k = neighbors.shape
    if k == 0:
        return labels
    n_labels = int(labels.max()) + 1
    cells = np.repeat(np.arange(n_cells) * n_labels, k)
    votes = np.bincount(cells + labels[neighbors].ravel(), minlength=n_cells * n_labels)
    votes = votes.reshape(n_cells, n_labels)
    if not nearest_wins:
        return votes.argmax(axis=1).astype(labels.dtype)
    first = np.take_along_axis(votes, labels[neighbors], axis=1).argmax(axis=1)
    return labels[neighbors[np.arange(n_cells), first]]


@cache
def _thread_pools() -> ThreadpoolController:
    """Created once: reading the memory map of the process takes longer than a small k-means."""
    import sklearn.cluster  # noqa: F401 - loads the libraries whose pools are limited
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def _quiet_and_single_threaded() -> Iterator[None]:
    """One thread; sklearn's warnings (no convergence, few points) are reported in ``reason``.

    Its checks of values and parameters are skipped, because both are checked once here.
    """
    from sklearn import config_context

    checked = config_context(assume_finite=True, skip_parameter_validation=True)
    with _thread_pools().limit(limits=1), checked, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _kmeans(embedding: np.ndarray, n_domains: int, seed: int, starts: int) -> ClusterResult:
    return ClusterResult(KMeansPoints(embedding).best_labels(n_domains, seed, starts))


def _gmm(embedding: np.ndarray, n_domains: int, seed: int) -> ClusterResult:
    from sklearn.mixture import GaussianMixture

    points, notes = _mixture_space(embedding)
    if np.linalg.eigvalsh(np.atleast_2d(np.cov(points.T)))[0] < _RELATIVE_REGULARIZATION:
        notes.append("singular covariance regularized")
    model = GaussianMixture(
        n_domains,
        covariance_type="tied",
        n_init=10,
        reg_covar=_RELATIVE_REGULARIZATION,
        random_state=seed,
    )
    labels = model.fit_predict(points)
    if not model.converged_:
        notes.append(f"not converged after {model.n_iter_} iterations")
    return ClusterResult(labels, reason="; ".join(notes))


def _mclust(embedding: np.ndarray, n_domains: int, seed: int) -> ClusterResult:
    """R's generator has its own seed, so ``seed`` has no effect."""
    from stbench.clustering.mclust import mclust_labels

    points, notes = _mixture_space(embedding)
    try:
        return ClusterResult(mclust_labels(points, n_domains), reason="; ".join(notes))
    except NotApplicableError as error:
        return ClusterResult(None, "not_applicable", one_line(error))


def _communities(embedding: np.ndarray, n_domains: int, seed: int, algorithm: str) -> ClusterResult:
    from stbench.graphs.communities import communities

    if embedding.shape[1] > _COMMUNITY_COLUMNS:
        embedding = _principal_components(embedding, _COMMUNITY_COLUMNS)
    labels, resolution = communities(embedding, n_domains, algorithm, seed)
    reached = int(labels.max()) + 1
    if reached == n_domains:
        return ClusterResult(labels)
    reason = f"not reached: {reached} of {n_domains} domains at resolution {resolution:.4g}"
    return ClusterResult(labels, "not_reached", reason)


# To add a clusterer, add it here and to ``stbench.common.constants.Clusterer``.
ALGORITHMS: dict[Clusterer, Callable[[np.ndarray, int, int], ClusterResult]] = {
    "kmeans": partial(_kmeans, starts=1),
    "kmeans20": partial(_kmeans, starts=20),
    "gmm": _gmm,
    "mclust": _mclust,
    "louvain": partial(_communities, algorithm="louvain"),
    "leiden": partial(_communities, algorithm="leiden"),
}


def _mixture_space(embedding: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Centered points of mean variance 1 with enough cells per column, and notes."""
    points, notes = embedding.astype(np.float64), []
    n_cells, n_columns = points.shape
    width = max(1, min(_MIXTURE_COLUMNS, n_cells // _CELLS_PER_COLUMN))
    if n_columns > width:
        points = _principal_components(points, width)
        notes.append(f"on {points.shape[1]} principal components of {n_columns} columns")
    points = points - points.mean(axis=0)
    scale = np.sqrt((points**2).mean())
    return (points / scale if scale > 0 else points), notes


def _principal_components(embedding: np.ndarray, width: int) -> np.ndarray:
    from sklearn.decomposition import PCA

    width = min(width, *embedding.shape)
    return PCA(width, random_state=0).fit_transform(embedding)


def _without_gaps(result: ClusterResult, n_domains: int) -> ClusterResult:
    """Labels as int16 from 0 without gaps; the reason reports empty domains."""
    if result.labels is None:
        return result
    used, labels = np.unique(result.labels, return_inverse=True)
    reason = result.reason
    if len(used) < n_domains and result.status == "ok":
        reason = "; ".join(filter(None, [reason, f"only {len(used)} of {n_domains} domains found"]))
    return ClusterResult(labels.astype(np.int16), result.status, reason)
