"""k-means with shared preparation gives the bytes of scikit-learn's ``KMeans``."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from stbench.clustering import kmeans
from stbench.clustering.algorithms import cluster_labels, kmeans_labels
from stbench.clustering.kmeans import KMeansPoints


def blobs(n, columns, dtype=np.float32):
    """Six overlapping groups."""
    rng = np.random.default_rng(n)
    centers = rng.standard_normal((6, columns))
    return (centers[rng.integers(6, size=n)] + rng.standard_normal((n, columns))).astype(dtype)


def coarse(n, columns):
    """Points on a grid: equal points, and equal distances."""
    return np.round(blobs(n, columns))


EMBEDDINGS = {
    "float32": blobs(2500, 64),
    "float64": blobs(700, 30, np.float64),
    "integers": coarse(300, 3).astype(np.int64),
    "one column": blobs(400, 1),
    "ties": coarse(500, 2),
    "equal points": np.ones((40, 5), np.float32),
    "columns first": np.asfortranarray(blobs(300, 8)),
    "far from zero": blobs(600, 8) + np.float32(1000),
}


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.parametrize("n_clusters", [1, 7])
@pytest.mark.parametrize("kind", EMBEDDINGS)
def test_labels_are_those_of_scikit_learn(kind, n_clusters):
    embedding = EMBEDDINGS[kind]
    before = embedding.copy()
    with threadpool_limits(1):
        for seed, ours in enumerate(KMeansPoints(embedding).labels(n_clusters, range(4))):
            theirs = KMeans(n_clusters, n_init=1, random_state=seed).fit_predict(embedding)
            assert ours.tobytes() == theirs.tobytes()
    np.testing.assert_array_equal(embedding, before)


@pytest.mark.parametrize("kind", ["float64", "ties"])
def test_the_best_of_twenty_starts_is_that_of_scikit_learn(kind):
    with threadpool_limits(1):
        theirs = KMeans(5, n_init=20, random_state=3).fit_predict(EMBEDDINGS[kind])
        ours = KMeansPoints(EMBEDDINGS[kind]).best_labels(5, 3, 20)
    assert ours.tobytes() == theirs.tobytes()


def test_many_cells_are_compared_in_parts(monkeypatch):
    """Products of 300 cells, and two starts at a time."""
    whole = KMeansPoints(EMBEDDINGS["float32"]).labels(7, range(5))
    monkeypatch.setattr(kmeans, "_CELLS_AT_ONCE", 300)
    monkeypatch.setattr(kmeans, "_DISTANCES_AT_ONCE", 20_000)
    parts = KMeansPoints(EMBEDDINGS["float32"]).labels(7, range(5))
    np.testing.assert_array_equal(parts, whole)


def test_several_seeds_at_once_equal_one_at_a_time():
    embedding = EMBEDDINGS["float32"]
    for seed, result in zip((5, 0, 9), kmeans_labels(embedding, 4, (5, 0, 9)), strict=True):
        alone = cluster_labels(embedding, 4, "kmeans", seed)
        assert result.labels.tobytes() == alone.labels.tobytes()


def test_an_embedding_that_is_not_finite_has_no_labels_and_a_reason():
    results = kmeans_labels(np.full((9, 2), np.nan), 3, (0, 1))
    assert [result.labels for result in results] == [None, None]
    assert {result.reason for result in results} == {"the embedding has values that are not finite"}
