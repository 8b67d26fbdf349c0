"""Simulated tissues: the contract, the knobs, and that they are neither trivial nor hopeless."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from scipy.spatial import cKDTree

from helpers.programs import run_apart, run_here
from stbench.common.errors import InputError
from stbench.common.io import read_h5ad
from stbench.common.paths import SCRIPTS
from stbench.data.preprocessing import preprocess
from stbench.data.simulation import Tissue, simulate
from stbench.data.simulation.layouts import LAYOUTS
from stbench.data.simulation.positions import scatter_cells

PROGRAM = SCRIPTS / "simulate.py"
REQUIRED = {
    "id", "technology", "organism", "unit", "source", "sha256", "licence", "kind", "n_domains",
    "has_truth", "dropped_cells", "hvg", "filter_cell", "norm_target", "refine", "status", "reason",
}  # fmt: skip


def neighbours_that_agree(adata) -> float:
    """Share of the six nearest cells that lie in a cell's own domain."""
    codes = adata.obs["cluster"].cat.codes.to_numpy()
    _, index = cKDTree(adata.obsm["spatial"]).query(adata.obsm["spatial"], 7)
    return float((codes[index[:, 1:]] == codes[:, None]).mean())


def kmeans_ari(adata, smooth: bool) -> float:
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score

    from methods import pca, smoothed_pca

    method = smoothed_pca if smooth else pca
    params = {"n_neighbors": 15}
    fit = method.fit(preprocess(adata), 5, 0, "cpu", params, lambda epoch, embedding: None)
    labels = KMeans(5, n_init=10, random_state=0).fit_predict(fit.embedding)
    return adjusted_rand_score(adata.obs["cluster"], labels)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_contract(layout):
    adata = simulate(Tissue(layout=layout, n_cells=300, n_genes=50, dropout=0.3), "sim_x")
    assert adata.shape == (300, 50)
    assert adata.X.format == "csr"
    assert adata.X.dtype == np.float32
    assert (adata.X.data > 0).all()
    assert (adata.X.data == np.round(adata.X.data)).all()
    assert (adata.X.sum(axis=1) > 0).all()
    assert (adata.obs.dtypes == "category").all()
    assert set(adata.obs) == {"cluster", "celltype"}
    assert adata.obs["cluster"].nunique() == 5
    assert not adata.obs.isna().any(axis=None)
    assert adata.obsm["spatial"].shape == (300, 2)
    assert adata.obsm["spatial"].dtype == np.float64
    assert adata.obs_names.is_unique
    facts = adata.uns["dataset"]
    assert set(facts) == REQUIRED
    assert (facts["id"], facts["kind"], facts["n_domains"]) == ("sim_x", "counts", 5)
    assert len(facts["sha256"]) == 64


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("n_cells", [4, 5, 17])
def test_every_domain_has_a_cell_even_in_tiny_tissues(layout, n_cells):
    for seed in range(10):
        tissue = Tissue(layout=layout, n_cells=n_cells, n_domains=4, n_genes=3, seed=seed)
        assert simulate(tissue, "x").obs["cluster"].nunique() == 4


@pytest.mark.parametrize("layout", LAYOUTS)
def test_domains_are_regions(layout):
    assert neighbours_that_agree(simulate(Tissue(layout=layout, n_cells=2000), "x")) > 0.75


def test_layouts_are_what_their_names_say():
    def spread(layout: str, coordinate) -> np.ndarray:
        """The sd of a coordinate within each domain over its sd in the whole tissue."""
        adata = simulate(Tissue(layout=layout, n_cells=2000), "x")
        place = adata.obsm["spatial"] - adata.obsm["spatial"].mean(axis=0)
        values = coordinate(place)
        return (
            np.array(
                [
                    values[adata.obs["cluster"] == d].std()
                    for d in adata.obs["cluster"].cat.categories
                ]
            )
            / values.std()
        )

    assert spread("layers", lambda place: place[:, 1]).max() < 0.5
    assert spread("layers", lambda place: place[:, 0]).min() > 0.6
    assert spread("rings", lambda place: np.hypot(*place.T)).max() < 0.7
    assert spread("rings", lambda place: place[:, 0])[1:].min() > 0.6
    islands = simulate(Tissue(layout="islands", n_cells=2000), "x").obs["cluster"]
    assert 0.4 < (islands == "domain1").mean() < 0.5


def test_cells_keep_a_distance_and_fill_the_area():
    points = scatter_cells(2500, np.random.default_rng(0)) * 50
    nearest = cKDTree(points).query(points, 2)[0][:, 1]
    assert points.min() >= 0
    assert points.max() <= 50
    assert nearest.min() > 0.2
    assert nearest.mean() > 0.6  # at random places it would be 0.5


