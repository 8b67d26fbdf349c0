"""Interactions planted into the counts of a tissue: what changes, and what is refused."""

import json

import numpy as np
import pytest

from helpers.programs import run_here
from stbench.common.errors import InputError, NotApplicableError
from stbench.common.io import read_h5ad, write_h5ad
from stbench.common.paths import CONFIG, SCRIPTS
from stbench.config.benchmark import load_benchmark
from stbench.config.planting import DEFAULTS, planted_entry
from stbench.config.registry import load_registry
from stbench.config.schema import load_yaml
from stbench.config.tissues import SEMI_SYNTHETIC, tissue_of
from stbench.data import planting
from stbench.data.planting import plant_into, spacing_of
from stbench.data.preprocessing import preprocess
from stbench.data.simulation import Tissue, simulate
from stbench.data.simulation.tissue import RANGES, REGIMES
from stbench.interactions.baselines import cosine
from stbench.interactions.candidate_pairs import within_reach
from stbench.interactions.metrics import auroc, true_pairs
from stbench.interactions.strata import strata_of, within

REGISTRY = load_registry(CONFIG / "datasets.yaml")


def parameters(**more):
    return {**DEFAULTS, "effect": 2.0, "n_triples": 3, **more}


@pytest.fixture(scope="module")
def tissue():
    """A tissue without interactions, as if it had been measured in micrometers."""
    adata = simulate(Tissue(n_cells=500, seed=2), "measured")
    adata.obsm["spatial"] = adata.obsm["spatial"] * 40
    return adata


def test_the_spacing_is_that_of_a_lattice_and_ignores_empty_parts():
    grid = np.stack(np.meshgrid(np.arange(30), np.arange(30)), -1).reshape(-1, 2) * 7.0
    assert spacing_of(grid) == pytest.approx(7, rel=0.05)
    apart = np.vstack([grid, grid + 1e4])
    assert spacing_of(apart) == pytest.approx(7, rel=0.05)


@pytest.mark.parametrize("regime", ["complementary", "alike", "opposite"])
def test_only_the_genes_of_triples_change_and_by_about_the_effect(tissue, regime):
    planted = plant_into(tissue, "mine", parameters(regime=regime, range="contact", radius=1.6))
    triples = planted.uns["true_triples"]
    used = np.isin(
        planted.var_names, [*triples["ligand"], *triples["receptor"], *triples["targets"].ravel()]
    )
    change = (planted.X - tissue.X).toarray()
    assert (change[:, ~used] == 0).all() and (change[:, used] != 0).any()
    assert planted.X.min() >= 0 and (planted.X.data == np.round(planted.X.data)).all()
    pairs = planted.obsp["true_interactions"]
    assert (pairs != pairs.T).nnz == 0 and pairs.nnz > 0
    types = planted.obs["celltype"].to_numpy(dtype=object)
    number = {gene: place for place, gene in enumerate(planted.var_names)}
    for sender, receiver, targets in zip(
        triples["sender_type"], triples["receiver_type"], triples["targets"], strict=True
    ):
        acting = pairs[np.ix_(types == sender, types == receiver)].toarray() > 0
        received = np.flatnonzero(types == receiver)[acting.any(axis=0)]
        columns = [number[gene] for gene in targets]
        before = tissue.X[received][:, columns].mean()
        fold = planted.X[received][:, columns].mean() / before
        assert fold < 0.5 if regime == "opposite" else 3 < fold < 20
    assert (planted.obs["cluster"] == tissue.obs["cluster"]).all()
    assert np.array_equal(planted.obsm["spatial"], tissue.obsm["spatial"])
    assert triples["radius"] == pytest.approx(1.6 * spacing_of(tissue.obsm["spatial"]))


def test_the_regime_decides_whether_likeness_shows_interactions(tissue):
    found = {}
    for regime in ("alike", "opposite"):
        planted = plant_into(tissue, "mine", parameters(regime=regime, effect=3.0))
        clean = preprocess(planted)
        candidates = within_reach(clean.obsm["spatial"], 15)
        truth = true_pairs(planted.obsp["true_interactions"], candidates.pairs)
        strata = strata_of(candidates, planted.obs["celltype"].astype(str).to_numpy())
        scores = cosine(clean.X, candidates)
        found[regime] = within(truth, scores, strata["distance and types"])["AUROC"]
        assert auroc(truth, scores) != 0.5
    assert found["alike"] > 0.6 > 0.5 > found["opposite"]


def test_a_window_has_the_cells_nearest_to_the_center(tissue):
    window = plant_into(tissue, "mine", parameters(cells=120, n_triples=1))
    center = tissue.obsm["spatial"].mean(axis=0)
    inside = tissue.obs_names.isin(window.obs_names)
    distances = np.linalg.norm(tissue.obsm["spatial"] - center, axis=1)
    assert inside.sum() == window.n_obs == 120
    assert distances[inside].max() <= distances[~inside].min()
    assert window.obsp["true_interactions"].shape == (120, 120)
    assert window.uns["dataset"]["n_domains"] == window.obs["cluster"].nunique()
    assert "120 cells, planted" in window.uns["dataset"]["derived_from"]
    assert (window.obs.astype(str) == tissue.obs[inside].astype(str)).all(axis=None)


