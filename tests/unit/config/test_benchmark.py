"""The configuration: what it accepts, what it refuses, and what it tells about each cell."""

import pytest
import yaml

from stbench.common.errors import InputError
from stbench.common.paths import CONFIG, method_files
from stbench.config.benchmark import load_benchmark
from stbench.config.schema import load_yaml
from stbench.config.values import with_numbers

DEFAULT = yaml.safe_load((CONFIG / "config.yaml").read_text())


def benchmark(**change):
    return load_benchmark({**DEFAULT, **change}, CONFIG)


@pytest.mark.parametrize("file", sorted(CONFIG.glob("[!dm]*.yaml")), ids=lambda path: path.name)
def test_every_shipped_configuration_is_accepted(file):
    benchmark(**yaml.safe_load(file.read_text()))


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        # rows of the settings published with STAGUE
        ("DLPFC151507", {"lr": 1e-3, "epochs": 150, "k": 20, "a_k": 6, "margin_weight": 0.5}),
        ("DLPFC151510", {"lr": 1e-3, "epochs": 100, "temperature": 0.2, "margin_weight": 1.0}),
        ("DLPFC151672", {"epochs": 100, "gamma": 3.0, "margin": 0.0, "margin_weight": 1.5}),
        (
            "BZ5",
            {"lr": 1e-3, "epochs": 100, "hidden_dim": 512, "margin": 1.0, "margin_weight": 5.0},
        ),
        ("BZ9", {"lr": 5e-4, "epochs": 200, "hidden_dim": 512, "margin": 1.5}),
        ("BZ14", {"lr": 1e-3, "epochs": 200, "hidden_dim": 512, "margin": 1.0}),
        ("V1", {"lr": 5e-4, "epochs": 200, "k": 15, "margin": 0.5, "margin_weight": 2.0}),
        ("osmFISH", {"k": 30, "exp_out": 64, "gamma": 3.0, "maskfeat_rate_anchor": 0.0}),
        ("Bregma0.04", {"epochs": 300, "k": 50, "a_k": 10, "margin": -0.2, "gamma": 1.0}),
        ("Bregma0.09", {"epochs": 200, "k": 50, "margin_weight": 0.5, "exp_out": 256}),
        ("Stereo-seq", {"lr": 1e-3, "rep_dim": 128, "proj_dim": 128, "margin": 0.0}),
        # no published setting: the nearest one
        ("BRCA1", {"k": 20, "a_k": 6, "epochs": 150}),
        ("BRCA1_pca", {"k": 50, "a_k": 10, "epochs": 200}),
        ("sim_layers", {"epochs": 100, "hidden_dim": 512, "margin": 1.0}),
        ("seqFISHplus", {"epochs": 150, "k": 15, "lr": 5e-4, "hidden_dim": 256}),
    ],
)
def test_stague_gets_the_setting_published_for_the_dataset(dataset, expected):
    params = benchmark(datasets=[dataset]).params("stague", dataset)
    assert {name: params[name] for name in expected} == expected


def test_the_users_own_parameters_win():
    params = benchmark(params={"stague": {"epochs": 7}}).params("stague", "BZ5")
    assert params["epochs"] == 7 and params["hidden_dim"] == 512


def test_the_cpu_budget_shortens_only_what_is_longer():
    full, short = (benchmark(budget=budget) for budget in ("full", "cpu"))
    assert full.params("ccst", "BZ9")["epochs"] == 5000
    assert short.params("ccst", "BZ9")["epochs"] == short.methods["ccst"]["epochs_cpu"] == 1000
    assert short.params("stague", "BZ9") == full.params("stague", "BZ9")
    own = benchmark(budget="cpu", params={"ccst": {"epochs": 1700}})
    assert own.params("ccst", "BZ9")["epochs"] == 1700
    for method, entry in full.methods.items():
        if "epochs_cpu" in entry:
            assert entry["epochs_cpu"] < entry["params"]["epochs"], method


def test_resources_grow_with_the_data_and_the_attempt():
    chosen = benchmark(datasets=["BZ5", "DLPFC151507"])
    assert chosen.mem_mb("stague", "DLPFC151507", 1) > chosen.mem_mb("stague", "BZ5", 1)
    assert chosen.mem_mb("stague", "BZ5", 3) == 3 * chosen.mem_mb("stague", "BZ5", 1)
    assert chosen.gpus("stague") == 1 and chosen.gpus("pca") == 0


def test_every_rule_of_a_method_has_its_script_and_entry_and_the_reverse():
    rules = {path.stem for path in (CONFIG.parent / "rules/methods").glob("*.smk")}
    scripts = set(method_files(CONFIG.parent / "scripts/methods"))
    entries = set(yaml.safe_load((CONFIG / "methods.yaml").read_text()))
    assert rules == scripts == entries