def test_density_is_cells_per_area():
    sparse = simulate(Tissue(density=1.0), "x").obsm["spatial"]
    dense = simulate(Tissue(density=4.0), "x").obsm["spatial"]
    np.testing.assert_allclose(dense * 2, sparse)
    assert np.prod(np.ptp(sparse, axis=0)) == pytest.approx(600, rel=0.1)


def test_same_seed_same_tissue_other_seed_another():
    first, again, other = (simulate(Tissue(seed=seed), "x") for seed in (1, 1, 2))
    assert (first.X != again.X).nnz == 0
    np.testing.assert_array_equal(first.obsm["spatial"], again.obsm["spatial"])
    assert first.obs.equals(again.obs)
    assert (first.X != other.X).nnz > 0
    assert first.uns["dataset"]["sha256"] == again.uns["dataset"]["sha256"]
    assert first.uns["dataset"]["sha256"] != other.uns["dataset"]["sha256"]


def test_blocks_do_not_repeat_their_randomness(monkeypatch):
    monkeypatch.setattr("stbench.data.simulation.counts._VALUES_AT_ONCE", 200 * 50)
    counts = simulate(Tissue(n_cells=600), "x").X.toarray()
    assert counts.shape == (600, 200)
    assert len(np.unique(counts, axis=0)) == 600


def test_counts_are_overdispersed_and_libraries_vary():
    adata = simulate(Tissue(n_cells=3000, contrast=0.0, n_types=1), "x")
    mean = np.asarray(adata.X.mean(axis=0)).ravel()
    variance = np.asarray(adata.X.power(2).mean(axis=0)).ravel() - mean**2
    assert (variance > mean)[mean > 1].all()
    totals = np.asarray(adata.X.sum(axis=1)).ravel()
    assert 0.3 < np.log(totals).std() < 0.45


def test_dropout_removes_its_share():
    full, thin = (simulate(Tissue(dropout=dropout), "x").X.sum() for dropout in (0.0, 0.4))
    assert thin / full == pytest.approx(0.6, abs=0.03)


def test_a_cell_without_counts_gets_one():
    adata = simulate(Tissue(n_genes=3, dropout=0.95), "x")
    totals = np.asarray(adata.X.sum(axis=1)).ravel()
    assert totals.min() == 1
    assert adata.n_obs == 600


@pytest.mark.parametrize("layout", LAYOUTS)
def test_neither_trivial_nor_hopeless(layout):
    tissues = [simulate(Tissue(layout=layout, seed=seed), "x") for seed in range(3)]
    plain = np.mean([kmeans_ari(adata, smooth=False) for adata in tissues])
    smooth = np.mean([kmeans_ari(adata, smooth=True) for adata in tissues])
    assert 0.05 < plain < 0.4
    assert 0.45 < smooth < 0.85


def test_contrast_decides_how_hard_it_is():
    none, some, much = (kmeans_ari(simulate(Tissue(contrast=c), "x"), True) for c in (0, 0.5, 3))
    assert abs(none) < 0.1
    assert none < some < much


PUBLISHED = {
    "layers": "0e966d1fe7ed8f51d98d72b21cfaef70a94104a20ee213f686516c426cdcb0bb",
    "rings": "6fdf81a1ca6422f96cd770ba526b6b498b0e47b1b3044188cc3dff34c2ec4e54",
    "islands": "919d865103ac18cac15c34e436611fba7269bcb0b63c79ed3344bb11b2e96b60",
    "mosaic": "a34acbe7c4ba3228b4293b245f237005a41f8b856a2a65c8cdfc9859650bf3c4",
}
"""Digests of tissues as they were before there were gradients, patches, spill-over and references:
published numbers belong to these."""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_tissues_without_later_options_are_the_published_ones(layout):
    adata = simulate(Tissue(layout=layout, n_cells=150, n_genes=40, dropout=0.2, seed=3), "x")
    labels = [adata.obs[column].cat.codes.to_numpy() for column in ("cluster", "celltype")]
    digest = hashlib.sha256()
    for array in (adata.X.toarray(), adata.obsm["spatial"].round(9), *labels):
        digest.update(array.tobytes())
    assert digest.hexdigest() == PUBLISHED[layout]


def test_parameters_without_effect_are_no_part_of_the_description():
    told = simulate(Tissue(), "x").uns["dataset"]["sha256"]
    assert told == "922b471fb5be1acf61679cf77dd66ba93df658a897f2651231582be18c731637"
    settings = Tissue(gradient=0.1, spillover=0.2).settings()
    assert {"gradient", "spillover"} <= set(settings)
    assert not {"patchiness", "density_sd", "reference", "effect"} & set(settings)


