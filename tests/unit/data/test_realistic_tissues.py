"""Tissues as uneven as real ones: inside the ranges of real sections, and what each option does."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from scipy.spatial import cKDTree

from stbench.common.paths import CONFIG
from stbench.config.registry import load_registry
from stbench.data.simulation import Tissue, simulate
from stbench.data.simulation.counts import spill_over
from stbench.data.simulation.gene_statistics import read_gene_statistics
from stbench.data.simulation.positions import thin_cells
from stbench.data.simulation.realism import Realism, realism
from stbench.data.simulation.smooth_fields import smooth_fields

ENTRIES = {
    name: entry["simulate"]
    for name, entry in load_registry(CONFIG / "datasets.yaml").items()
    if "simulate" in entry
}
REALISTIC = [name for name, options in ENTRIES.items() if "reference" in options]
PLAIN = [name for name in ENTRIES if name not in REALISTIC]


@cache
def made(name: str):
    return simulate(Tissue(**ENTRIES[name]), name)


@cache
def measured(name: str) -> Realism:
    return realism(made(name))


def numbers(name: str) -> dict[str, float]:
    found = measured(name)
    return {
        "moran": float(np.median(found.moran)),
        "moran_of_totals": found.moran_of_totals,
        "same_type": found.same_type,
        "zeros": found.zeros,
        "total_cv": found.total_cv,
        "domain_share": float(np.median(found.domain_share)),
    }


# Of the real sections in docs/simulation.md, with a margin for a single tissue.
RANGES = {
    "moran": (0.03, 0.1),
    "moran_of_totals": (0.05, 0.25),
    "same_type": (1.15, 1.6),
    "zeros": (0.65, 0.78),
    "total_cv": (0.5, 0.7),
    "domain_share": (0.005, 0.015),
}


@pytest.mark.parametrize("name", REALISTIC)
def test_realistic_tissues_are_in_the_range_of_real_sections(name):
    outside = {
        key: value
        for key, value in numbers(name).items()
        if not RANGES[key][0] <= value <= RANGES[key][1]
    }
    assert not outside


@pytest.mark.parametrize("name", PLAIN)
def test_plain_tissues_are_outside_of_every_range(name):
    for key, value in numbers(name).items():
        assert not RANGES[key][0] <= value <= RANGES[key][1], key


def test_there_is_a_realistic_tissue_of_each_layout():
    assert {ENTRIES[name]["layout"] for name in REALISTIC} == {
        ENTRIES[name]["layout"] for name in PLAIN
    }


SMALL = Tissue(n_cells=600, n_genes=100, n_types=8, seed=2)


def median_moran(**options) -> float:
    return float(np.median(realism(simulate(replace(SMALL, **options), "x")).moran))


def test_gradients_and_spill_over_make_genes_smooth_inside_domains():
    plain = median_moran()
    assert abs(plain) < 0.02
    assert median_moran(gradient=0.8) > plain + 0.06
    assert median_moran(spillover=0.3) > plain + 0.03


def test_patchy_types_keep_the_mixtures_of_domains():
    mixed, patchy = (simulate(replace(SMALL, patchiness=p, n_cells=3000), "x") for p in (0, 1.5))
    assert realism(mixed).same_type == pytest.approx(1, abs=0.05)
    assert realism(patchy).same_type > 1.3
    assert mixed.obs["cluster"].equals(patchy.obs["cluster"])
    shares = [
        pd.crosstab(adata.obs["cluster"], adata.obs["celltype"], normalize="index")
        for adata in (mixed, patchy)
    ]
    one, other = (share.reindex(columns=shares[0].columns, fill_value=0) for share in shares)
    assert np.corrcoef(one.to_numpy().ravel(), other.to_numpy().ravel())[0, 1] > 0.85


def test_domains_differ_in_density():
    def densities(spread: float) -> np.ndarray:
        adata = simulate(replace(SMALL, density_sd=spread, n_cells=1500), "x")
        distance = cKDTree(adata.obsm["spatial"]).query(adata.obsm["spatial"], 7)[0][:, -1]
        by_domain = adata.obs.assign(log=-2 * np.log(distance)).groupby("cluster", observed=True)
        return by_domain["log"].median().to_numpy()

    assert densities(0).std() < 0.1
    assert densities(0.6).std() > 0.2


def test_thinning_follows_the_densities_and_keeps_every_domain():
    domains = np.repeat([0, 1, 2], [500, 500, 1])
    log_density = np.array([0.0, np.log(3), -50.0])
    kept = thin_cells(domains, log_density, 200, np.random.default_rng(0))
    assert len(np.unique(kept)) == 200
    numbers = np.bincount(domains[kept])
    assert numbers[2] == 1
    assert 2 < numbers[1] / numbers[0] < 4


def test_spilled_molecules_go_to_the_nearest_cells_and_none_is_lost():
    coords = np.column_stack([np.arange(50.0), np.zeros(50)])
    counts = np.zeros((50, 3), np.float32)
    counts[20, 0] = 10000
    counts[:, 2] = 1
    spilled = spill_over(sp.csr_matrix(counts), coords, 0.3, np.random.default_rng(0))
    assert spilled.format == "csr" and spilled.dtype == np.float32
    assert (spilled.data > 0).all()
    after = spilled.toarray()
    np.testing.assert_array_equal(after.sum(axis=0), counts.sum(axis=0))
    assert after[20, 0] == pytest.approx(7000, rel=0.05)
    near = [17, 18, 19, 21, 22, 23]
    np.testing.assert_allclose(after[near, 0], 500, rtol=0.2)
    assert after[near, 0].sum() + after[20, 0] == 10000
    assert (after.sum(axis=1) > 0).all()  # a cell keeps its last molecule
    assert after[:17, 2].sum() == 17


def test_genes_are_like_those_of_the_reference():
    tissue = Tissue(n_cells=1500, n_genes=165, contrast=0.0, n_types=1, reference="BZ9")
    counts = simulate(tissue, "x").X.toarray()
    known = read_gene_statistics("BZ9")
    assert counts.sum(axis=1).mean() == pytest.approx(known.mean.sum(), rel=0.1)
    assert np.log(counts.sum(axis=1)).std() == pytest.approx(known.library_sd, rel=0.25)
    levels = [0.1, 0.25, 0.5, 0.75, 0.9]
    quantiles, expected = (
        np.quantile(np.log(means), levels) for means in (counts.mean(axis=0), known.mean)
    )
    np.testing.assert_allclose(quantiles, expected, atol=0.3)


def test_a_panel_larger_than_the_reference_repeats_its_genes():
    adata = simulate(Tissue(n_cells=100, n_genes=400, reference="BZ9"), "x")
    assert adata.shape == (100, 400)


def test_smooth_fields_vary_over_their_length():
    rng = np.random.default_rng(0)
    positions = rng.uniform(0, 50, (2000, 2))
    fields = smooth_fields(positions, 3.0, 20, rng)
    np.testing.assert_allclose(fields.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(fields.std(axis=0), 1)
    pairs = cKDTree(positions).query_pairs(9.5, output_type="ndarray")
    distance = np.linalg.norm(np.diff(positions[pairs], axis=1)[:, 0], axis=1)

    def correlation(low: float, high: float) -> float:
        i, j = pairs[(low <= distance) & (distance < high)].T
        return float((fields[i] * fields[j]).mean())

    assert correlation(0, 0.5) > 0.95
    assert correlation(2.9, 3.1) == pytest.approx(np.exp(-0.5), abs=0.1)
    assert abs(correlation(9, 9.5)) < 0.1


def test_interactions_can_be_planted_without_a_change_of_cells():
    tissue = Tissue(**ENTRIES[REALISTIC[0]])
    plain, planted = made(REALISTIC[0]), simulate(replace(tissue, n_triples=3), "x")
    np.testing.assert_array_equal(plain.obsm["spatial"], planted.obsm["spatial"])
    assert plain.obs.equals(planted.obs)
    assert planted.obsp["true_interactions"].nnz > 0
    assert (plain.X != planted.X).nnz > 0
