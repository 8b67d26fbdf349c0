"""The study configurations: complete grids of tissues that can be simulated."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from stbench.common.paths import CONFIG
from stbench.config.benchmark import load_benchmark
from stbench.config.schema import load_yaml
from stbench.data.simulation import Tissue
from stbench.data.simulation.layouts import LAYOUTS


def tissues(name: str, realistic: bool = False):
    """The configuration, and its tissues without or with a reference."""
    config = {**load_yaml(CONFIG / "config.yaml"), **load_yaml(CONFIG / f"{name}.yaml")}
    benchmark = load_benchmark(config, CONFIG)
    entries = [entry for entry in benchmark.datasets.values() if "simulate" in entry]
    found = [Tissue(**entry["simulate"]) for entry in entries]
    return benchmark, [tissue for tissue in found if bool(tissue.reference) == realistic]


_SIGNALS = ("regime", "range", "layout")


@pytest.mark.parametrize(
    ("name", "realistic", "factors", "levels"),
    [
        ("cci", False, (*_SIGNALS, "effect"), (3, 2, 4, 2)),
        ("cci", True, _SIGNALS, (3, 2, 4)),
        ("simulated", False, ("layout", "contrast", "dropout", "density"), (4, 3, 3, 2)),
    ],
)
def test_grids_are_complete_and_each_tissue_is_drawn_anew(name, realistic, factors, levels):
    _, found = tissues(name, realistic)
    grid = {tuple(getattr(tissue, factor) for factor in factors) for tissue in found}
    assert len(found) == len(grid) == np.prod(levels)
    assert tuple(len({key[i] for key in grid}) for i in range(len(factors))) == levels
    assert len({tissue.seed for tissue in found}) == len(found)


def test_the_realistic_group_has_a_grid_of_its_own_around_the_registry_tissues():
    _, found = tissues("simulated", realistic=True)
    grid = {(tissue.layout, tissue.contrast, tissue.gradient) for tissue in found}
    assert len(found) == len(grid) == 4 * 3 * 3
    everyone = found + tissues("simulated")[1]
    assert len({tissue.seed for tissue in everyone}) == len(everyone)
    registry = load_yaml(CONFIG / "datasets.yaml")
    for layout in LAYOUTS:
        central = Tissue(**registry[f"sim_real_{layout}"]["simulate"])
        assert central in [replace(tissue, seed=central.seed) for tissue in found]


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("simulated", "f572431148d9445d4d09a85319a66542731c1ff4d9fe8321f5a79ac2b6e4a515"),
    ],
)
def test_grids_give_the_tissues_that_were_once_listed_one_by_one(name, digest):
    """Same ids, parameters (with their types) and order: published numbers belong to these."""
    benchmark, _ = tissues(name)
    rows = [
        [id, dict(sorted(entry["simulate"].items()))]
        for id, entry in benchmark.datasets.items()
        if "reference" not in entry["simulate"]
    ]
    assert hashlib.sha256(json.dumps(rows).encode()).hexdigest() == digest


def test_the_interaction_study_plants_and_runs_methods_that_learn_graphs():
    benchmark, found = tissues("cci")
    found += tissues("cci", realistic=True)[1]
    assert all(tissue.n_triples > 0 and tissue.n_cells == 600 for tissue in found)
    assert {(tissue.range, tissue.radius) for tissue in found} == {
        ("contact", 1.6),
        ("secreted", 3.5),
    }
    assert all(
        benchmark.method("domains", method)["graph"] for method in benchmark.config["methods"]
    )
    planted = [e["plant"] for e in benchmark.datasets.values() if e["origin"] == "planted"]
    grid = {(one["into"], one["regime"], one["range"], one["radius"]) for one in planted}
    assert len(planted) == len(grid) == 3 * 3 * 2
    assert len({(one["into"], one["seed"]) for one in planted}) == 18
    assert benchmark.config["interactions"]["graph"] == "raw"
    assert len(benchmark.config["seeds"]) == 3


def test_the_formula_is_scored_on_three_seeds_of_every_regime_range_and_layout():
    _, found = tissues("cci_formula")
    kinds = {(tissue.regime, tissue.range, tissue.layout) for tissue in found}
    assert len(found) == 72 and len(kinds) == 24
    assert len({tissue.seed for tissue in found}) == 72
    assert {tissue.effect for tissue in found} == {2.0}


def test_the_simulated_benchmark_has_every_method_a_fixed_area_and_no_interactions():
    benchmark, found = tissues("simulated")
    needs_sections = {"harmony", "smoothed_harmony"}
    assert (
        set(benchmark.config["methods"]) == set(load_yaml(CONFIG / "methods.yaml")) - needs_sections
    )
    assert {tissue.n_cells / tissue.density for tissue in found} == {600}
    assert all(tissue.n_triples == 0 for tissue in found)
