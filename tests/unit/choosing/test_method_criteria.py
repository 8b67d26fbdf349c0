"""Criteria that compare methods without true labels."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from stbench.choosing.count_split import half_of_counts, judging_points
from stbench.choosing.method_criteria import agreement_with_others, continuity
from stbench.choosing.previous_results import mean_ranks, read_previous
from stbench.choosing.silhouette import silhouette
from stbench.common.constants import RANK_BY
from stbench.common.io import write_json
from stbench.common.paths import PROJECT
from stbench.scoring.agreement import agreement_matrix


def test_agreement_leaves_out_the_method_itself():
    similarity = np.array([[1, 0.96, 0.3], [0.96, 1, 0.3], [0.3, 0.3, 1]])
    weights = np.array([0.25, 0.25, 0.5])  # the first two are near-copies
    expected = (0.96 * weights[1] + 0.3 * weights[2]) / (weights[1] + weights[2])
    found = agreement_with_others(similarity)
    assert found.tolist() == pytest.approx([expected, expected, 0.3])
    assert np.isnan(agreement_with_others(np.eye(1))).all()


def test_agreement_does_not_depend_on_names():
    labels = np.array([0, 0, 1, 1, 2])
    assert (agreement_matrix([labels, 2 - labels]) == 1).all()


def test_continuity_is_the_share_of_like_neighbors():
    neighbors = np.array([[1, 2], [0, 2], [1, 0], [2, 1]])
    assert continuity(np.array([0, 0, 0, 1]), neighbors) == 6 / 8
    assert continuity(np.zeros(4), neighbors) == 1


def test_a_silhouette_needs_two_labels():
    points = np.array([[0.0], [0.1], [5.0], [5.1]])
    assert silhouette(points, np.array([0, 0, 1, 1])) > 0.9
    assert np.isnan(silhouette(points, np.zeros(4)))


def test_a_count_is_split_and_never_grows():
    counts = sp.csr_matrix(np.random.default_rng(0).poisson(6, (40, 30)))
    half = half_of_counts(counts)
    assert (half.toarray() <= counts.toarray()).all()
    assert (half.data == np.rint(half.data)).all()
    assert half.sum() / counts.sum() == pytest.approx(0.5, abs=0.03)
    assert (half_of_counts(counts) != half).nnz == 0


def test_points_of_half_of_the_counts_separate_domains():
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 50)
    rates = np.where(np.arange(20) < 10, 1, 8)
    counts = sp.csr_matrix(rng.poisson(np.where(truth[:, None] == 0, rates, rates[::-1])))
    coords = np.column_stack([np.arange(100), np.zeros(100)])
    everything = np.ones(20, bool)
    points = judging_points(counts, everything, everything, coords)
    assert silhouette(points, truth) > 0.5 > silhouette(points, np.arange(100) % 2)


SCORES = pd.DataFrame(
    [
        ("a", "A", "Visium", "x", 0.9),
        ("a", "A", "Visium", "y", 0.5),
        ("a", "A", "Visium", "z", 0.1),
        ("b", "B", "MERFISH", "x", 0.2),
        ("b", "B", "MERFISH", "y", 0.3),
        ("c", "A", "Visium", "x", 0.1),
        ("c", "A", "Visium", "y", 0.2),
    ],
    columns=["dataset", "unit", "technology", "method", "ARI"],
)


def test_previous_results_are_those_that_come_with_the_project():
    folder = PROJECT / "resources/verdict"
    table = read_previous(folder / "scores.parquet", folder / "manifest.json")
    assert not table.duplicated(["dataset", "method"]).any() and not table.isna().any(axis=None)
    assert {"stague", "smoothed_pca", "spatialleiden"} <= set(table["method"])
    assert not {"random", "jittered_truth", "stague__published"} & set(table["method"])
    assert dict(zip(table["dataset"], table["technology"], strict=True))["BZ5"] == "STARmap"
    assert table.groupby("dataset")["unit"].nunique().max() == 1


def test_a_failed_training_is_no_advantage(tmp_path):
    rows = [
        ("x", 0, "ok", 0.5),
        ("x", 1, "ok", 0.7),
        ("y", 0, "ok", 0.9),
        ("y", 1, "error", np.nan),
        ("z", 0, "not_applicable", np.nan),
    ]
    table = pd.DataFrame(rows, columns=["method", "training_seed", "status", "value"])
    table = table.assign(dataset="a", unit="A", metric="ARI", protocol="final", study="")
    table.assign(clusterer=RANK_BY, ranked=True).to_parquet(tmp_path / "scores.parquet")
    write_json(tmp_path / "manifest.json", {"tissues": {"a": {"technology": "Visium"}}})
    found = read_previous(tmp_path / "scores.parquet", tmp_path / "manifest.json")
    assert found.set_index("method")["ARI"].to_dict() == pytest.approx({"x": 0.6, "y": 0.45})


def test_ranks_on_tissues_of_the_technology_are_averaged_within_units():
    ranks = mean_ranks(SCORES, "Visium")
    assert ranks.to_dict() == {"x": (0 + 1) / 2, "y": (0.5 + 0) / 2, "z": 1}
    assert mean_ranks(SCORES, "MERFISH").to_dict() == {"x": 1, "y": 0}


def test_an_unknown_technology_uses_all_tissues_and_never_its_own_unit():
    assert mean_ranks(SCORES, "Xenium").to_dict() == {"x": 0.75, "y": 0.125, "z": 1}
    for unit in ("A", "A; mine"):  # of a section, and of a section joined with the user's own
        assert mean_ranks(SCORES, "Visium", unit=unit).to_dict() == {"x": 1, "y": 0}
    assert mean_ranks(SCORES[SCORES["unit"] == "A"], "Visium", unit="A").empty
