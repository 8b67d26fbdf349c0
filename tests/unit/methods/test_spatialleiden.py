"""SpatialLeiden: its graph of near cells and what it refuses. The contract test fits it."""

import numpy as np
import pytest
import scipy.sparse as sp
from anndata import AnnData

from methods import spatialleiden
from stbench.common.errors import InputError, NotApplicableError
from stbench.graphs.neighbors import knn

PARAMS = {"n_similar": 15, "n_near": 4, "layer_ratio": 1.0}


def tissue(n=120):
    return AnnData(np.zeros((n, 0)), obsm={"spatial": np.random.default_rng(0).random((n, 2))})


def test_links_are_weighted_off_a_lattice_alone():
    from spatialleiden import distance2connectivity

    adata = tissue()
    distances, neighbors = knn(adata.obsm["spatial"], 4)
    rows = np.repeat(np.arange(120), 4)
    graph = sp.csr_matrix((distances.ravel(), (rows, neighbors.ravel())))
    expected = distance2connectivity(graph).toarray()
    np.testing.assert_allclose(spatialleiden.near_cells(adata, 4).toarray(), expected)
    row, col = (axis.ravel() for axis in np.mgrid[:10, :12])
    adata.obsm["spatial"] = np.column_stack([col + (row % 2) / 2, row * np.sqrt(3) / 2])
    links = spatialleiden.near_cells(adata, 4)
    assert set(links.data) == {1.0}
    assert links.sum(axis=1).max() == 6
    assert (links != links.T).nnz == 0


def test_refusals():
    def run(n_cells, n_domains, **params):
        known = {**PARAMS, **params}
        spatialleiden.fit(tissue(n_cells), n_domains, 0, "cpu", known, None)

    with pytest.raises(NotApplicableError, match="makes 9 clusters: needs 9 cells"):
        run(8, 9)
    with pytest.raises(InputError, match="spatialleiden: n_near is 0"):
        run(20, 2, n_near=0)
