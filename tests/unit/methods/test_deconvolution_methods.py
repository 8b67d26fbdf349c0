"""Methods of deconvolution: exact where that can be, repeatable, better than the controls."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from anndata import AnnData

from deconvolution_methods import graphst, mean_reference, nnls, shuffled_truth, spatialfusion
from helpers.deconvolution import METHODS, simulated
from stbench.common.errors import NotApplicableError
from stbench.common.io import write_h5ad
from stbench.deconvolution.mapping_memory import mapping_megabytes, need_room
from stbench.deconvolution.pairs import Pair, checked_pair
from stbench.deconvolution.proportions import as_anndata, checked_result
from stbench.deconvolution.scoring import scores


@pytest.fixture(scope="module")
def pair() -> Pair:
    return checked_pair("mine", *simulated())


def params(method: str, **changes):
    return {**METHODS[method]["params"], **changes}


def test_nnls_takes_whole_cells_apart_exactly():
    means = np.random.default_rng(0).poisson(4, (60, 3)) + np.eye(60, 3) * 40
    genes = [f"g{i}" for i in range(60)]
    cells = AnnData(
        sp.csr_matrix(np.repeat(means.T, 3, axis=0)),
        obs=pd.DataFrame({"celltype": pd.Categorical(np.repeat(["a", "b", "c"], 3))}),
        var=pd.DataFrame(index=genes),
    )
    shares = np.array([[1, 2, 1], [4, 0, 0], [0, 1, 3]])
    spots = AnnData(sp.csr_matrix(shares @ means.T), var=pd.DataFrame(index=genes))
    found = nnls.fit(spots, cells, 0, "cpu", {})
    assert list(found.columns) == ["a", "b", "c"]
    assert np.allclose(found, shares / 4)


def test_the_controls(pair, tmp_path):
    mean = mean_reference.fit(pair.spots, pair.reference, 0, "cpu", {})
    shares = pair.reference.obs["celltype"].value_counts(normalize=True)
    assert np.allclose(mean.iloc[0], shares[mean.columns]) and mean.nunique().eq(1).all()
    path = tmp_path / "truth.h5ad"
    write_h5ad(path, as_anndata(pair.truth, pair.truth.index))
    given = {"truth": str(path)}
    dealt = shuffled_truth.fit(pair.spots, pair.reference, 0, "cpu", given)
    rows = sorted(map(tuple, dealt.to_numpy()))
    assert rows == sorted(map(tuple, pair.truth.to_numpy()))
    assert not np.allclose(dealt, pair.truth)
    more = pair.reference.obs["celltype"].cat.add_categories("zz")
    reference = AnnData(obs=pair.reference.obs.assign(celltype=more))
    wide = shuffled_truth.fit(pair.spots, reference, 0, "cpu", given)
    assert list(wide.columns) == [*dealt.columns, "zz"] and (wide["zz"] == 0).all()
    nothing = pd.DataFrame()
    write_h5ad(path, as_anndata(nothing, nothing.index.astype(str)))
    with pytest.raises(NotApplicableError, match="no true proportions"):
        shuffled_truth.fit(pair.spots, pair.reference, 0, "cpu", given)


@pytest.mark.parametrize(("module", "epochs"), [(spatialfusion, 3), (graphst, 3)])
def test_neural_methods_give_proportions_and_repeat(module, epochs, pair):
    told = params(module.__name__.rpartition(".")[2], epochs=epochs)
    first, again = (module.fit(pair.spots, pair.reference, 1, "cpu", told) for _ in range(2))
    found = checked_result(first, pair.spots.n_obs)
    assert list(found.columns) == list(pair.reference.obs["celltype"].cat.categories)
    pd.testing.assert_frame_equal(first, again)
    assert pair.spots.uns["pair"]["status"] == "ok"  # the input is as it was


def test_spatialfusion_maps_on_the_genes_that_vary_in_both(pair):
    told = params("spatialfusion")
    other = pair.reference[:, ::-1][:, 20:].copy()
    at_spots, at_cells = spatialfusion.shared_features(pair.spots, other, told)
    assert at_spots.shape == (pair.spots.n_obs, 100) and at_cells.shape == (other.n_obs, 100)
    columns = sorted(other.var_names)
    whole, _ = spatialfusion.scaled_genes(pair.spots.X, "counts", told)
    place = pair.spots.var_names.get_indexer(columns)
    assert np.allclose(at_spots, whole[:, place])


def test_real_methods_beat_both_controls_on_easy_spots():
    spots, reference, truth = simulated(n_cells=800, n_genes=200, seed=5)
    pair = checked_pair("easy", spots, reference, truth)
    found = {
        "nnls": nnls.fit(pair.spots, pair.reference, 0, "cpu", {}),
        "mean": mean_reference.fit(pair.spots, pair.reference, 0, "cpu", {}),
        "shuffled": truth.sample(frac=1, random_state=0),
    }
    made = {
        name: scores(truth, {0: table.set_axis(truth.index)}, spots.obsm["spatial"])
        .query("type == '(all)'")
        .set_index("metric")
        for name, table in found.items()
    }
    for control in ("mean", "shuffled"):
        assert made["nnls"].low["pearson_type"] > made[control].high["pearson_type"]
        assert made["nnls"].high["jsd"] < made[control].low["jsd"]


def test_a_mapping_that_is_too_large_is_refused_with_its_memory(pair):
    need_room(1000, 1000, 10**6)
    assert mapping_megabytes(1000, 1000) == 32
    with pytest.raises(NotApplicableError, match="30000 cells to 20000 spots has 600000000 entr"):
        need_room(30000, 20000, 10**8)
    for method in (spatialfusion, graphst):
        told = params(method.__name__.rpartition(".")[2], max_mapping=100)
        with pytest.raises(NotApplicableError, match="at most 100 are allowed"):
            method.fit(pair.spots, pair.reference, 0, "cpu", told)
