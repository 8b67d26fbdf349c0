"""The controls: what they return, what they read, and what they score."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from methods import (
    bands,
    coordinates,
    jittered_truth,
    leiden_pca,
    leiden_smoothed_pca,
    pca,
    random,
    smoothed_expression,
    smoothed_pca,
    smoothed_pca8,
    smoothed_pca30,
)
from stbench.common.errors import InputError, NotApplicableError
from stbench.common.io import write_h5ad
from stbench.common.paths import CONFIG
from stbench.config.schema import load_yaml
from stbench.data.preprocessing import preprocess
from stbench.data.simulation import Tissue, simulate

DETERMINISTIC = [coordinates, pca, smoothed_pca, smoothed_expression]


@pytest.fixture(scope="module")
def truth():
    return simulate(Tissue(n_cells=400, n_genes=60), "toy")


@pytest.fixture(scope="module")
def adata(truth):
    return preprocess(truth)


@pytest.fixture
def truth_file(truth, tmp_path):
    write_h5ad(tmp_path / "toy.h5ad", truth)
    return tmp_path / "toy.h5ad"


def embed(method, adata, seed: int = 0, **params) -> np.ndarray:
    def record(epoch, embedding):
        raise AssertionError("a control has no epochs")

    params = {"n_neighbors": 15, "jitter": 1.0, **params}
    embedding = method.fit(adata, 5, seed, "cpu", params, record).embedding
    assert embedding.dtype == np.float32
    assert len(embedding) == adata.n_obs
    assert np.isfinite(embedding).all()
    return embedding


def score(embedding: np.ndarray, truth) -> float:
    labels = KMeans(5, n_init=10, random_state=0).fit_predict(embedding)
    return adjusted_rand_score(truth.obs["cluster"], labels)


@pytest.mark.parametrize("method", DETERMINISTIC)
def test_deterministic_controls_ignore_the_seed(method, adata):
    np.testing.assert_array_equal(embed(method, adata, 0), embed(method, adata, 1))


def test_random_is_noise_from_the_seed(adata, truth):
    first = embed(random, adata, 3)
    assert first.shape == (400, 30)
    assert first.std() == pytest.approx(1, abs=0.05)
    np.testing.assert_array_equal(first, embed(random, adata, 3))
    assert not np.array_equal(first, embed(random, adata, 4))
    assert abs(score(first, truth)) < 0.05


def test_coordinates_keep_shapes(adata):
    embedding = embed(coordinates, adata).astype(float)
    np.testing.assert_allclose(embedding.mean(axis=0), 0, atol=1e-6)
    assert embedding.std() == pytest.approx(1)
    ratio = np.ptp(embedding, axis=0) / np.ptp(adata.obsm["spatial"], axis=0)
    assert ratio[0] == pytest.approx(ratio[1])


def test_coordinates_all_at_one_place(adata):
    copy = adata.copy()
    copy.obsm["spatial"] = np.full((400, 2), 7.0)
    np.testing.assert_array_equal(embed(coordinates, copy), 0)


def test_pca_is_the_preprocessed_one(adata):
    np.testing.assert_array_equal(embed(pca, adata), adata.obsm["X_pca"])


def test_smoothing_is_the_mean_over_a_cell_and_its_nearest_others(adata):
    line = adata[:4].copy()
    line.obsm["spatial"] = np.array([[0, 0], [1, 0], [3, 0], [7, 0]], dtype=float)
    line.obsm["X_pca"] = np.array([[1, 0], [2, 0], [4, 8], [8, 0]], dtype=np.float32)
    np.testing.assert_allclose(
        embed(smoothed_pca, line, n_neighbors=1), [[1.5, 0], [1.5, 0], [3, 4], [6, 4]]
    )
    np.testing.assert_allclose(embed(smoothed_pca, line), np.tile([3.75, 2], (4, 1)))


@pytest.mark.parametrize(("method", "number"), [(smoothed_pca8, 8), (smoothed_pca30, 30)])
def test_the_family_differs_in_the_number_of_neighbors_alone(method, number, adata):
    entry = load_yaml(CONFIG / "methods.yaml")[method.__name__.rpartition(".")[2]]
    assert entry["params"] == {"n_neighbors": number}
    np.testing.assert_array_equal(
        embed(method, adata, **entry["params"]), embed(smoothed_pca, adata, n_neighbors=number)
    )


def test_leiden_of_smoothed_components(adata):
    def labels(method, tissue):
        return method.fit(tissue, 5, 0, "cpu", {"n_neighbors": 15}, None).labels

    smooth = adata.copy()
    smooth.obsm["X_pca"] = embed(smoothed_pca, adata)
    found = labels(leiden_smoothed_pca, adata)
    assert len(np.unique(found)) == 5
    np.testing.assert_array_equal(found, labels(leiden_pca, smooth))


def test_expression_is_averaged_before_the_components(adata):
    """Two groups of cells far apart: each cell gets the mean of its group of eight."""
    groups = adata[:16].copy()
    groups.obsm["spatial"] = np.repeat([[0.0, 0], [100, 0]], 8, axis=0)
    groups.var["highly_variable"] = np.arange(60) < 40
    means = groups.X[:, :40].toarray().reshape(2, 8, 40).mean(axis=1)
    found = embed(smoothed_expression, groups, n_neighbors=7)
    distance = np.linalg.norm(means[0] - means[1])
    np.testing.assert_allclose(abs(found[:, 0]), distance / 2, rtol=1e-5)
    assert (np.sign(found[:8, 0]) == -np.sign(found[8:, 0])).all()
    np.testing.assert_allclose(found[:, 1:], 0, atol=1e-5)


def test_bands_cross_the_longer_axis(adata):
    angle = np.deg2rad(30)
    long = np.random.default_rng(0).permutation(400)
    across = np.random.default_rng(1).uniform(0, 90, 400)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    copy = adata.copy()
    copy.obsm["spatial"] = np.column_stack([long, across]) @ turn + 1e6
    labels = bands.fit(copy, 5, 0, "cpu", {}, None).labels
    assert np.bincount(labels).tolist() == [80] * 5
    assert adjusted_rand_score(long // 80, labels) > 0.9


def test_the_order_of_the_controls(adata, truth, truth_file):
    plain, smooth = score(embed(pca, adata), truth), score(embed(smoothed_pca, adata), truth)
    upper = score(embed(jittered_truth, adata, truth=str(truth_file)), truth)
    assert plain + 0.1 < smooth < upper < 1


def test_truth_without_jitter_is_the_truth(adata, truth, truth_file):
    embedding = embed(jittered_truth, adata, jitter=0.0, truth=str(truth_file))
    assert embedding.shape == (400, 5)
    np.testing.assert_array_equal(embedding.argmax(axis=1), truth.obs["cluster"].cat.codes)
    assert len(np.unique(embedding, axis=0)) == 400
    assert score(embedding, truth) == 1


def test_more_jitter_is_worse_and_the_seed_counts(adata, truth, truth_file):
    scores = [
        score(embed(jittered_truth, adata, jitter=j, truth=str(truth_file)), truth)
        for j in (0.5, 2, 50)
    ]
    assert scores[0] > scores[1] > scores[2]
    one, again, two = (
        embed(jittered_truth, adata, seed, truth=str(truth_file)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert (one.argmax(axis=1) != two.argmax(axis=1)).any()


def test_unlabeled_cells_take_a_label_from_nearby(adata, truth, truth_file):
    partial = truth.copy()
    partial.obs.loc[partial.obs_names[:100], "cluster"] = np.nan
    write_h5ad(truth_file, partial)
    embedding = embed(jittered_truth, adata, jitter=0.0, truth=str(truth_file))
    found = embedding.argmax(axis=1)
    codes = truth.obs["cluster"].cat.codes.to_numpy()
    np.testing.assert_array_equal(found[100:], codes[100:])
    assert (found[:100] == codes[:100]).mean() > 0.6


@pytest.mark.parametrize("missing", ["column", "all"])
def test_no_truth_is_not_applicable(missing, adata, truth, truth_file):
    blank = truth.copy()
    if missing == "column":
        del blank.obs["cluster"]
    else:
        blank.obs["cluster"] = blank.obs["cluster"].cat.remove_categories(
            blank.obs["cluster"].cat.categories
        )
    write_h5ad(truth_file, blank)
    with pytest.raises(NotApplicableError, match="no true labels"):
        embed(jittered_truth, adata, truth=str(truth_file))


def test_truth_of_other_cells_is_refused(adata, truth, truth_file):
    write_h5ad(truth_file, truth[::-1].copy())
    with pytest.raises(InputError, match="not the cells"):
        embed(jittered_truth, adata, truth=str(truth_file))
