"""Which keys change with what: descriptions, places and times change none."""

import os
import re
import shutil

import pytest

from stbench.common.file_hashes import FileHashes
from stbench.common.paths import CONFIG, SCRIPTS
from stbench.common.source_code import forget_sources
from stbench.config import identity as identity_module
from stbench.config.benchmark import load_benchmark
from stbench.config.identity import (
    _IMPORTED_LOADERS,
    KEY_LENGTH,
    Identity,
    key_of,
    settings_name,
)
from stbench.config.registry import dataset_entry, load_registry, loaders
from stbench.config.schema import load_yaml

REGISTRY = load_registry(CONFIG / "datasets.yaml")


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.h5ad"
    path.write_bytes(b"cells and genes")
    return {"id": "own", "path": str(path), "n_domains": 3, "label": "layer"}


@pytest.fixture
def hashes(tmp_path):
    return FileHashes(tmp_path / "hashes.json")


@pytest.fixture
def scripts(tmp_path):
    """A copy of the programs to edit."""
    copy = tmp_path / "scripts"
    shutil.copytree(SCRIPTS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def edit(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    forget_sources()
    identity_module._code_hash.cache_clear()


def entry_of(name, **changes):
    return {**dataset_entry(name, REGISTRY), **changes}


def keys(entry, hashes, **options):
    """Data, truth and preprocessed key of one dataset."""
    identity = Identity({entry["id"]: entry}, hashes, **options)
    data = identity.data(entry["id"])
    return data, identity.truth(entry["id"]), identity.stage("preprocess.py", data=data)


@pytest.mark.parametrize(
    "changes",
    [
        {"citation": "Somebody 2020"},
        {"title": "another title"},
        {"note": "a note"},
        {"licence": "MIT"},
        {"organism": "cat"},
        {"cells": 1, "genes": 1},
        {"refine": 7},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_is_said_of_a_dataset_changes_no_key(changes, hashes):
    assert keys(entry_of("BZ5", **changes), hashes) == keys(entry_of("BZ5"), hashes)


def test_addresses_do_not_count_but_contents_and_options_do(hashes):
    entry = entry_of("BZ5")

    def changed(of_file=(), of_source=()):
        first, *rest = entry["sources"]
        files = [{**file, **dict(of_file)} for file in first["files"]]
        return {**entry, "sources": [{**first, "files": files, **dict(of_source)}, *rest]}

    def raw(described):
        return Identity({"BZ5": described}, hashes).raw("BZ5")

    assert keys(changed({"url": ["https://x.org/y"]}), hashes) == keys(entry, hashes)
    assert raw(changed({"url": ["https://x.org/y"]})) == raw(entry)
    assert keys(changed({"sha256": "0" * 64}), hashes)[0] != keys(entry, hashes)[0]
    assert raw(changed({"sha256": "0" * 64})) != raw(entry)
    # Options of a loader have names of their own, which say nothing about the dataset.
    for name in ("section", "label", "cells", "other"):
        options = {"options": {**entry["sources"][0].get("options", {}), name: "x"}}
        assert keys(changed(of_source=options), hashes)[0] != keys(entry, hashes)[0], name
        assert raw(changed(of_source=options)) == raw(entry)


@pytest.mark.parametrize("option", [{"hvg": True}, {"filter_cell": 5}, {"kind": "intensities"}])
def test_settings_of_the_data_count(option, hashes):
    assert not set(keys(entry_of("BZ5", **option), hashes)) & set(keys(entry_of("BZ5"), hashes))


def test_a_corrected_label_changes_the_truth_alone(own, hashes):
    data, truth, preprocessed = keys(dataset_entry(own, REGISTRY), hashes)
    changed = keys(dataset_entry({**own, "label": "domain"}, REGISTRY), hashes)
    assert changed[0] == data
    assert changed[1] != truth
    assert changed[2] == preprocessed
    others = keys(dataset_entry({**own, "n_domains": 4}, REGISTRY), hashes)
    assert not set(others) & {data, truth, preprocessed}


def test_labels_that_give_the_number_of_domains_are_data(own, hashes):
    """With auto, other labels are another number of domains, which decides the training."""
    auto = {**own, "n_domains": "auto"}
    known = keys(dataset_entry(auto, REGISTRY), hashes)
    changed = keys(dataset_entry({**auto, "label": "domain"}, REGISTRY), hashes)
    assert not set(changed) & set(known)


def test_a_range_is_the_list_of_its_numbers(own, hashes):
    unlabeled = {name: value for name, value in own.items() if name != "label"}
    one, other = (
        keys(dataset_entry({**unlabeled, "n_domains": numbers}, REGISTRY), hashes)
        for numbers in ({"from": 3, "to": 5}, [3, 4, 5])
    )
    assert one == other


def test_an_own_file_is_what_it_holds(own, hashes, tmp_path):
    known = keys(dataset_entry(own, REGISTRY), hashes)
    moved = tmp_path / "elsewhere/renamed.h5ad"
    moved.parent.mkdir()
    shutil.move(own["path"], moved)
    entry = dataset_entry({**own, "path": str(moved)}, REGISTRY)
    assert keys(entry, hashes) == known
    shutil.copy(moved, own["path"])
    os.utime(moved)
    assert keys(entry, hashes) == keys(dataset_entry(own, REGISTRY), hashes) == known
    moved.write_bytes(b"other cells")
    os.utime(moved, ns=(10**18, 10**18))
    assert not set(keys(entry, hashes)) & set(known)


def test_joined_and_degraded_datasets_have_the_keys_of_what_they_are_made_of(own, hashes):
    def made(section):
        config = load_yaml(CONFIG / "config.yaml") | {
            "datasets": [section, {"id": "both", "join": ["BZ5", section]}],
            "robustness": {"counts": [0.5, 0.25]},
        }
        benchmark = load_benchmark(config, CONFIG)
        identity = Identity(benchmark.datasets, hashes)
        own = f"{section['id']}.counts0.5"
        copies = [f"{own}.draw0", f"{own}.draw1", "both.counts0.25.draw0"]
        return {
            name: (identity.data(name), identity.truth(name))
            for name in (section["id"], "both", *copies)
        }

    before, relabeled = made(own), made({**own, "label": "domain"})
    assert len({data for data, _ in before.values()}) == len(before)
    for name, (data, truth) in before.items():
        # The truth decides how many domains joined sections and degraded copies have.
        assert (relabeled[name][0] == data) == (name == "own"), name
        assert relabeled[name][1] != truth, name
    with open(own["path"], "ab") as file:
        file.write(b"!")
    after = made(own)
    assert not {key for pair in before.values() for key in pair} & {
        key for pair in after.values() for key in pair
    }


def test_a_pair_is_its_options_and_the_contents_of_its_parts(own, hashes):
    pair = {"id": "pair", "origin": "pair", "spots": "BZ5", "title": "spots", "spot_size": 2}
    reference = {"path": own["path"], "celltype": "type"}

    def key(of_spots=(), of_reference=(), **changes):
        entries = {
            "BZ5": entry_of("BZ5", **dict(of_spots)),
            "pair": {**pair, "reference": {**reference, **dict(of_reference)}, **changes},
        }
        return Identity(entries, hashes).data("pair")

    assert key(title="other words", n_cells=3) == key(of_spots={"citation": "x"}) == key()
    different = [
        key(),
        key(spot_size=3),
        key(of_spots={"kind": "features"}),
        key(of_reference={"celltype": "subclass"}),
        Identity({"pair": {**pair, "simulate": {"seed": 1}}, "BZ5": entry_of("BZ5")}, hashes).data(
            "pair"
        ),
    ]
    assert len(set(different)) == len(different)


def test_a_tissue_is_its_parameters_and_the_genes_of_its_reference(hashes, tmp_path, monkeypatch):
    table = tmp_path / "genes.csv"
    monkeypatch.setattr(identity_module, "gene_statistics_file", lambda name: table)

    def tissue_keys(**options):
        simulate = {"layout": "rings", **options}
        tissue = dataset_entry({"id": "t", "simulate": simulate}, REGISTRY)
        pair = {"id": "p", "origin": "pair", "spot_size": 2, "simulate": simulate}
        identity = Identity({"t": tissue, "p": pair}, hashes)
        return [identity.data("t"), identity.data("p")]

    table.write_text("one")
    drawn, real, uneven = (
        tissue_keys(),
        tissue_keys(reference="BZ9"),
        tissue_keys(gradient=0.2),
    )
    assert len({*drawn, *real, *uneven}) == 6
    table.write_text("other")
    assert tissue_keys() == drawn
    assert not set(tissue_keys(reference="BZ9")) & set(real)


def test_an_edit_of_code_changes_the_keys_of_what_it_makes(hashes, scripts):
    def all_keys():
        data, _, preprocessed = keys(entry_of("BZ5"), hashes, scripts=scripts)
        identity = Identity({}, hashes, scripts)
        return {
            "data": data,
            "preprocessed": preprocessed,
            "stague": identity.method_code(["fit.py", "methods/stague/model.py"], "default"),
            "pca": identity.method_code(["fit.py", "methods/pca.py"], "default"),
            "scores": identity.stage("score.py", labels="x"),
        }

    def changed(*edits):
        before = all_keys()
        for file, old, new in edits:
            edit(scripts / file, old, new)
        after = all_keys()
        return {name for name in before if before[name] != after[name]}

    of_another_format = "stbench/data/loaders/loom.py"
    assert not changed(
        ("stbench/data/preprocessing.py", "as STAGUE does", "as published"),
        ("fit.py", "import argparse\n", "import argparse  # options\n"),
        ("run_fit.py", "HEADROOM_MB = 50", "HEADROOM_MB = 60"),
        ("stbench/common/io.py", "indent=2", "indent=3"),
        (of_another_format, "import annotations\n", "import annotations\n\nX = 1\n"),
    )
    assert changed(("stbench/data/preprocessing.py", "N_NEIGHBORS = 15", "N_NEIGHBORS = 16")) == {
        "preprocessed"
    }
    contrastive = "methods/stague/contrastive.py"
    assert changed((contrastive, "import annotations\n", "import annotations\n\nX = 1\n")) == {
        "stague"
    }
    loader = f"stbench/data/loaders/{entry_of('BZ5')['sources'][0]['loader']}.py"
    assert changed((loader, "import annotations\n", "import annotations\n\nX = 1\n")) == {
        "data",
        "preprocessed",
    }


def test_pins_count_for_methods_with_an_environment_of_their_own(hashes):
    identity = Identity({}, hashes)
    programs = ["fit.py", "methods/cellcharter.py"]
    assert identity.method_code(programs, "cellcharter") != identity.method_code(
        programs, "default"
    )


def test_the_environment_that_all_share_does_not_count(hashes, tmp_path, monkeypatch):
    monkeypatch.setattr(identity_module, "ENVIRONMENTS", tmp_path)

    def code(environment, version):
        (tmp_path / f"{environment}.yaml").write_text(f"dependencies: [package={version}]\n")
        return Identity({}, hashes).method_code(["fit.py", "methods/pca.py"], environment)

    assert code("own", 1) == code("own", 1) != code("own", 2)
    assert code("default", 1) == code("default", 2)


def test_parameters_are_compared_as_values_and_have_names():
    assert key_of(params={"lr": 1.0, "k": 5}) == key_of(params={"k": 5, "lr": 1})
    assert key_of(params={"lr": 1.0}) != key_of(params={"lr": 1.5})
    assert key_of(flag=True) != key_of(flag=1)
    assert len(key_of()) == KEY_LENGTH
    known = {"default": {"lr": 1.0}, "published": {"lr": 2.0}}
    assert settings_name({"lr": 1}, known) == "default"
    assert settings_name({"lr": 2.0}, known) == "published"
    own = settings_name({"lr": 3.0}, known)
    assert len(own) == 8
    assert own == settings_name({"lr": 3}, known)


def test_the_code_of_a_dataset_has_all_loaders_that_its_own_imports():
    known = set(loaders())
    for name in known:
        text = (SCRIPTS / f"stbench/data/loaders/{name}.py").read_text()
        imported = set(re.findall(r"from stbench\.data\.loaders\.(\w+) import", text)) & known
        assert set(_IMPORTED_LOADERS.get(name, ())) == imported
