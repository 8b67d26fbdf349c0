"""Published settings: a second entry beside the default one, where they differ."""

import pytest

from stbench.common.paths import CONFIG
from stbench.config.benchmark import load_benchmark
from stbench.config.keys import layout_of
from stbench.config.schema import load_yaml

DEFAULT = load_yaml(CONFIG / "config.yaml")
METHODS = load_yaml(CONFIG / "methods.yaml")


def benchmark(**change):
    return load_benchmark({**DEFAULT, "published_settings": True, **change}, CONFIG)


def test_a_method_with_published_settings_has_a_second_entry_beside_the_ranking():
    found = benchmark(methods=["stague", "pca"], datasets=["BZ5", "BZ9"])
    assert found.chosen("domains") == ["stague", "pca", "stague__published"]
    assert found.method("domains", "stague__published")["title"] == "STAGUE, published settings"
    default, published = (found.params(name, "BZ5") for name in ("stague", "stague__published"))
    assert default == METHODS["stague"]["params"]
    assert {name for name in default if default[name] != published[name]} == {
        *("lr", "epochs", "hidden_dim", "margin", "margin_weight")
    }
    about = {"method": "stague", "title": "STAGUE, published settings"}
    assert found.studies["published"] == {"stague__published": about}
    assert benchmark(methods=["stague"], published_settings=False).published == {}


@pytest.mark.parametrize(
    ("dataset", "methods", "second"),
    [
        ("BZ5", ["stague", "scanit", "graphpca"], ["stague", "graphpca"]),
        ("DLPFC151510", ["stague", "scanit", "spatialfusion"], ["stague", "spatialfusion"]),
        ("seqFISHplus", ["stague", "scanit"], ["scanit"]),
        ("sim_layers", ["stague", "scanit"], []),  # no published settings for simulated data
    ],
)
def test_it_is_run_only_where_its_parameters_differ(dataset, methods, second):
    found = benchmark(datasets=[dataset], methods=methods)
    expected = [*methods, *(f"{name}__published" for name in second)]
    assert found.methods_of("domains", dataset) == found.chosen("domains") == expected


def test_the_users_parameters_apply_to_both_entries():
    own = {"stague": dict(METHODS["stague"]["params"])}
    assert benchmark(datasets=["BZ5"], methods=["stague"], params=own).published == {}
    some = benchmark(datasets=["BZ5"], methods=["stague"], params={"stague": {"epochs": 7}})
    assert some.params("stague__published", "BZ5")["epochs"] == 7
    assert some.params("stague__published", "BZ5")["hidden_dim"] == 512


def test_the_budget_cuts_both_and_a_setting_of_epochs_alone_is_then_the_same():
    cut = benchmark(datasets=["DLPFC151510"], methods=["stague", "spatialfusion"], budget="cpu")
    assert set(cut.published) == {"stague__published"}
    assert cut.shortened == {"stague": 50, "stague__published": 50, "spatialfusion": 200}


def test_degraded_and_joined_data_have_none():
    both = {"id": "both", "join": ["BZ5", "BZ9"]}
    found = benchmark(datasets=["BZ5", both], methods=["stague"], robustness={"counts": [0.5]})
    entries = [dataset for dataset, method in found.entries() if method == "stague__published"]
    assert entries == ["BZ5"]


def test_the_folder_of_a_fit_names_its_settings(tmp_path):
    layout = layout_of(benchmark(datasets=["BZ5"], methods=["stague"]), tmp_path)
    names = [
        layout.fit("BZ5", name, 0).parent.name.split("-")[0]
        for name in ("stague", "stague__published")
    ]
    assert names == ["default", "published"]


def test_what_is_part_of_a_default_depends_on_the_kind_of_data_alone():
    """The one list of datasets holds those whose positions are pixels of the full image."""
    listed = {
        (name, tuple(setting["datasets"]))
        for name, entry in METHODS.items()
        for setting in entry.get("settings", [])
        if "datasets" in setting
    }
    pixels = ("DLPFC151673", "DLPFC151507_pca")
    assert listed == {("sigra", pixels), ("stagate", pixels)}
    assert "settings" not in METHODS["stague"]


def test_simulated_counts_on_real_positions_have_the_settings_of_the_technology():
    found = benchmark(datasets=["CTCM_MOB_1", "HER2ST_A1", "BZ5"], methods=["graphpca", "rasp"])
    neighbors = {
        (name, method): found.params(method, name)["n_neighbors"]
        for name, method in found.entries()
        if method in ("graphpca", "rasp")
    }
    assert neighbors["CTCM_MOB_1", "graphpca"] == neighbors["HER2ST_A1", "graphpca"] == 4
    assert neighbors["CTCM_MOB_1", "rasp"] == neighbors["HER2ST_A1", "rasp"] == 6
    assert neighbors["BZ5", "graphpca"] == 6 and neighbors["BZ5", "rasp"] == 50
