"""Planted interactions: the contract, what they do to expression, and that truth stays behind."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy.spatial import Delaunay

from helpers.programs import run_apart, run_here
from stbench.common.errors import InputError
from stbench.common.io import read_h5ad, write_h5ad
from stbench.common.paths import SCRIPTS
from stbench.data.planted_interactions import informed, plant
from stbench.data.preprocessing import preprocess
from stbench.data.simulation import Tissue, simulate
from stbench.data.simulation.tissue import RANGES, REGIMES
from stbench.interactions import baselines
from stbench.interactions.candidate_pairs import within_reach
from stbench.interactions.metrics import true_pairs, truth_scores
from stbench.interactions.strata import strata_of, within

PLANTED = Tissue(n_triples=4, effect=2.0, seed=5)


@pytest.fixture(scope="module")
def adata():
    return simulate(PLANTED, "x")


def pairs_of(adata) -> np.ndarray:
    pairs = np.column_stack(adata.obsp["true_interactions"].nonzero())
    return pairs[pairs[:, 0] < pairs[:, 1]]


def test_without_triples_a_tissue_is_what_it_was():
    plain = simulate(Tissue(), "x")
    told = simulate(Tissue(effect=9.0, radius=7.0, n_targets=2), "x")
    assert (plain.X != told.X).nnz == 0
    assert plain.uns["dataset"] == told.uns["dataset"]
    # of the parameters as they were before there were triples
    assert plain.uns["dataset"]["sha256"].startswith("922b471fb5be1acf")
    assert not plain.obsp and set(plain.uns) == {"dataset"}


def test_triples_change_neither_places_nor_domains_nor_types(adata):
    plain = simulate(replace(PLANTED, n_triples=0), "x")
    np.testing.assert_array_equal(plain.obsm["spatial"], adata.obsm["spatial"])
    assert plain.obs.equals(adata.obs)
    assert plain.uns["dataset"]["sha256"] != adata.uns["dataset"]["sha256"]
    assert (plain.X != adata.X).nnz > 0


def test_true_pairs_are_of_the_triples_types_and_within_the_radius(adata):
    matrix, triples = adata.obsp["true_interactions"], adata.uns["true_triples"]
    assert (matrix != matrix.T).nnz == 0
    assert set(matrix.data) == {1.0}
    assert matrix.diagonal().sum() == 0
    pairs = pairs_of(adata)
    gap = np.linalg.norm(np.diff(adata.obsm["spatial"][pairs], axis=1)[:, 0], axis=1)
    assert gap.min() > 0 and gap.max() <= PLANTED.radius
    types = adata.obs["celltype"].astype(str).to_numpy()
    allowed = set(zip(triples["sender_type"], triples["receiver_type"], strict=True))
    allowed |= {(receiver, sender) for sender, receiver in allowed}
    assert {tuple(types[pair]) for pair in pairs} <= allowed


def test_not_every_near_pair_of_these_types_interacts(adata):
    candidates = within_reach(adata.obsm["spatial"], 15)
    types = adata.obs["celltype"].astype(str).to_numpy()
    could = baselines.type_pair(types, adata.uns["true_triples"], candidates) > 0
    could &= candidates.distances <= PLANTED.radius
    truth = true_pairs(adata.obsp["true_interactions"], candidates.pairs)
    assert not (truth & ~could).any()
    assert 0.4 < truth[could].mean() < 0.8


def test_each_gene_has_one_role(adata):
    triples = adata.uns["true_triples"]
    assert triples["targets"].shape == (4, 5)
    genes = np.concatenate([np.ravel(triples[key]) for key in ("ligand", "receptor", "targets")])
    assert len(set(genes)) == len(genes) == 4 * 7
    assert set(genes) <= set(adata.var_names)


def test_the_effect_raises_the_targets_of_receivers_that_are_reached():
    raised = []
    for effect in (0.0, 1.0, 2.0):
        folds = []
        for seed in range(3):
            adata = simulate(Tissue(n_triples=3, effect=effect, n_cells=1500, seed=seed), "x")
            triples = adata.uns["true_triples"]
            types = adata.obs["celltype"].astype(str).to_numpy()
            values = preprocess(adata).X.toarray()
            columns = adata.var_names.get_indexer(triples["targets"][0])
            receives = types == triples["receiver_type"][0]
            reached = np.zeros(len(types), bool)
            for one, other in np.vstack([pairs_of(adata), pairs_of(adata)[:, ::-1]]):
                reached[other] |= types[one] == triples["sender_type"][0]
            mean = values[:, columns].mean(axis=1)
            folds.append(mean[receives & reached].mean() - mean[receives & ~reached].mean())
        raised.append(np.mean(folds))
    assert abs(raised[0]) < 0.15
    assert raised[0] + 0.2 < raised[1] < raised[2] - 0.2


@pytest.mark.parametrize("density", [1.0, 2.0])
def test_neither_trivial_nor_impossible(density):
    found: dict[str, list[float]] = {"near": [], "types": [], "informed": [], "prevalence": []}
    for seed in range(3):
        adata = simulate(Tissue(n_triples=4, effect=2.0, density=density, seed=seed), "x")
        triples, types = adata.uns["true_triples"], adata.obs["celltype"].astype(str).to_numpy()
        c = within_reach(adata.obsm["spatial"], 15)
        truth = true_pairs(adata.obsp["true_interactions"], c.pairs)
        genes, values = adata.var_names.to_numpy(), preprocess(adata).X
        scores = {
            "near": baselines.distance(c),
            "types": baselines.type_pair(types, triples, c),
            "informed": informed(types, values, genes, triples, c.pairs, c.distances),
        }
        for name, score in scores.items():
            found[name].append(truth_scores(truth, score)["AUPRC"])
        found["prevalence"].append(truth.mean())
    mean = {name: np.mean(values) for name, values in found.items()}
    assert mean["informed"] > 0.8
    assert mean["prevalence"] < mean["near"] < 0.4
    assert mean["prevalence"] < mean["types"] < 0.6


def test_the_defaults_are_the_tissues_from_before_there_were_regimes():
    old = simulate(PLANTED, "x").uns["dataset"]["sha256"]
    assert (
        simulate(replace(PLANTED, regime="complementary", range="radius"), "x").uns["dataset"][
            "sha256"
        ]
        == old
    )
    shas = {
        simulate(replace(PLANTED, regime=regime, range=range_), "x").uns["dataset"]["sha256"]
        for regime in REGIMES
        for range_ in RANGES
    }
    assert len(shas) == 9 and old in shas


def raised_targets(regime: str) -> np.ndarray:
    """Mean log change of the targets of the first triple in senders and receivers of a pair, and
    of the ligand in receivers."""
    options = {"regime": regime, "n_cells": 1500, "n_triples": 1, "effect": 1.5, "seed": 1}
    adata = simulate(Tissue(**options), "x")
    plain = simulate(Tissue(**options | {"n_triples": 0}), "x")
    triples = adata.uns["true_triples"]
    assert triples["regime"] == regime and triples["range"] == "radius"
    types = adata.obs["celltype"].astype(str).to_numpy()
    touched = adata.obsp["true_interactions"].getnnz(axis=1) > 0
    sender, receiver = (
        touched & (types == triples[f"{side}_type"][0]) for side in ("sender", "receiver")
    )
    assert triples["sender_type"][0] != triples["receiver_type"][0]
    targets = adata.var_names.get_indexer(triples["targets"][0])
    ligand = adata.var_names.get_indexer(triples["ligand"])

    def change(cells: np.ndarray, genes: np.ndarray) -> float:
        after, before = (x.X[cells][:, genes].sum() / x.X[cells].sum() for x in (adata, plain))
        return float(np.log(after / before))

    return np.array([change(sender, targets), change(receiver, targets), change(receiver, ligand)])


def test_a_regime_says_which_of_the_two_cells_changes():
    sender, receiver, ligand = raised_targets("complementary")
    assert abs(sender) < 0.2 and receiver > 1 and abs(ligand) < 0.3
    sender, receiver, ligand = raised_targets("alike")
    assert sender > 1 and receiver > 1 and ligand > 0.7
    sender, receiver, ligand = raised_targets("opposite")
    assert sender > 1 and receiver < -1 and abs(ligand) < 0.3


def test_of_two_cells_that_become_opposite_one_rises_and_one_falls_also_within_one_type():
    rng = np.random.default_rng(0)
    coords, types, base = rng.random((400, 2)) * 20, np.zeros(400, np.int64), np.zeros(12)
    planted = plant(coords, types, base, 1, 3, 2.0, 1.6, rng, regime="opposite")
    rise = planted.raised[:, planted.triples.targets[0]].toarray()
    assert set(rise[:, 0]) == {-2.0, 0.0, 2.0} and (rise == rise[:, :1]).all()
    one, other = planted.interactions.nonzero()
    assert len(one) > 200
    np.testing.assert_array_equal(rise[one], -rise[other])


def test_contacts_are_delaunay_neighbors_and_secreted_signals_fade_with_distance():
    tissue = replace(PLANTED, n_cells=1500, n_triples=6)
    contact = simulate(replace(tissue, range="contact", radius=1.6), "x")
    corners = Delaunay(contact.obsm["spatial"]).simplices
    near = {tuple(sorted(pair)) for corner in corners for pair in combinations(corner, 2)}
    assert {tuple(pair) for pair in pairs_of(contact)} <= near

    secreted = simulate(replace(tissue, range="secreted", radius=3.5), "x")
    c = within_reach(secreted.obsm["spatial"], 40)
    truth = true_pairs(secreted.obsp["true_interactions"], c.pairs)
    types = secreted.obs["celltype"].astype(str).to_numpy()
    could = baselines.type_pair(types, secreted.uns["true_triples"], c) > 0
    rates = [
        truth[could & (low <= c.distances) & (c.distances < high)].mean()
        for low, high in ((0, 1.2), (1.2, 2.4), (2.4, 3.5))
    ]
    assert rates[0] > 1.3 * rates[1] and rates[1] > 1.3 * rates[2] > 0
    assert not truth[c.distances > 3.5].any()


def test_likeness_separates_interacting_pairs_only_where_they_become_alike():
    found = {}
    for regime in REGIMES:
        values = []
        for seed in range(3):
            tissue = Tissue(n_triples=4, effect=2.0, seed=seed, regime=regime)
            adata = simulate(replace(tissue, range="contact", radius=1.6), "x")
            c = within_reach(adata.obsm["spatial"], 15)
            truth = true_pairs(adata.obsp["true_interactions"], c.pairs)
            likeness = baselines.cosine(preprocess(adata).obsm["X_pca"], c)
            stratum = strata_of(c, adata.obs["celltype"].astype(str).to_numpy())
            values.append(within(truth, likeness, stratum["distance and types"])["AUROC"])
        found[regime] = np.mean(values)
    assert found["alike"] > 0.65
    assert abs(found["complementary"] - 0.5) < 0.07
    assert found["opposite"] < 0.42


def test_truth_is_written_and_does_not_reach_the_methods(adata, tmp_path):
    write_h5ad(tmp_path / "x.h5ad", adata)
    again = read_h5ad(tmp_path / "x.h5ad")
    for key, value in adata.uns["true_triples"].items():
        np.testing.assert_array_equal(again.uns["true_triples"][key], value)
    assert (again.obsp["true_interactions"] != adata.obsp["true_interactions"]).nnz == 0
    clean = preprocess(again)
    assert set(clean.obsp) == {"spatial_distances"}
    assert set(clean.uns) == {"dataset"}
    assert not len(clean.obs.columns)
    assert set(clean.obsm) == {"X_pca", "spatial"}
    assert all(np.ndim(value) == 0 for value in clean.uns["dataset"].values())


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ({"n_triples": -1}, "n_triples is -1"),
        ({"n_triples": 15}, "n_triples is 15; it must be 0 to 14"),
        ({"n_targets": 0}, "n_targets is"),
        ({"effect": -1.0}, "effect is"),
        ({"effect": float("nan")}, "effect is"),
        ({"radius": 0.0}, "radius is"),
    ],
)
def test_bad_parameters_are_named(bad, named):
    with pytest.raises(InputError, match=named):
        Tissue(**bad)


def test_too_few_touching_types_are_told():
    with pytest.raises(InputError, match="1 ordered pairs of cell types touch, too few for 2"):
        simulate(Tissue(n_types=1, n_triples=2), "x")
    with pytest.raises(InputError, match="0 ordered pairs"):
        simulate(Tissue(n_triples=1, radius=1e-6), "x")


def test_program_plants(tmp_path):
    program = SCRIPTS / "simulate.py"
    files = [tmp_path / "a.h5ad", tmp_path / "b.h5ad"]
    for file, run in zip(files, (run_here, run_apart), strict=True):
        options = ["--n-triples=2", "--effect=1.5", "--radius=2", "--n-targets=3"]
        done = run(program, "--id=x", *options, f"--output={file}")
        assert done.returncode == 0, done.stderr
    assert files[0].read_bytes() == files[1].read_bytes()
    triples = read_h5ad(files[0]).uns["true_triples"]
    assert triples["targets"].shape == (2, 3)
    assert (triples["effect"], triples["radius"]) == (1.5, 2.0)
