"""NichePCA and GraphPCA: each package computes what its method is; versions of packages."""

import importlib
from importlib.metadata import version

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import yaml
from anndata import AnnData
from sklearn.decomposition import PCA

from helpers.pins import pins
from stbench.common.errors import InputError, NotApplicableError
from stbench.common.paths import PROJECT
from stbench.data.preprocessing import log_normalize, principal_components
from stbench.graphs.neighbors import knn, knn_pairs

ENTRIES = yaml.safe_load((PROJECT / "config/methods.yaml").read_text())
QUICK = {
    "nichepca": {"n_neighbors": 6, "n_components": 5},
    "graphpca": {"n_neighbors": 4, "n_components": 5, "min_cells": 2},
}

pytestmark = pytest.mark.filterwarnings("ignore")  # the packages' own


def record(epoch, embedding):
    raise AssertionError("nothing is trained here")


def tissue(n=120, genes=24, kind="counts", chosen=24):
    """Two halves with different genes, prepared as methods get it."""
    rng = np.random.default_rng(0)
    positions = rng.uniform(0, 100, (n, 2))
    right = positions[:, :1] > 50
    means = np.linspace(1, 9, genes) * np.where(right, rng.uniform(0.2, 2, genes), 1)
    counts = sp.csr_matrix(rng.poisson(means).astype(np.float32))
    values = counts.toarray() - 3 if kind == "features" else counts
    normalized = values if kind == "features" else log_normalize(counts, np.ones(genes, bool), 0)
    names = pd.DataFrame(index=[f"gene{i}" for i in range(genes)])
    adata = AnnData(normalized, var=names, obsm={"spatial": positions}, layers={"counts": values})
    adata.var["highly_variable"] = np.arange(genes) < chosen
    adata.obsm["X_pca"] = principal_components(normalized)
    adata.uns["dataset"] = {"kind": kind}
    return adata


def run(method, adata, seed=0, n_domains=2, **params):
    known = {**ENTRIES[method]["params"], **QUICK[method], **params}
    module = importlib.import_module(f"methods.{method}")
    return module.fit(adata, n_domains, seed, "cpu", known, record)


def same_axes(one, other, tolerance=1e-4):
    """Equal columns, each up to its sign."""
    signs = np.sign((one * other).sum(axis=0))
    np.testing.assert_allclose(one, other * signs, atol=tolerance * np.abs(one).max())


def smoothed(values, pairs):
    """The mean over a cell and the cells that it is linked with."""
    n = len(values)
    linked = sp.csr_matrix((np.ones(len(pairs)), pairs.T), shape=(n, n))
    linked = linked + linked.T + sp.identity(n)
    return (linked @ values) / (linked @ np.ones((n, 1)))


def test_nichepca_is_components_of_smoothed_expression():
    adata = tissue(chosen=5)  # the package takes all genes
    values = adata.X.toarray().astype(np.float64)
    expected = PCA(5).fit_transform(smoothed(values, knn_pairs(adata.obsm["spatial"], 6)))
    same_axes(run("nichepca", adata).embedding, expected)


def test_nichepca_smooths_features_as_they_are():
    adata = tissue(kind="features")
    pairs = knn_pairs(adata.obsm["spatial"], 6)
    expected = PCA(5).fit_transform(smoothed(adata.layers["counts"], pairs))
    same_axes(run("nichepca", adata).embedding, expected)


def test_nichepca_normalizes_and_smooths_each_section_alone():
    adata = tissue()
    adata.obs["section"] = pd.Categorical(np.repeat(["one", "other"], 60))
    both = run("nichepca", adata, n_components=23).embedding
    counts, halves = adata.layers["counts"], []
    for cells in (slice(0, 60), slice(60, 120)):
        values = log_normalize(counts[cells], np.ones(24, bool), 0).toarray()
        halves.append(smoothed(values, knn_pairs(adata.obsm["spatial"][cells], 6)))
    same_axes(both, PCA(23).fit_transform(np.vstack(halves)), 1e-3)


@pytest.mark.parametrize("cells", [120, 119])  # exact and iterative
def test_graphpca_s_components_solve_their_equation(cells):
    from methods.graphpca import scaled_residuals

    adata = tissue(chosen=12)
    fit = run("graphpca", adata, exact_cells=cells, n_components=3)
    assert fit.info["exact"] == (cells == 120)
    assert fit.info["genes"] == 12
    values = np.asarray(scaled_residuals(adata, 2).X)
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(values.std(axis=0, ddof=1), 1, atol=1e-5)
    _, neighbors = knn(adata.obsm["spatial"], 4)
    graph = np.zeros((120, 120))
    np.put_along_axis(graph, neighbors, 0.5, axis=1)
    graph += graph.T
    system = np.eye(120) + 0.5 * (np.diag(graph.sum(axis=1)) - graph)
    solved = np.linalg.solve(system, values)
    axes = np.linalg.eigh(values.T @ solved)[1][:, ::-1][:, :3]
    # The iterative solution is another basis of almost the same space.
    ours, exact = (np.linalg.qr(z)[0] for z in (fit.embedding, solved @ axes))
    cosines = np.linalg.svd(ours.T @ exact, compute_uv=False)
    assert cosines.min() > (1 - 1e-6 if cells == 120 else 0.95)


def test_graphpca_leaves_out_rare_genes_and_says_if_none_is_left():
    adata = tissue()
    counts = adata.layers["counts"].toarray()
    counts[1:, :3], counts[0, :3] = 0, 9
    adata.layers["counts"] = sp.csr_matrix(counts)
    assert run("graphpca", adata).info["genes"] == 21
    with pytest.raises(InputError, match="0 variable genes are detected in 121 cells or more"):
        run("graphpca", adata, min_cells=121)


@pytest.mark.parametrize("method", QUICK)
@pytest.mark.parametrize("kind", ["intensities", "features"])
def test_what_is_no_counts_is_treated_too(method, kind):
    fit = run(method, tissue(kind=kind))
    assert len(fit.embedding) == 120
    assert np.isfinite(fit.embedding).all()


@pytest.mark.parametrize("method", QUICK)
def test_cells_at_one_place_and_cells_without_counts(method):
    adata = tissue()
    adata.obsm["spatial"][60:] = adata.obsm["spatial"][:60]
    counts = adata.layers["counts"].toarray()
    counts[:4] = 0
    adata.layers["counts"] = sp.csr_matrix(counts)
    adata.X = log_normalize(adata.layers["counts"], np.ones(24, bool), 0)
    fit = run(method, adata)
    assert np.isfinite(fit.embedding).all()


@pytest.mark.parametrize("method", QUICK)
def test_refusals(method):
    with pytest.raises(NotApplicableError, match=r"needs \d+ cells, this dataset has 3"):
        run(method, tissue(3), n_domains=4, n_neighbors=6)
    with pytest.raises(InputError, match=f"{method}: n_neighbors is 0"):
        run(method, tissue(), n_neighbors=0)


@pytest.mark.parametrize("method", [*QUICK, "spatialleiden"])
def test_the_named_version_is_the_one_that_is_installed(method):
    name, named = ENTRIES[method]["implementation"].removeprefix("package ").split("==")
    assert pins(PROJECT / "requirements.lock")[name] == named == version(name)
