"""The study configurations: complete grids of tissues that can be simulated."""

import pytest

from stbench.common.paths import CONFIG
from stbench.config.benchmark import load_benchmark
from stbench.config.schema import load_yaml
from stbench.data.simulation import LAYOUTS, Tissue


def tissues(name: str):
    config = {**load_yaml(CONFIG / "config.yaml"), **load_yaml(CONFIG / f"{name}.yaml")}
    benchmark = load_benchmark(config, CONFIG)
    return benchmark, [Tissue(**entry["simulate"]) for entry in benchmark.datasets.values()]


@pytest.mark.parametrize(
    ("name", "factors", "n"),
    [
        ("cci", ("layout", "effect", "density"), 4 * 3 * 2),
        ("simulated", ("layout", "contrast", "dropout", "density"), 4 * 3 * 3 * 2),
    ],
)
def test_grids_are_complete_and_each_tissue_is_drawn_anew(name, factors, n):
    _, found = tissues(name)
    assert len(found) == n
    grid = {tuple(getattr(tissue, factor) for factor in factors) for tissue in found}
    assert len(grid) == n
    levels = [len({key[i] for key in grid}) for i in range(len(factors))]
    assert levels[0] == len(LAYOUTS) and levels[-1] == 2 and set(levels[1:-1]) == {3}
    assert len({tissue.seed for tissue in found}) == n


def test_the_interaction_study_plants_and_runs_methods_that_learn_graphs():
    benchmark, found = tissues("cci")
    assert all(tissue.n_triples > 0 and tissue.n_cells == 600 for tissue in found)
    assert all(benchmark.method(method)["graph"] for method in benchmark.config["methods"])
    assert benchmark.config["interactions"]["graph"] == "raw"
    assert len(benchmark.config["seeds"]) == 3


def test_the_simulated_benchmark_has_every_method_a_fixed_area_and_no_interactions():
    benchmark, found = tissues("simulated")
    needs_sections = {"harmony", "smoothed_harmony"}
    assert (
        set(benchmark.config["methods"]) == set(load_yaml(CONFIG / "methods.yaml")) - needs_sections
    )
    assert {tissue.n_cells / tissue.density for tissue in found} == {600}
    assert all(tissue.n_triples == 0 for tissue in found)