def profiles(adata, by: str) -> np.ndarray:
    """Log mean counts of each domain or type, (labels, genes)."""
    found = [adata[adata.obs[by] == label].X.mean(axis=0) for label in adata.obs[by].cat.categories]
    return np.log(np.asarray(np.vstack(found)) + 0.01)


def likeness(one, other, by: str) -> float:
    """Mean correlation of what marks each label (over the mean of all) in two tissues."""
    marks = [profiles(adata, by) - profiles(adata, by).mean(axis=0) for adata in (one, other)]
    pairs = zip(*marks, strict=True)
    return float(np.mean([np.corrcoef(pair)[0, 1] for pair in pairs]))


@pytest.mark.parametrize("by", ["cluster", "celltype"])
def test_sections_of_a_seed_share_what_a_label_is_and_nothing_else(by):
    def tissue(**more):
        return simulate(Tissue(n_cells=1500, **more), "x")

    one, two = (tissue(section=k, section_effect=0.5) for k in (1, 2))
    other = tissue(section=2, section_effect=0.5, seed=1)
    assert likeness(one, two, by) > 0.8
    assert abs(likeness(one, other, by)) < 0.3
    assert abs(likeness(one, tissue(), by)) < 0.3
    assert not np.isclose(one.obsm["spatial"], two.obsm["spatial"]).any()
    assert (one.X != two.X).nnz > one.X.nnz / 2
    again = tissue(section=1, section_effect=0.5)
    assert (one.X != again.X).nnz == 0
    assert len({made.uns["dataset"]["sha256"] for made in (one, two, other, again)}) == 3


def test_the_effect_of_a_section_is_the_shift_of_each_gene():
    def means(section: int, effect: float) -> np.ndarray:
        tissue = Tissue(n_cells=3000, n_genes=400, section=section, section_effect=effect)
        return np.log(np.asarray(simulate(tissue, "x").X.mean(axis=0)).ravel())

    without, slight, strong = (
        np.std(means(1, effect) - means(2, effect)) for effect in (0, 0.5, 1)
    )
    assert without < 0.2
    assert slight == pytest.approx(0.5 * 2**0.5, rel=0.15)
    assert strong == pytest.approx(2**0.5, rel=0.15)


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ({"n_domains": 1}, "n_domains"),
        ({"n_domains": 7, "n_cells": 6}, "n_cells"),
        ({"n_genes": 1}, "n_genes"),
        ({"n_types": 0}, "n_types"),
        ({"contrast": -0.1}, "contrast"),
        ({"contrast": float("nan")}, "contrast"),
        ({"dropout": 1.0}, "dropout"),
        ({"dropout": -0.1}, "dropout"),
        ({"density": 0.0}, "density"),
        ({"density": float("inf")}, "density"),
        ({"seed": -1}, "seed"),
        ({"layout": "stripes"}, "layout"),
        ({"section": -1}, "section"),
        ({"section": 1, "section_effect": -0.1}, "section_effect"),
        ({"section_effect": 0.5}, "section_effect"),
        ({"section": 1, "n_triples": 1}, "n_triples"),
        ({"gradient": -0.1}, "gradient"),
        ({"patchiness": float("nan")}, "patchiness"),
        ({"density_sd": float("inf")}, "density_sd"),
        ({"spillover": 1.0}, "spillover"),
        ({"reference": "nowhere"}, "reference"),
    ],
)
def test_bad_parameters_are_named(bad, named):
    with pytest.raises(InputError, match=f"{named} is"):
        Tissue(**bad)


def test_program_writes_the_same_bytes_twice(tmp_path):
    files = [tmp_path / "a.h5ad", tmp_path / "b.h5ad"]
    for file, run in zip(files, (run_here, run_apart), strict=True):
        size = ("--n-cells", 60, "--n-genes", 20)
        done = run(PROGRAM, "--id", "sim_rings", "--layout", "rings", *size, "--output", file)
        assert done.returncode == 0, done.stderr
    assert files[0].read_bytes() == files[1].read_bytes()
    adata = read_h5ad(files[0])
    assert adata.shape == (60, 20)
    assert adata.uns["dataset"]["id"] == "sim_rings"
    assert adata.uns["dataset"]["n_domains"] == 5


def test_program_refuses_in_one_line(tmp_path):
    done = run_here(PROGRAM, "--id", "x", "--layout", "stripes", "--output", tmp_path / "x.h5ad")
    assert done.returncode == 1
    assert done.stderr.startswith("error: simulation: layout is stripes")
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())
