"""The configuration: what it accepts, what it refuses, and what it tells about each cell."""

import math
from pathlib import Path

import h5py
import pytest
import yaml

from stbench.common.errors import InputError
from stbench.common.paths import CONFIG, method_files
from stbench.config.benchmark import load_benchmark
from stbench.config.layout import Layout, configuration_name
from stbench.config.schema import load_yaml
from stbench.config.values import with_numbers

DEFAULT = yaml.safe_load((CONFIG / "config.yaml").read_text())


LISTS = {"datasets", "methods", "deconvolution_methods", "titles"}
SHIPPED = sorted(file for file in CONFIG.glob("*.yaml") if file.stem not in LISTS)
PAIR = {"id": "pair", "spot_size": 3, "simulate": {"layout": "layers", "n_cells": 1200}}


PAIRS = {"datasets": [PAIR], "methods": ["graphst", "nnls"]}
GIVEN = {"id": "a", "spots": "DECONV_STARmap", "reference": "V1_0410_cells"}
GIVEN |= {"reference_is": "replicate"}


def benchmark(**change):
    return load_benchmark({**DEFAULT, **change}, CONFIG)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda path: path.name)
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
        ("Bregma0.04_pca", {"epochs": 300, "k": 50, "a_k": 10, "margin": -0.2, "gamma": 1.0}),
        ("Bregma0.09", {"epochs": 200, "k": 50, "margin_weight": 0.5, "exp_out": 256}),
        ("Stereo-seq", {"lr": 1e-3, "rep_dim": 128, "proj_dim": 128, "margin": 0.0}),
        # no published setting: the nearest one
        ("BRCA1", {"k": 20, "a_k": 6, "epochs": 150}),
        ("BRCA1_pca", {"k": 20, "a_k": 6, "epochs": 150}),
        ("sim_layers", {"epochs": 100, "hidden_dim": 512, "margin": 1.0}),
        ("seqFISHplus", {"epochs": 150, "k": 15, "lr": 5e-4, "hidden_dim": 256}),
    ],
)
def test_stague_has_the_setting_published_for_the_dataset(dataset, expected):
    params = benchmark(datasets=[dataset]).known_params("stague", dataset)["published"]
    assert {name: params[name] for name in expected} == expected


def test_the_users_own_parameters_win():
    params = benchmark(params={"stague": {"epochs": 7}}).params("stague", "BZ5")
    assert params["epochs"] == 7 and params["hidden_dim"] == 256


def test_the_cpu_budget_shortens_only_what_is_longer():
    full, short = (benchmark(budget=budget) for budget in ("full", "cpu"))
    assert full.params("ccst", "BZ9")["epochs"] == 5000
    assert (
        short.params("ccst", "BZ9")["epochs"]
        == short.method("domains", "ccst")["epochs_cpu"]
        == 1000
    )
    assert short.params("stague", "BZ9") == {**full.params("stague", "BZ9"), "epochs": 50}
    assert short.params("sedr", "BZ9") == full.params("sedr", "BZ9")
    own = benchmark(budget="cpu", params={"ccst": {"epochs": 1700}})
    assert own.params("ccst", "BZ9")["epochs"] == 1700
    for method, entry in full.methods["domains"].items():
        if "epochs_cpu" in entry:
            assert entry["epochs_cpu"] < entry["params"]["epochs"], method


def test_a_budget_of_named_methods_cuts_these_alone_also_with_published_settings():
    cut = benchmark(
        datasets=["BZ9", "seqFISHplus"],
        methods=["stague", "scanit", "ccst", "spatialfusion"],
        budget=["scanit", "spatialfusion"],
        published_settings=True,
    )
    assert cut.params("ccst", "BZ9")["epochs"] == 5000
    assert cut.params("stague", "BZ9")["epochs"] == 150
    assert cut.params("scanit", "BZ9")["epochs"] == 500
    assert cut.params("scanit__published", "seqFISHplus")["epochs"] == 500
    assert "stague" not in cut.shortened and cut.shortened["scanit"] == 500


@pytest.mark.parametrize(
    ("budget", "reason"),
    [(["unlisted"], "budget: unknown method 'unlisted'"), (["sedr"], "'sedr' has no epochs_cpu")],
)
def test_a_budget_names_methods_that_it_can_cut(budget, reason):
    with pytest.raises(InputError, match=reason):
        benchmark(budget=budget)


def test_a_method_counts_as_cut_only_if_the_budget_changes_its_epochs():
    chosen = {"methods": ["stague", "ccst", "sedr", "pca"], "published_settings": False}
    assert benchmark(**chosen).shortened == {}
    cut = benchmark(**chosen, budget="cpu", params={"ccst": {"epochs": 1700}})
    assert cut.shortened == {"stague": 50}