@pytest.mark.parametrize("file", ["methods.yaml", "deconvolution_methods.yaml"])
def test_only_controls_need_the_truth(file):
    entries = yaml.safe_load((CONFIG / file).read_text()).values()
    assert sum(entry.get("needs_truth", False) for entry in entries) == 1
    assert all(entry.get("control") for entry in entries if entry.get("needs_truth"))
    assert all(
        (entry["implementation"] == "control") == entry.get("control", False) for entry in entries
    )


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"seed": [0]}, "'seed' (did you mean 'seeds'?)"),
        ({"seeds": []}, "seeds"),
        ({"seeds": ["0"]}, "seeds[0]: '0' is not of type integer"),
        ({"seeds": [-1]}, "seeds[0]"),
        ({"seeds": [1, 1]}, "seeds"),
        ({"datasets": ["BZ55"]}, "'BZ55' (did you mean 'BZ5'?)"),
        ({"datasets": ["BZ5", "BZ5"]}, "'BZ5' is named twice"),
        ({"methods": ["stage"]}, "'stage' (did you mean 'stague'?)"),
        ({"methods": "stague"}, "methods: 'stague' is not of type array"),
        ({"clusterers": ["kmeens"]}, "'kmeens' (did you mean 'kmeans'?)"),
        ({"rank_by": "own"}, "rank_by"),
        ({"attempts": 0}, "attempts"),
        ({"params": {"stage": {}}}, "'stage'"),
        ({"params": {"stague": {"epoch": 3}}}, "'epoch' (did you mean 'epochs'?)"),
        ({"params": {"stague": {"epochs": "many"}}}, "'many' is not of type int"),
        ({"params": {"stague": {"no_bn": 1}}}, "1 is not of type bool"),
        ({"datasets": [{"id": "mine", "path": "nowhere.h5ad", "n_domains": 3}]}, "no such file"),
        ({"datasets": [{"id": "BZ5", "path": "x.h5ad", "n_domains": 3}]}, "BZ5"),
        ({"datasets": [{"id": "t", "simulate": {"layout": "spirals"}}]}, "'spirals'"),
    ],
)
def test_a_wrong_configuration_is_refused_with_the_name_of_what_is_wrong(change, named):
    with pytest.raises(InputError) as error:
        benchmark(**change)
    assert named in str(error.value)
    assert "\n" not in str(error.value)


def test_texts_of_the_command_line_get_their_types():
    given = {"a": ["0", "1.5", "x", "1e-3"], "b": "true", "c": "null", "d": 2, "e": "BZ5"}
    expected = {"a": [0, 1.5, "x", 1e-3], "b": True, "c": None, "d": 2, "e": "BZ5"}
    assert with_numbers(given, given) == expected


def test_names_stay_texts_even_if_they_look_like_numbers():
    section = {"id": "007", "path": "1e5", "label": "1", "n_domains": "4", "norm_target": "1e4"}
    given = {
        "datasets": ["007", section, {"id": "8", "join": ["1", "2"]}],
        "methods": ["1"],
        "external": {"rival": "9"},
        "seeds": ["0"],
    }
    expected = {**section, "n_domains": 4, "norm_target": 1e4}
    made = with_numbers(given, given)
    assert made == {**given, "datasets": ["007", expected, given["datasets"][2]], "seeds": [0]}


@pytest.mark.parametrize(("given", "value"), [("1e-3", 1e-3), ("5E-4", 5e-4), (".1e+1", 1)])
def test_a_number_with_an_exponent_is_a_number(given, value):
    found = benchmark(params={"stague": {"lr": given}})
    assert found.params("stague", "BZ5")["lr"] == value
    assert benchmark(params={"stague": {"epochs": "1e2"}}).params("stague", "BZ5")["epochs"] == 100


SECTION = {"simulate": {"layout": "rings", "n_cells": 100}}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            {
                "datasets": [{"id": "m", **SECTION}, {"id": "m.cells0.5", **SECTION}],
                "robustness": {"cells": [0.5]},
            },
            "'m.cells0.5' is also the id of a degraded copy of 'm'",
        ),
        (
            {"variants": {"stague": {"without": {"a b": {"k": 3}, "a-b": {"k": 4}}}}},
            "both called 'stague__without_a_b'",
        ),
        ({"variants": {"stague": {"vary": {"lr": [0.1, 0.10000001]}}}}, "both called 'stague__lr"),
    ],
)
def test_two_entries_of_one_id_are_refused(change, named):
    with pytest.raises(InputError) as error:
        benchmark(**change)
    assert named in str(error.value)


def test_a_missing_file_stops_a_run_but_not_a_look_at_its_status():
    config = {**load_yaml(CONFIG / "config.yaml")}
    config["datasets"] = [{"id": "mine", "path": "nowhere.h5ad", "n_domains": 3}]
    with pytest.raises(InputError, match=r"'mine': nowhere\.h5ad: no such file"):
        load_benchmark(config, CONFIG)
    assert list(load_benchmark(config, CONFIG, need_files=False).datasets) == ["mine"]
