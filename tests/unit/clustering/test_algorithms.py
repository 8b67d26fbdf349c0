"""Clusterers find what is there, say what they could not do, and repeat themselves exactly."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stbench.clustering.algorithms import cluster_labels, majority, refine_labels
from stbench.clustering.mclust import mclust_missing
from stbench.common.constants import CLUSTERERS
from stbench.graphs.communities import communities, neighbor_graph
from stbench.scoring.metrics import ari

PYTHON_ONLY = [name for name in CLUSTERERS if name not in ("own", "mclust")]


def blobs(n_domains=5, n_cells=200, columns=8, noise=0.3, seed=0):
    rng = np.random.default_rng(seed)
    truth = np.arange(n_cells) % n_domains
    centers = rng.normal(size=(n_domains, columns)) * 3
    points = centers[truth] + noise * rng.normal(size=(n_cells, columns))
    return points.astype(np.float32), truth


@pytest.mark.parametrize("clusterer", PYTHON_ONLY)
def test_separated_domains_are_found(clusterer):
    points, truth = blobs()
    result = cluster_labels(points, 5, clusterer)
    assert result.status == "ok"
    assert result.reason == ""
    assert result.labels.dtype == np.int16
    assert sorted(set(result.labels)) == [0, 1, 2, 3, 4]
    assert ari(truth, result.labels) == 1


@pytest.mark.parametrize("clusterer", PYTHON_ONLY)
def test_same_seed_same_labels(clusterer):
    points, _ = blobs(noise=4)
    first, second = (cluster_labels(points, 5, clusterer, seed=3) for _ in range(2))
    assert np.array_equal(first.labels, second.labels)


def test_kmeans_seeds_differ_where_the_domains_are_not_clear():
    points = np.random.default_rng(0).normal(size=(300, 6)).astype(np.float32)
    labelings = {cluster_labels(points, 6, "kmeans", seed).labels.tobytes() for seed in range(5)}
    assert len(labelings) > 1


def test_twenty_starts_are_not_worse_than_one():
    points = np.random.default_rng(1).normal(size=(300, 4))

    def inertia(clusterer):
        labels = cluster_labels(points, 8, clusterer).labels
        centers = np.stack([points[labels == k].mean(axis=0) for k in range(8)])
        return ((points - centers[labels]) ** 2).sum()

    assert inertia("kmeans20") < inertia("kmeans")  # one start does not find the best here


def test_mixture_finds_elongated_domains_that_kmeans_cuts():
    rng = np.random.default_rng(0)
    truth = np.arange(400) % 2
    along = rng.normal(size=400)
    points = np.column_stack([truth * 2 + along, along]) + 0.2 * rng.normal(size=(400, 2))
    assert ari(truth, cluster_labels(points, 2, "gmm").labels) > 0.95
    assert ari(truth, cluster_labels(points, 2, "kmeans").labels) < 0.3


def test_mixture_does_not_depend_on_the_scale():
    points, _ = blobs(noise=2)
    usual, tiny = (cluster_labels(points * s, 5, "gmm") for s in (np.float64(1), 1e-7))
    assert ari(usual.labels, tiny.labels) == 1
    assert tiny.reason == ""


def test_mixture_regularises_a_singular_covariance_and_says_so():
    points, truth = blobs()
    singular = np.column_stack([points, points, np.zeros(len(points))])
    result = cluster_labels(singular, 5, "gmm")
    assert ari(truth, result.labels) == 1
    assert result.reason == "singular covariance regularized"


def test_mixture_with_fewer_cells_than_columns_says_what_it_did():
    points, truth = blobs(n_domains=3, n_cells=30, columns=100)
    result = cluster_labels(points, 3, "gmm")
    assert ari(truth, result.labels) == 1
    assert result.reason == "on 6 principal components of 100 columns"


@pytest.mark.parametrize("clusterer", ["kmeans", "kmeans20", "gmm"])
def test_identical_cells_are_one_domain_and_it_is_said(clusterer):
    result = cluster_labels(np.ones((20, 3)), 4, clusterer)
    assert set(result.labels) == {0}
    assert "only 1 of 4 domains found" in result.reason


@pytest.mark.parametrize("clusterer", [name for name in CLUSTERERS if name != "own"])
@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (np.ones((3, 2)), "3 cells are fewer than 4 domains"),
        (np.full((9, 2), np.nan), "the embedding has values that are not finite"),
    ],
)
def test_what_cannot_be_clustered_is_not_applicable(clusterer, points, reason):
    result = cluster_labels(points, 4, clusterer)
    assert (result.labels, result.status, result.reason) == (None, "not_applicable", reason)


def test_unknown_clusterer_is_refused():
    with pytest.raises(ValueError, match="kmeens"):
        cluster_labels(np.ones((5, 2)), 2, "kmeens")


@pytest.mark.parametrize("clusterer", ["louvain", "leiden"])
def test_number_not_reached_is_said_with_the_nearest_labels(clusterer):
    # Three components that touch nowhere can never be fewer than three communities.
    points, _ = blobs(n_domains=3, n_cells=90, noise=0.01)
    result = cluster_labels(points, 2, clusterer)
    assert result.status == "not_reached"
    assert result.reason.startswith("not reached: 3 of 2 domains at resolution ")
    assert set(result.labels) == {0, 1, 2}


@pytest.mark.parametrize("how", ["louvain", "leiden"])
@pytest.mark.parametrize("wanted", [2, 4, 7])
def test_resolution_is_bisected_to_the_wanted_number(how, wanted):
    points = np.random.default_rng(2).uniform(size=(300, 2))
    labels, resolution = communities(points, wanted, how, seed=0)
    assert labels.max() + 1 == wanted
    assert 0 <= resolution <= 5


@pytest.mark.parametrize("how", ["louvain", "leiden"])
def test_resolution_begins_at_0_and_ends_at_5(how):
    points = np.random.default_rng(2).uniform(size=(100, 2))
    labels, resolution = communities(points, 1, how, seed=0)
    assert (labels == 0).all() and resolution == 0
    labels, resolution = communities(points, 100, how, seed=0)
    assert labels.max() < 99 and 4.5 < resolution <= 5


def test_neighbor_graph_is_the_union_of_nearest_others():
    points = np.random.default_rng(0).normal(size=(40, 3))
    graph = neighbor_graph(points)
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    nearest = np.argsort(distance, axis=1)[:, :15]
    expected = {tuple(sorted((i, int(j)))) for i in range(40) for j in nearest[i]}
    assert {tuple(sorted(edge)) for edge in graph.get_edgelist()} == expected
    assert len(graph.get_edgelist()) == len(expected)


@pytest.mark.parametrize("n_cells", [1, 2, 10])
def test_a_handful_of_cells_gives_a_graph(n_cells):
    graph = neighbor_graph(np.arange(n_cells, dtype=float)[:, None])
    assert graph.vcount() == n_cells
    assert graph.ecount() == n_cells * (n_cells - 1) // 2


def test_mclust_finds_the_domains_or_says_that_r_is_missing():
    points, truth = blobs()
    result = cluster_labels(points, 5, "mclust")
    if mclust_missing():
        assert (result.status, result.reason) == ("not_applicable", "R with mclust not found")
    else:
        assert ari(truth, result.labels) == 1


def test_mclust_without_r_is_not_applicable(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("R_HOME", raising=False)
    result = cluster_labels(blobs()[0], 5, "mclust")
    assert (result.labels, result.status) == (None, "not_applicable")
    assert result.reason == "R with mclust not found"


def test_mclust_is_quiet():
    code = (
        "import numpy as np; from stbench.clustering.algorithms import cluster_labels;"
        "cluster_labels(np.random.default_rng(0).normal(size=(60, 2)), 3, 'mclust');"
        "cluster_labels(np.zeros((30, 4)), 3, 'mclust')"
    )
    env = {**os.environ, "PYTHONPATH": "scripts", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_refinement_by_hand():
    coords = np.array([[0, 0], [1, 0], [2, 0], [3, 0], [10, 0]], dtype=float)
    labels = np.array([0, 1, 0, 0, 1], dtype=np.int16)
    # Nearest two others: (1,2) (0,2) (1,3) (2,1) (3,2); a tie takes the smaller label.
    assert refine_labels(labels, coords, 2).tolist() == [0, 0, 0, 0, 0]
    assert refine_labels(labels, coords, 1).tolist() == [1, 0, 1, 0, 0]
    assert refine_labels(labels, coords, 0).tolist() == labels.tolist()
    assert refine_labels(labels, coords, 50).dtype == np.int16


def test_refinement_of_a_single_cell_leaves_it():
    assert refine_labels(np.array([3]), np.zeros((1, 2)), 5).tolist() == [3]


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_majority_is_the_most_frequent_and_then_the_smallest_or_the_nearest(data):
    n = data.draw(st.integers(2, 12))
    k = data.draw(st.integers(1, 6))
    labels = np.array(data.draw(st.lists(st.integers(0, 4), min_size=n, max_size=n)))
    cells = st.lists(st.integers(0, n - 1), min_size=n * k, max_size=n * k)
    neighbors = np.array(data.draw(cells)).reshape(n, k)
    expected, nearest = [], []
    for row in neighbors:
        votes = [int((labels[row] == label).sum()) for label in range(5)]
        expected.append(votes.index(max(votes)))
        nearest.append(max(labels[row].tolist(), key=labels[row].tolist().count))
    assert majority(labels, neighbors).tolist() == expected
    assert majority(labels, neighbors, nearest_wins=True).tolist() == nearest


def test_r_leaves_the_library_path_of_later_programs_alone(monkeypatch):
    monkeypatch.setenv("LD_LIBRARY_PATH", "/somewhere")
    mclust_missing()
    assert os.environ["LD_LIBRARY_PATH"] == "/somewhere"
