"""Preprocessing: STAGUE's normalisation, nothing of the truth, and the odd datasets."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from helpers.programs import run_apart, run_here
from stbench.common.errors import InputError
from stbench.common.io import read_h5ad, write_h5ad
from stbench.common.paths import SCRIPTS
from stbench.data.preprocessing import (
    log_normalize,
    preprocess,
    principal_components,
    spatial_distances,
)
from stbench.data.simulation import Tissue, simulate

PROGRAM = SCRIPTS / "preprocess.py"


def dataset(n_cells: int = 80, n_genes: int = 40, **settings) -> ad.AnnData:
    adata = simulate(Tissue(n_cells=n_cells, n_genes=n_genes, n_domains=3), "toy")
    adata.uns["dataset"].update(settings)
    return adata


def test_contract():
    adata = dataset()
    clean = preprocess(adata)
    assert list(clean.obs_names) == list(adata.obs_names)
    assert list(clean.var_names) == list(adata.var_names)
    assert (clean.layers["counts"] != adata.X).nnz == 0
    assert clean.X.format == "csr"
    assert clean.X.dtype == np.float32
    assert clean.var["highly_variable"].all()
    assert clean.var["highly_variable"].dtype == bool
    assert clean.obsm["X_pca"].shape == (80, 30)
    assert clean.obsm["X_pca"].dtype == np.float32
    np.testing.assert_array_equal(clean.obsm["spatial"], adata.obsm["spatial"])
    facts = clean.uns["dataset"]
    assert facts.items() <= adata.uns["dataset"].items()
    assert {"id", "kind", "n_domains", "hvg"} <= set(facts)
    assert not {"title", "technology", "citation"} & set(facts)  # words that would change a fit


def test_truth_is_left_behind():
    adata = dataset()
    adata.obs["layer_guess"] = adata.obs["cluster"]
    adata.var["domain_marker"] = True
    adata.obsp["true_interactions"] = sp.eye_array(adata.n_obs, format="csr")
    adata.obsm["true_proportions"] = np.ones((adata.n_obs, 2))
    adata.uns["true_triples"] = np.ones((3, 3))
    adata.uns["dataset"]["labels"] = adata.obs["cluster"].astype(str).to_numpy()
    clean = preprocess(adata)
    assert clean.obs.shape[1] == 0
    assert set(clean.var) == {"kept", "highly_variable"}
    assert set(clean.obsm) == {"X_pca", "spatial"}
    assert set(clean.obsp) == {"spatial_distances"}
    assert set(clean.layers) == {"counts"}
    assert set(clean.uns) == {"dataset"}
    assert "labels" not in clean.uns["dataset"]


def test_a_list_of_numbers_of_domains_stays():
    clean = preprocess(dataset(n_domains=np.array([4, 5, 6])))
    np.testing.assert_array_equal(clean.uns["dataset"]["n_domains"], [4, 5, 6])


def test_normalisation_by_hand():
    counts = sp.csr_matrix(np.array([[1, 3, 0], [2, 0, 6], [0, 0, 9]], dtype=np.float32))
    every = np.array([True, True, True])
    # totals 4, 8, 9: median 8
    expected = np.log1p([[2, 6, 0], [2, 0, 6], [0, 0, 8]])
    np.testing.assert_allclose(log_normalize(counts, every, 0).toarray(), expected, rtol=1e-6)
    expected = np.log1p([[2.5, 7.5, 0], [2.5, 0, 7.5], [0, 0, 10]])
    np.testing.assert_allclose(log_normalize(counts, every, 10).toarray(), expected, rtol=1e-6)


def test_a_cell_without_counts_in_kept_genes_is_zero_and_not_in_the_median():
    counts = sp.csr_matrix(np.array([[1, 3, 5], [2, 6, 0], [0, 0, 9]], dtype=np.float32))
    # totals over the first two genes 4, 8, 0: median 6
    values = log_normalize(counts, np.array([True, True, False]), 0)
    expected = np.log1p([[1.5, 4.5, 7.5], [1.5, 4.5, 0], [0, 0, 0]])
    np.testing.assert_allclose(values.toarray(), expected, rtol=1e-6)
    assert (values.data > 0).all()


def test_cells_without_counts_in_kept_genes_go_all_the_way():
    adata = dataset(hvg=True, filter_cell=2)
    dense = adata.X.toarray()
    dense[:, 0] = 0
    dense[0] = 0
    dense[0, 0] = 4  # the only gene of cell 0 is seen in no other cell
    adata.X = sp.csr_matrix(dense)
    clean = preprocess(adata)
    assert not clean.var["kept"].iloc[0]
    assert not clean.var["highly_variable"].iloc[0]
    assert clean.X[0].nnz == 0
    assert np.isfinite(clean.obsm["X_pca"]).all()


def test_variable_genes_are_scanpys(monkeypatch):
    import scanpy as sc

    monkeypatch.setattr("stbench.data.preprocessing.N_VARIABLE_GENES", 100)
    adata = simulate(Tissue(n_cells=300, n_genes=400), "toy")
    adata.uns["dataset"].update(hvg=True, filter_cell=150)
    clean = preprocess(adata)

    expected = ad.AnnData(adata.X.toarray(), var=adata.var.copy())
    sc.pp.filter_genes(expected, min_cells=150)
    sc.pp.highly_variable_genes(expected, flavor="seurat_v3", n_top_genes=100)
    sc.pp.normalize_total(expected)
    sc.pp.log1p(expected)
    expected = expected[:, expected.var["highly_variable"]]

    assert clean.n_vars == 400
    assert 100 < clean.var["kept"].sum() < 400
    chosen = clean[:, clean.var["highly_variable"]]
    assert list(chosen.var_names) == list(expected.var_names)
    np.testing.assert_allclose(chosen.X.toarray(), expected.X, rtol=1e-5)


def test_components_are_those_of_the_variable_genes(monkeypatch):
    monkeypatch.setattr("stbench.data.preprocessing.N_VARIABLE_GENES", 100)
    adata = simulate(Tissue(n_cells=300, n_genes=400), "toy")
    adata.uns["dataset"].update(hvg=True, filter_cell=10)
    clean = preprocess(adata)
    chosen = clean.X[:, clean.var["highly_variable"].to_numpy()].toarray().astype(float)
    singular = np.linalg.svd(chosen - chosen.mean(axis=0), compute_uv=False)[:30]
    np.testing.assert_allclose(np.linalg.norm(clean.obsm["X_pca"], axis=0), singular, rtol=1e-4)


@pytest.mark.parametrize("n_genes", [60, 2100])
@pytest.mark.parametrize("make", [sp.csr_matrix, np.asarray])
def test_components_by_svd(make, n_genes):
    rng = np.random.default_rng(0)
    values = rng.poisson(rng.gamma(1, 1, (1, n_genes)), (50, n_genes)).astype(np.float32)
    got = principal_components(make(values))
    left, singular, _ = np.linalg.svd(values - values.mean(axis=0).astype(float))
    expected = left[:, :30] * singular[:30]
    signs = np.sign((expected * got).sum(axis=0))
    assert got.shape == (50, 30)
    np.testing.assert_allclose(got, expected * signs, atol=1e-4)
    np.testing.assert_array_equal(got, principal_components(make(values)))


def test_features_pass_through():
    adata = dataset(kind="features")
    adata.X = np.random.default_rng(0).normal(size=adata.shape).astype(np.float32)
    clean = preprocess(adata)
    np.testing.assert_array_equal(clean.X, adata.X)
    np.testing.assert_array_equal(clean.layers["counts"], adata.X)
    assert clean.obsm["X_pca"].shape == (80, 30)


def test_intensities_are_normalized_as_counts_are():
    adata = dataset(kind="intensities")
    adata.X = adata.X * np.float32(0.37)
    totals = np.expm1(preprocess(adata).X.toarray()).sum(axis=1)
    np.testing.assert_allclose(totals, np.median(adata.X.toarray().sum(axis=1)), rtol=1e-4)


def test_distances_between_cells_at_one_place_are_stored():
    coords = np.array([[0, 0], [0, 0], [3, 4], [10, 0]], dtype=float)
    graph = spatial_distances(coords)
    assert graph.nnz == 12
    np.testing.assert_array_equal(np.diff(graph.indptr), 3)
    np.testing.assert_array_equal(graph.indices[:3], [1, 2, 3])
    np.testing.assert_allclose(graph.data[:3], [0, 5, 10])
    np.testing.assert_allclose(graph.toarray(), graph.toarray().T)


def test_fifteen_neighbours_or_all_others():
    assert np.unique(np.diff(preprocess(dataset()).obsp["spatial_distances"].indptr)) == 15
    small = preprocess(dataset(n_cells=6))
    assert np.unique(np.diff(small.obsp["spatial_distances"].indptr)) == 5
    assert small.obsm["X_pca"].shape == (6, 5)


def test_coincident_cells_survive_the_file(tmp_path):
    adata = dataset()
    adata.obsm["spatial"][1] = adata.obsm["spatial"][0]
    write_h5ad(tmp_path / "x.h5ad", preprocess(adata))
    assert read_h5ad(tmp_path / "x.h5ad").obsp["spatial_distances"].nnz == 80 * 15


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "tpm"}, "kind 'tpm' is unknown"),
        ({"kind": "intensities", "hvg": True}, "set hvg to false"),
        ({"kind": "features", "hvg": True}, "set hvg to false"),
        ({"hvg": True, "filter_cell": 1000}, "lower filter_cell"),
        ({"n_domains": 1}, "n_domains: 1, as the labels of these cells; at least 2 are needed"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        preprocess(dataset(**settings))


def test_too_small_is_refused():
    with pytest.raises(InputError, match="too small"):
        preprocess(dataset()[:1].copy())


def test_a_dataset_that_is_not_ours_is_refused():
    with pytest.raises(InputError, match="uns\\['dataset'\\] is missing"):
        preprocess(ad.AnnData(np.ones((3, 3), np.float32)))


def test_program_is_repeatable_and_passes_failures_on(tmp_path):
    write_h5ad(tmp_path / "in.h5ad", dataset())
    files = [tmp_path / "a.h5ad", tmp_path / "b.h5ad"]
    for file, run in zip(files, (run_here, run_apart), strict=True):
        done = run(PROGRAM, "--input", tmp_path / "in.h5ad", "--output", file)
        assert done.returncode == 0, done.stderr
    assert files[0].read_bytes() == files[1].read_bytes()
    assert read_h5ad(files[0]).obs.shape == (80, 0)

    failed = ad.AnnData(np.zeros((0, 0), np.float32), pd.DataFrame(), pd.DataFrame())
    failed.uns["dataset"] = {"id": "V1", "status": "error", "reason": "data not available: ask"}
    write_h5ad(tmp_path / "failed.h5ad", failed)
    done = run_here(PROGRAM, "--input", tmp_path / "failed.h5ad", "--output", tmp_path / "out.h5ad")
    assert done.returncode == 0, done.stderr
    passed = read_h5ad(tmp_path / "out.h5ad")
    assert passed.shape == (0, 0)
    assert dict(passed.uns["dataset"]) == failed.uns["dataset"]


def test_program_refuses_in_one_line(tmp_path):
    (tmp_path / "broken.h5ad").write_bytes(b"no h5ad")
    done = run_here(PROGRAM, "--input", tmp_path / "broken.h5ad", "--output", tmp_path / "out.h5ad")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out.h5ad").exists()