def test_resources_grow_with_the_data_and_the_attempt():
    chosen = benchmark(datasets=["BZ5", "DLPFC151507"])
    assert chosen.mem_mb("stague", "DLPFC151507", 1) > chosen.mem_mb("stague", "BZ5", 1)
    assert chosen.mem_mb("stague", "BZ5", 3) == 3 * chosen.mem_mb("stague", "BZ5", 1)
    assert chosen.gpus("domains", "stague") == 1 and chosen.gpus("domains", "pca") == 0


def test_the_memory_of_bayesspace_holds_its_chains():
    entry = load_yaml(CONFIG / "methods.yaml")["bayesspace"]
    four_copies = 4 * 8 * 1000 * entry["params"]["n_iterations"] / 2**20  # MB for 1000 cells
    assert entry["resources"]["mem_mb"]["per_1k_cells"] > four_copies


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
        ({"datasets": ["BZ5", "BZ5"]}, "'BZ5' is listed twice"),
        ({"methods": ["stage"]}, "'stage' (did you mean 'stague'?)"),
        ({"methods": "stague"}, "methods: 'stague' is not of type array"),
        ({"clusterers": ["kmeens"]}, "'kmeens' (did you mean 'kmeans'?)"),
        ({"rank_by": "own"}, "rank_by"),
        ({"budget": "CPU"}, "budget: unknown 'CPU' (did you mean 'cpu'?); known: full, cpu"),
        ({"budget": []}, "config: budget: [] should be non-empty"),
        ({"attempts": 0}, "attempts"),
        ({"params": {"stage": {}}}, "'stage'"),
        ({"params": {"stague": {"epoch": 3}}}, "'epoch' (did you mean 'epochs'?)"),
        ({"params": {"stague": {"epochs": "many"}}}, "'many' is not of type int"),
        ({"params": {"stague": {"no_bn": 1}}}, "1 is not of type bool"),
        ({"datasets": [{"id": "mine", "path": "nowhere.h5ad", "n_domains": 3}]}, "no such file"),
        ({"datasets": [{"id": "BZ5", "path": "x.h5ad", "n_domains": 3}]}, "BZ5"),
        ({"datasets": [{"id": "t", "simulate": {"layout": "spirals"}}]}, "'spirals'"),
        ({"name": "fits"}, "results/fits is a shared folder"),
        ({"name": "a b"}, "'a b' cannot name a folder"),
        ({"methods": ["nnls"]}, "'nnls' is a method of the task deconvolution, but no dataset"),
        ({"datasets": [PAIR], "methods": ["pca"]}, "'pca' is a method of the task domains"),
        ({"datasets": ["BZ5", PAIR], "methods": ["pca"]}, "no method of the task deconvolution"),
        (
            {"datasets": [PAIR], "methods": ["nnsl"]},
            "unknown method 'nnsl' (did you mean 'nnls'?)",
        ),
        (
            {**PAIRS, "params": {"graphst": {"max_mapping": "all"}}},
            "params.graphst.max_mapping: 'all' is not of type int",
        ),
        (
            {**PAIRS, "params": {"graphst": {"epoch": 1}}},
            "params.graphst: unknown key 'epoch' (did you mean 'epochs'?)",
        ),
        (
            {"datasets": [{**PAIR, "spots": "BZ5"}]},
            "dataset 'pair': 'spots' cannot be combined with the other keys",
        ),
        (
            {"datasets": [{key: value for key, value in GIVEN.items() if key != "reference_is"}]},
            "dataset 'a': the key 'reference_is' is missing",
        ),
        (
            {
                "datasets": [
                    {"id": "a", "spots": "BZ55", "reference": "BZ5", "reference_is": "other"}
                ]
            },
            "'a': spots: unknown dataset 'BZ55' (did you mean 'BZ5'?)",
        ),
        (
            {"datasets": [{**GIVEN, "spots": {"path": "no.h5ad"}}]},
            "'a': spots: no.h5ad: no such file",
        ),
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
                "datasets": [{"id": "m", **SECTION}, {"id": "m.cells0.5.draw0", **SECTION}],
                "robustness": {"cells": [0.5]},
            },
            "'m.cells0.5.draw0' is also the id of a degraded copy of 'm'",
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


@pytest.mark.parametrize("name", ["filtered_feature_bc_matrix.h5", "counts.csv", "counts.mtx.gz"])
def test_a_matrix_without_positions_is_refused_at_start(name, tmp_path):
    path = tmp_path / name
    path.write_text("1,2")
    if name.endswith(".h5"):
        with h5py.File(path, "w") as file:
            file["matrix/shape"] = [3, 4]
    config = {**load_yaml(CONFIG / "config.yaml")}
    config["datasets"] = [{"id": "mine", "path": str(path), "n_domains": 3}]
    with pytest.raises(InputError, match=r"'mine'.*: a matrix without positions.*name the folder"):
        load_benchmark(config, CONFIG)


def test_a_broken_file_and_csv_in_a_name_stop_no_run(tmp_path):
    path = tmp_path / "GSM1.counts.csv.h5ad"
    with h5py.File(path, "w") as file:
        file["X"] = range(1000)
    path.write_bytes(path.read_bytes()[:2000])
    config = {**load_yaml(CONFIG / "config.yaml")}
    config["datasets"] = [{"id": "mine", "path": str(path), "n_domains": 3}]
    assert list(load_benchmark(config, CONFIG).datasets) == ["mine"]


