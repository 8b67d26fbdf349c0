"""Ward under spatial constraint and Leiden on principal components."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from sklearn.metrics import adjusted_rand_score

from methods import leiden_pca, ward
from stbench.common.errors import InputError, NotApplicableError
from stbench.data.preprocessing import preprocess
from stbench.data.simulation import Tissue, simulate
from stbench.graphs.neighbors import knn_pairs


def record(epoch, embedding):
    raise AssertionError("nothing is trained here")


@pytest.fixture(scope="module")
def tissue():
    truth = simulate(Tissue(n_cells=400, n_genes=80, n_domains=4, seed=2), "toy")
    return preprocess(truth), truth.obs["cluster"].to_numpy()


def labels(method, adata, n_domains=4, seed=0, **params):
    return method.fit(adata, n_domains, seed, "cpu", params, record).labels


def test_ward_finds_connected_domains_that_resemble_the_truth(tissue):
    adata, truth = tissue
    found = labels(ward, adata, n_neighbors=6)
    assert len(np.unique(found)) == 4
    assert adjusted_rand_score(truth, found) > 0.3
    pairs = knn_pairs(adata.obsm["spatial"], 6)
    inside = pairs[found[pairs[:, 0]] == found[pairs[:, 1]]]
    graph = sp.csr_matrix((np.ones(len(inside)), inside.T), shape=(400, 400))
    assert connected_components(graph, directed=False)[0] == 4


def test_ward_does_not_use_its_seed(tissue):
    adata, _ = tissue
    one, other = (labels(ward, adata, seed=seed, n_neighbors=6) for seed in (0, 5))
    np.testing.assert_array_equal(one, other)


def test_ward_joins_pieces_that_lie_apart(tissue):
    adata = tissue[0].copy()
    adata.obsm["spatial"] = adata.obsm["spatial"] + np.repeat([0.0, 1e4], 200)[:, None]
    assert len(np.unique(labels(ward, adata, n_domains=1, n_neighbors=3))) == 1


@pytest.mark.parametrize(("n_domains", "n_neighbors"), [(500, 6), (4, 0)])
def test_ward_refuses_what_it_cannot_do(tissue, n_domains, n_neighbors):
    with pytest.raises((NotApplicableError, InputError)):
        labels(ward, tissue[0], n_domains=n_domains, n_neighbors=n_neighbors)


def test_leiden_meets_the_number_and_ignores_space(tissue):
    adata, _ = tissue
    found = leiden_pca.fit(adata, 4, 0, "cpu", {}, record)
    assert found.info["domains"] == len(np.unique(found.labels)) == 4
    moved = adata.copy()
    moved.obsm["spatial"] = np.random.default_rng(0).permutation(moved.obsm["spatial"])
    np.testing.assert_array_equal(found.labels, labels(leiden_pca, moved))
