"""MENDER: counts of states in rings equal to its package, its search, its refusals."""

import numpy as np
import pytest
from anndata import AnnData

from helpers.reference_file import load_reference
from methods import mender
from stbench.common.errors import InputError, NotApplicableError

PARAMS = {"resolution": 2.0, "n_scales": 3, "radius": 0.0}


@pytest.fixture(scope="module")
def reference():
    """Of SOMENDER 1.1: 150 cells, two of them at one place, and 110 spots with gaps."""
    return load_reference("mender_reference_a.npz", "STBENCH_MENDER_REFERENCE")


def counted(coords, states, **params):
    """Counts in the order of the package: all rings of a state, then of the next."""
    adata = AnnData(np.zeros((len(coords), 0)), obsm={"spatial": coords})
    params = {**PARAMS, **params}
    around = mender.neighborhoods(adata, params["radius"], params["n_scales"])
    counts = mender.count_states(states.astype(int), around)
    n_states = int(states.max()) + 1
    by_state = counts.reshape(len(coords), params["n_scales"], n_states).transpose(0, 2, 1)
    return by_state.reshape(len(coords), -1)


def test_counts_in_rings_of_a_radius_are_the_package_s(reference):
    ours = counted(reference["coords"], reference["states"])
    np.testing.assert_array_equal(ours, reference["context"])
    given = counted(reference["coords"], reference["states"], radius=float(reference["radius"]))
    np.testing.assert_array_equal(given, ours)


def test_counts_in_rings_of_spots_are_the_package_s(reference):
    ours = counted(reference["spots"], reference["spot_states"])
    np.testing.assert_array_equal(ours, reference["ring_context"])


@pytest.mark.parametrize(
    ("found", "wanted", "expected"),
    [
        (lambda resolution: 3, 3, 0.1),
        (lambda resolution: 2 + int(resolution > 0.22), 3, 0.25),
        # Passed at 0.3, so that the step is halved twice.
        (lambda resolution: 2 + int(resolution > 0.252) + int(resolution > 0.27), 3, 0.2625),
    ],
)
def test_the_search_halves_its_step_where_it_passes_the_number(
    monkeypatch, found, wanted, expected
):
    def labels(table, resolution, seed):
        return np.arange(found(resolution))

    monkeypatch.setattr(mender, "leiden", labels)
    result, resolution = mender.search(None, wanted, 0)
    assert len(result) == wanted
    assert resolution == pytest.approx(expected)


def test_a_number_that_no_resolution_gives_ends_the_search(monkeypatch):
    tried = []

    def labels(table, resolution, seed):
        tried.append(resolution)
        return np.arange(2 if resolution < 0.2 else 9)

    monkeypatch.setattr(mender, "leiden", labels)
    result, resolution = mender.search(None, 5, 0)
    assert len(result) == 2
    assert resolution < 0.2 < max(tried)
    assert len(tried) == 13


def test_refusals():
    def run(n_cells, n_domains, **params):
        adata = AnnData(np.zeros((n_cells, 0)))
        mender.fit(adata, n_domains, 0, "cpu", {**PARAMS, **params}, None)

    with pytest.raises(NotApplicableError, match="makes 9 domains: needs 9 cells"):
        run(8, 9)
    with pytest.raises(InputError, match="mender: n_scales is 0"):
        run(20, 2, n_scales=0)