def test_each_dataset_gets_the_methods_of_its_task():
    both = benchmark(datasets=["BZ5", PAIR], methods=["pca", "graphst", "nnls"], seeds=[0])
    assert both.tasks == ["domains", "deconvolution", "interactions"]
    assert both.entries() == [
        *(("BZ5", "pca"), ("BZ5", "graphst")),
        *(("pair", "graphst"), ("pair", "nnls")),
    ]
    assert "max_mapping" in both.params("graphst", "pair")
    assert "max_mapping" not in both.params("graphst", "BZ5")
    own = benchmark(
        datasets=["BZ5", PAIR], methods=["graphst"], params={"graphst": {"max_mapping": 5}}
    )
    assert own.params("graphst", "pair")["max_mapping"] == 5
    assert "max_mapping" not in own.params("graphst", "BZ5")


def test_resources_of_a_pair_count_cells_of_the_reference_and_spots():
    pairs = benchmark(datasets=[PAIR, GIVEN], methods=["graphst"])
    assert pairs.size("pair") == (600, 134)
    assert pairs.size("a") == (973, 189)
    formula = pairs.method("deconvolution", "graphst")["resources"]["mem_mb"]
    expected = formula["base"] + 0.6 * formula["per_1k_cells"]
    expected += 0.6 * 0.134 * formula["per_1m_values"]
    assert pairs.mem_mb("graphst", "pair", 1) == math.ceil(expected)


def test_tasks_name_the_files_of_their_scores():
    layout = Layout(Path("results"))
    joined = {"id": "both", "join": ["BZ5", "BZ9"]}
    found = benchmark(datasets=["BZ5", joined], methods=["stague", "pca"], markers={"genes": ["A"]})
    files = {task: list(map(str, found.score_files(layout, task))) for task in found.tasks}
    assert files["domains"][:2] == [
        f"results/scores/BZ5/{m}/{{key}}.parquet" for m in ("stague", "pca")
    ]
    assert files["integration"] == [
        f"results/integration/both/{method}/{{key}}.parquet" for method in ("stague", "pca")
    ]
    assert files["interactions"] == [
        f"results/interactions/{name}/{{key}}.parquet" for name in ("BZ5", "both")
    ]
    assert files["markers"] == [f"results/default/markers/{name}" for name in ("BZ5", "both")]
    assert found.score_files(layout, "deconvolution") == []


def test_what_has_to_be_fetched_covers_sections_and_parts_of_pairs():
    joined = {"id": "both", "join": ["BZ5", "BZ9"]}
    found = benchmark(datasets=[joined, GIVEN, "sim_layers"], methods=["pca", "nnls"])
    assert set(found.downloads) == {"BZ5", "BZ9", "DECONV_STARmap", "V1_0410_cells"}
    assert set(found.made) == {"BZ5", "BZ9", "both", "sim_layers"}


def test_degraded_pairs_keep_the_size_of_their_reference():
    levels = {"counts": [1, 0.5], "cells": [1, 0.25]}
    found = benchmark(**PAIRS, seeds=[0], robustness=levels)
    copies = ["pair.counts0.5.draw0", "pair.cells0.25.draw0"]
    assert list(found.datasets) == ["pair", *copies]
    assert {found.size(name) for name in found.datasets} == {(600, 134)}
    assert found.base("pair.cells0.25.draw0") == "pair"
    assert set(found.derived("deconvolution")) == set(copies)
    assert found.derived("domains") == {}


def test_the_demonstrations_of_a_run_include_stand_ins():
    demo = yaml.safe_load((CONFIG / "demo.yaml").read_text())
    found = benchmark(**demo).demonstrations()
    assert {dataset for dataset, _, _ in found} == {"V1", "V1_0410"}
    assert benchmark().demonstrations() == []


@pytest.mark.parametrize(
    ("config", "files", "name"),
    [
        ({}, [], "default"),
        ({}, ["config/real.yaml"], "real"),
        ({}, ["config/real.yaml", "mine.yaml"], "mine"),
        ({"name": "ours"}, ["mine.yaml"], "ours"),
    ],
)
def test_a_configuration_is_named_by_its_key_or_its_file(config, files, name):
    assert configuration_name(config, files) == name


def test_a_file_that_cannot_name_a_folder_is_refused():
    with pytest.raises(InputError, match="set `name:`"):
        configuration_name({}, ["my config.yaml"])


@pytest.mark.parametrize(("asked", "neighbors"), [({}, 50), ({"refine": 6}, 6), ({"refine": 0}, 0)])
def test_a_number_of_neighbors_that_refine_labels_replaces_that_of_the_dataset(asked, neighbors):
    assert benchmark(datasets=["DLPFC151510"], **asked).refine("DLPFC151510") == neighbors