def test_the_seed_decides_everything_and_cells_without_a_type_take_no_part(tissue):
    gaps = tissue.copy()
    gaps.obs.loc[gaps.obs_names[::5], "celltype"] = np.nan
    one, other, third = (plant_into(gaps, "a", parameters(seed=seed)) for seed in (0, 0, 1))
    assert (one.X != other.X).nnz == 0 and (one.X != third.X).nnz > 0
    untyped = gaps.obs["celltype"].isna().to_numpy()
    assert one.obsp["true_interactions"][untyped].nnz == 0
    assert (one.X[untyped] != gaps.X[untyped]).nnz == 0


def test_what_cannot_be_planted_is_refused(tissue):
    with pytest.raises(InputError, match=r"mine: 210 genes are needed, half of the panel is 100"):
        plant_into(tissue, "mine", parameters(n_triples=30))
    without = tissue.copy()
    del without.obs["celltype"]
    with pytest.raises(NotApplicableError, match="cell types"):
        plant_into(without, "mine", parameters())
    untyped = tissue.copy()
    untyped.obs["celltype"] = untyped.obs["celltype"].where(np.zeros(tissue.n_obs, bool))
    with pytest.raises(NotApplicableError, match="no cell has one"):
        plant_into(untyped, "mine", parameters())
    features = tissue.copy()
    features.uns["dataset"] = {**features.uns["dataset"], "kind": "features"}
    with pytest.raises(NotApplicableError, match="counts"):
        plant_into(features, "mine", parameters())


def test_the_program_writes_the_tissue_or_the_reason(tissue, tmp_path):
    write_h5ad(tmp_path / "tissue.h5ad", tissue)
    program = SCRIPTS / "plant.py"
    for given, status in ((parameters(), "ok"), (parameters(n_triples=30), "error")):
        run = run_here(
            *(program, "--data", tmp_path / "tissue.h5ad", "--id", "mine", "--record-failure"),
            *("--parameters", str(given).replace("'", '"'), "--output", tmp_path / "out.h5ad"),
        )
        assert run.returncode == 0, run.stderr
        written = read_h5ad(tmp_path / "out.h5ad")
        assert written.uns["dataset"]["status"] == status
        assert ("true_interactions" in written.obsp) == (status == "ok")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"regime": "oposite"}, "regime: 'oposite' is none of complementary, alike, opposite"),
        ({"range": "contacts"}, "range: 'contacts' is none of"),
        ({"n_triples": 0}, "n_triples: 0; at least 1 is needed"),
        ({"cells": 5}, "cells: 5; at least 50 is needed"),
        ({"reach": 2}, "parameters: reach is missing or unknown"),
    ],
)
def test_the_program_refuses_wrong_parameters(given, reason, tissue, tmp_path):
    write_h5ad(tmp_path / "tissue.h5ad", tissue)
    run = run_here(
        *(SCRIPTS / "plant.py", "--data", tmp_path / "tissue.h5ad", "--id", "mine"),
        *("--parameters", json.dumps(parameters(**given)), "--output", tmp_path / "out.h5ad"),
    )
    assert run.returncode == 1 and not (tmp_path / "out.h5ad").exists()
    assert run.stderr.startswith("error: mine: ") and reason in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_regimes_and_ranges_are_those_of_simulated_tissues():
    assert (planting._REGIMES, planting._RANGES) == (REGIMES, RANGES)


def test_a_configuration_plants_into_a_published_tissue():
    section = {"id": "BZ5_{regime}", "plant": {"into": "BZ5", "regime": ["alike", "opposite"]}}
    config = {**load_yaml(CONFIG / "config.yaml"), "datasets": [section], "methods": ["stague"]}
    benchmark = load_benchmark(config, CONFIG)
    assert list(benchmark.datasets) == ["BZ5_alike", "BZ5_opposite"]
    entry = benchmark.datasets["BZ5_opposite"]
    assert entry["plant"] == {**DEFAULTS, "into": "BZ5", "regime": "opposite", "seed": 1}
    assert entry["n_domains"] == REGISTRY["BZ5"]["n_domains"]
    assert tissue_of(entry) == SEMI_SYNTHETIC
    assert list(benchmark.downloads) == ["BZ5"] and "BZ5" in benchmark.made
    assert benchmark.of_origin("planted") == list(benchmark.datasets)


@pytest.mark.parametrize(
    ("plant", "message"),
    [
        ({"into": "BZ55"}, "'BZ55' is not a published tissue"),
        ({"into": "sim_layers"}, "'sim_layers' is not a published tissue"),
        ({"into": "V1_pca"}, "V1_pca has features; counts are needed"),
        ({"into": "BZ5", "regime": "odd"}, "regime"),
        ({"into": "BZ5", "radios": 2}, "radios"),
        ({}, "into"),
    ],
)
def test_a_wrong_section_is_refused_in_one_line(plant, message):
    with pytest.raises(InputError, match=message) as error:
        planted_entry({"id": "mine", "plant": plant}, REGISTRY)
    assert str(error.value).startswith("dataset 'mine':") and "\n" not in str(error.value)
