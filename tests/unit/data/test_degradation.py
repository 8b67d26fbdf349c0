"""Data made worse on purpose, and the studies that ask for it."""

from __future__ import annotations

import numpy as np
import pytest

from stbench.common.errors import InputError, NotApplicableError
from stbench.common.paths import CONFIG
from stbench.config.benchmark import load_benchmark
from stbench.config.degradation import UNTOUCHED
from stbench.config.schema import load_yaml
from stbench.data.degradation import degrade
from stbench.data.simulation import Tissue, simulate


def tissue():
    return simulate(Tissue(n_cells=400, n_genes=30, n_triples=2, n_types=4), "t")


def benchmark(**changes):
    return load_benchmark(load_yaml(CONFIG / "config.yaml") | changes, CONFIG)


def test_thinning_keeps_the_share_and_never_adds() -> None:
    before = tissue()
    after = degrade(before, "counts", 0.25, "t.counts0.25")
    whole = before[after.obs_names].X.toarray()
    assert after.X.sum() / before.X.sum() == pytest.approx(0.25, abs=0.01)
    assert (after.X.toarray() <= whole).all()
    assert (after.X.data >= 1).all()


def test_cells_are_dropped_and_the_others_left_alone() -> None:
    before = tissue()
    after = degrade(before, "cells", 0.5, "half")
    assert after.n_obs == 200
    assert (after.X != before[after.obs_names].X).nnz == 0
    assert after.uns["dataset"]["n_domains"] == after.obs["cluster"].nunique()
    assert "true_interactions" not in after.obsp  # they were those of all cells


def test_another_number_of_domains_than_that_of_the_labels_is_kept() -> None:
    before = tissue()
    before.uns["dataset"]["n_domains"] = 9
    assert degrade(before, "counts", 0.5, "half").uns["dataset"]["n_domains"] == 9


def test_dropout_takes_its_share_of_the_values() -> None:
    before = tissue()
    after = degrade(before, "dropout", 0.4, "t.dropout0.4")
    assert after.X.nnz / before.X.nnz == pytest.approx(0.6, abs=0.02)


def test_jitter_is_measured_in_cell_spacings() -> None:
    before = tissue()
    after = degrade(before, "jitter", 2, "t.jitter2")
    moved = after.obsm["spatial"] - before.obsm["spatial"]
    from stbench.graphs.neighbors import knn

    spacing = np.median(knn(before.obsm["spatial"], 1)[0])
    assert moved.std() / spacing == pytest.approx(2, rel=0.1)
    assert (after.X != before.X).nnz == 0


@pytest.mark.parametrize("way", UNTOUCHED)
def test_same_seed_same_data(way: str) -> None:
    one, two, other = (degrade(tissue(), way, 0.3, "x", seed) for seed in (0, 0, 1))
    same = [(one.X != two.X).nnz == 0, (one.obsm["spatial"] == two.obsm["spatial"]).all()]
    assert all(same)
    places = "spatial"
    moved = one.shape != other.shape or (one.obsm[places] != other.obsm[places]).any()
    assert moved if way in ("jitter", "cells") else (one.X != other.X).nnz


def test_what_cannot_be_is_said() -> None:
    features = tissue()
    features.uns["dataset"]["kind"] = "features"
    with pytest.raises(NotApplicableError, match="counts"):
        degrade(features, "counts", 0.5, "x")
    with pytest.raises(InputError, match="only 8 cells remain"):
        degrade(tissue(), "cells", 0.02, "x")


def test_each_seed_has_its_own_draw_of_the_degradation() -> None:
    found = benchmark(datasets=["BZ5"], seeds=[3, 7], robustness={"counts": [0.5]})
    assert found.seeds("stague", "BZ5") == [3, 7]
    for seed in (3, 7):
        name = f"BZ5.counts0.5.draw{seed}"
        assert found.seeds("stague", name) == [seed]
        assert found.datasets[name]["degrade"]["draw"] == seed
        assert found.derived("domains")[name]["draw"] == seed


def test_a_study_adds_each_level_that_changes_anything() -> None:
    found = benchmark(datasets=["BZ5"], robustness={"counts": [1, 0.5], "jitter": [0, 2]})
    draws = [f"BZ5.{level}.draw{seed}" for level in ("counts0.5", "jitter2") for seed in (0, 1)]
    assert list(found.datasets) == ["BZ5", *draws]
    half = benchmark(datasets=["BZ5"], robustness={"cells": [0.5]}).datasets["BZ5.cells0.5.draw0"]
    assert half["cells"] == round(found.datasets["BZ5"]["cells"] / 2)
    published = found.params("stague", "BZ5")
    assert found.params("stague", "BZ5.counts0.5.draw1") == published  # the setting of its tissue
