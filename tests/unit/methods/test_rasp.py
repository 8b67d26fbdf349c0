"""RASP: equal to its package, and what it refuses."""

import numpy as np
import pytest
import scipy.sparse as sp
from anndata import AnnData

from helpers.reference_file import load_reference
from methods import rasp
from stbench.common.errors import InputError, NotApplicableError

PARAMS = {"n_components": 5, "n_neighbors": 12, "beta": 2.0, "platform": "cells"}


@pytest.fixture(scope="module")
def reference():
    """Of randomized-spatial-pca 0.1.1: 90 cells, two of them at one place and one far off."""
    return load_reference("rasp_reference_a.npz", "STBENCH_RASP_REFERENCE")


def run(values, coords, seed=3, **params):
    """Fit a table whose last gene is not a variable one."""
    more = np.column_stack([values, np.arange(len(values))])
    adata = AnnData(sp.csr_matrix(more), obsm={"spatial": coords})
    adata.var["highly_variable"] = np.arange(more.shape[1]) < values.shape[1]

    def record(epoch, embedding):
        raise AssertionError("nothing is trained here")

    return rasp.fit(adata, 3, seed, "cpu", {**PARAMS, **params}, record)


VARIANTS = {"cells": {}, "visium": {"n_neighbors": 6, "beta": 1.0, "platform": "visium"}}


@pytest.mark.parametrize("name", VARIANTS)
def test_weights_and_embedding_are_the_package_s(reference, name):
    params = {**PARAMS, **VARIANTS[name]}
    own = {"cells": 1.0, "visium": 0.5}[name]
    weights = rasp.inverse_distances(
        reference["coords"], params["n_neighbors"], params["beta"], own
    )
    reference.check(f"weights_{name}", weights.toarray(), 1e-6)
    fit = run(reference["values"], reference["coords"], **VARIANTS[name])
    reference.check(f"embedding_{name}", fit.embedding, 1e-6)
    assert fit.info["genes"] == 16


def test_the_seed_starts_the_solver(reference):
    one, same, other = (
        run(reference["values"], reference["coords"], seed).embedding for seed in (0, 0, 1)
    )
    assert one.tobytes() == same.tobytes() != other.tobytes()
    assert abs(np.corrcoef(one[:, 0], other[:, 0])[0, 1]) > 0.999


def test_cells_at_one_place_keep_their_components(reference):
    values = reference["values"]
    fit = run(values, np.zeros((90, 2)))
    spread = run(values, np.arange(180.0).reshape(90, 2), n_neighbors=1)
    np.testing.assert_allclose(fit.embedding, spread.embedding)


def test_refusals(reference):
    with pytest.raises(NotApplicableError, match="takes 12 neighbors: needs 12 cells"):
        run(reference["values"][:9], reference["coords"][:9])
    with pytest.raises(InputError, match="rasp: platform is 'merfish': must be cells, visium"):
        run(reference["values"], reference["coords"], platform="merfish")
    with pytest.raises(InputError, match="rasp: n_neighbors is 0"):
        run(reference["values"], reference["coords"], n_neighbors=0)
