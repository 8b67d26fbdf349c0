"""The registry and the uniform description of datasets."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
import yaml

from helpers.raw_files import PROJECT, REGISTRY
from stbench.common.errors import InputError
from stbench.config.registry import (
    choose_sources,
    dataset_entry,
    is_checked,
    load_registry,
    origins,
    source_entry,
)
from stbench.data.loaders import loader
from stbench.data.simulation import Tissue

PAPER = [
    "DLPFC151507",
    "DLPFC151508",
    "DLPFC151509",
    "DLPFC151510",
    "DLPFC151671",
    "DLPFC151672",
    "BZ5",
    "BZ9",
    "BZ14",
    "V1",
    "osmFISH",
    "Bregma0.04",
    "Bregma0.09",
    "Stereo-seq",
    "BRCA1",
]
FURTHER = [
    "DLPFC151673",
    "DLPFC151673_5k",
    "DLPFC151674_5k",
    "DLPFC151675_5k",
    "DLPFC151676_5k",
    "MouseBrainAnterior",
    "V1_0410",
    *[f"HER2ST_{patient}{section}" for patient in "AB" for section in (1, 2, 3)],
    *[f"HER2ST_{section}" for section in ("C1", "D1", "E1", "F1", "G2", "H1")],
    "seqFISHplus",
    "V1_0410_cells",
    "DECONV_STARmap",
    "DECONV_seqFISHplus",
    "osmFISH_sdmbench",
    "BRCA1_pca",
    "Bregma0.04_pca",
    "DLPFC151507_pca",
    "V1_pca",
    *[f"CTCM_MOB_{section}" for section in range(1, 13)],
    *[f"CTCM_MERFISH_{section}" for section in range(1, 13)],
    "CTCM_osmFISH",
]
LAYOUTS = ("layers", "rings", "islands", "mosaic")
SIMULATED = [f"{regime}_{layout}" for regime in ("sim", "sim_real") for layout in LAYOUTS]
DESCRIPTION = [
    "id",
    "origin",
    "title",
    "technology",
    "organism",
    "donor",
    "study",
    "unit",
    "kind",
    "cells",
    "genes",
    "n_domains",
    "hvg",
    "filter_cell",
    "norm_target",
    "refine",
    "licence",
    "citation",
    "note",
]
TENX = ("https://spatial-dlpfc.s3.us-east-2.amazonaws.com", "https://cf.10xgenomics.com")
OWN = {"id": "mine", "path": "some/file.h5ad", "n_domains": 7, "label": "cluster"}


@pytest.fixture(scope="module")
def registry():
    return load_registry(REGISTRY)


def write(path: Path, entries: dict) -> Path:
    path.write_text(yaml.safe_dump(entries))
    return path


def test_it_holds_the_fifteen_the_further_and_the_simulated(registry):
    assert list(registry) == PAPER + FURTHER + SIMULATED


def test_every_dataset_is_described_alike(registry):
    for section in [*registry, OWN, {"id": "sim", "simulate": {"layout": "rings"}}]:
        entry = dataset_entry(section, registry)
        assert set(DESCRIPTION) <= set(entry), section
        assert entry["origin"] in {"files", "path", "simulate"}


def test_settings_of_the_published_benchmark(registry):
    for name in PAPER:
        entry = dataset_entry(name, registry)
        visium = entry["technology"] == "10x Visium"
        assert entry["hvg"] == (visium or name == "Stereo-seq")
        assert (entry["filter_cell"], entry["refine"]) == (50, 50) or not visium
        assert entry["norm_target"] == (1e4 if name == "Stereo-seq" else 0)


def test_options_fit_the_loaders_and_name_files_of_the_source(registry):
    for name, entry in registry.items():
        for source in entry.get("sources", []):
            options = source.get("options", {})
            inspect.signature(loader(source["loader"])).bind(Path(), **options)
            files = [Path(file["name"]).name for file in source["files"]]
            assert len(files) == len(set(files)), name
            named = {
                v for v in options.values() if isinstance(v, str) and Path(v).suffix[1:].isalpha()
            }
            assert named <= set(files), (name, named)


def test_every_file_is_checked_or_says_how_to_get_it(registry):
    """10x publishes no checksums: such a file is pinned when it is first downloaded."""
    for entry in registry.values():
        for source in entry.get("sources", []):
            for file in source["files"]:
                assert file.get("url") or "get" in file
                unchecked = "get" not in file and not {"sha256", "blob"} & set(file)
                assert not unchecked or any(host in file["url"][0] for host in TENX)


def test_all_but_stereo_seq_have_a_checked_source(registry):
    for name in PAPER:
        checked = any(is_checked(source) for source in registry[name]["sources"])
        assert checked == (name != "Stereo-seq")


def test_urls_are_pinned_to_a_commit_and_only_their_hosts_are_asked(registry):
    raw = "https://raw.githubusercontent.com"
    assert origins(registry) == {raw, *TENX}
    sources = [source for entry in registry.values() for source in entry.get("sources", [])]
    urls = [url for source in sources for file in source["files"] for url in file.get("url", [])]
    ours = [url for url in urls if url.startswith(raw)]
    assert ours and all(re.search(r"/[0-9a-f]{40}/", url) for url in ours)


def test_sections_of_one_donor_and_study_can_be_recognized(registry):
    donors = {name: entry["donor"] for name, entry in registry.items() if "sources" in entry}
    assert len({donors[f"DLPFC{section}"] for section in ("151507", "151508", "151510")}) == 1
    assert donors["DLPFC151671"] == donors["DLPFC151672"] != donors["DLPFC151507"]
    assert len({donors[name] for name in ("BZ5", "BZ9", "BZ14")}) == 3
    assert donors["Bregma0.04"] == donors["Bregma0.09"] == donors["CTCM_MERFISH_5"]
    assert dataset_entry("sim_rings", registry)["donor"] == ""


def test_the_keys_of_a_source_hold_over_those_of_the_entry(registry):
    full = dataset_entry("DLPFC151510", registry)
    assert (full["genes"], full["hvg"], full["filter_cell"], full["refine"]) == (
        33538,
        True,
        50,
        50,
    )
    few = source_entry("DLPFC151510", "feiyoung/DR.SC (500 genes)", registry)
    assert (few["genes"], few["hvg"], few["filter_cell"], few["refine"]) == (500, False, 0, 50)
    assert "preselected" in few["note"]


def test_sources_by_choice_are_used_where_they_are_chosen(registry):
    usual = choose_sources(registry, {})["DLPFC151507"]["sources"]
    assert [source["name"] for source in usual] == ["zhengli09/BASS-Analysis", "STAGUE archive"]
    chosen = choose_sources(registry, {"DLPFC151507": "spatialLIBD h5"})
    assert [source["name"] for source in chosen["DLPFC151507"]["sources"]] == ["spatialLIBD h5"]
    assert chosen["BZ5"] == registry["BZ5"]
    for wrong, message in (
        ({"DLPFC151507": "STAGUE"}, "DLPFC151507: unknown source 'STAGUE' (did you mean"),
        ({"DLPFC": "STAGUE archive"}, "sources: unknown dataset 'DLPFC'"),
        ({"sim_rings": "any"}, "sources: unknown dataset 'sim_rings'"),
    ):
        with pytest.raises(InputError) as error:
            choose_sources(registry, wrong)
        assert message in str(error.value)


def test_simulated_datasets_tell_their_size(registry):
    entry = dataset_entry("sim_layers", registry)
    assert entry["simulate"]["layout"] == "layers"
    assert (entry["cells"], entry["genes"], entry["n_domains"]) == (600, 200, 7)
    usual = dataset_entry({"id": "usual", "simulate": {"layout": "rings"}}, registry)
    tissue = Tissue(layout="rings")
    told = (usual["cells"], usual["genes"], usual["n_domains"])
    assert told == (tissue.n_cells, tissue.n_genes, tissue.n_domains)
    own = {"id": "big", "simulate": {"layout": "rings", "n_cells": 9000}}
    assert dataset_entry(own, registry)["cells"] == 9000


def test_an_own_section_keeps_what_was_said(registry):
    entry = dataset_entry({**OWN, "hvg": True}, registry)
    assert entry["given"] == {**OWN, "hvg": True}
    assert (entry["cells"], entry["kind"], entry["hvg"], entry["refine"]) == (
        None,
        "counts",
        True,
        0,
    )


@pytest.mark.parametrize(
    ("given", "label", "numbers"),
    [
        ("auto", None, list(range(2, 13))),
        ("auto", "cluster", None),
        ({"from": 3, "to": 5}, None, [3, 4, 5]),
        ({"from": 4, "to": 4}, None, [4]),
        ([7, 5], None, [7, 5]),
        (7, "cluster", 7),
    ],
)
def test_numbers_of_domains_of_an_own_section(given, label, numbers):
    section = {"id": "mine", "path": "x.h5ad", "n_domains": given}
    section |= {"label": label} if label else {}
    assert dataset_entry(section, {})["n_domains"] == numbers


def test_a_range_needs_a_number():
    section = {"id": "mine", "path": "x.h5ad", "n_domains": {"from": 5, "to": 3}}
    with pytest.raises(InputError, match="from 5 to 3 has no number"):
        dataset_entry(section, {})


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("BZ55", "unknown dataset 'BZ55' (did you mean 'BZ5'?)"),
        ({**OWN, "labels": "cluster"}, "unknown key 'labels' (did you mean 'label'?)"),
        ({"id": "mine", "path": "x.h5ad"}, "the key 'n_domains' is missing"),
        ({**OWN, "n_domains": "seven"}, "n_domains: 'seven' is neither a number nor auto"),
        ({**OWN, "n_domains": {"from": 3}}, "n_domains: the key 'to' is missing"),
        ({**OWN, "n_domains": {"from": 1, "to": 4}}, "n_domains.from"),
        ({**OWN, "n_domains": {"from": 3, "to": 5}}, "a range is for data without labels"),
        ({**OWN, "n_domains": 1}, "n_domains"),
        ({**OWN, "n_domains": [5, 7]}, "a list is for data without labels"),
        ({**OWN, "kind": "count"}, "unknown 'count' (did you mean 'counts'?)"),
        ({**OWN, "id": "BZ5"}, "the registry has a dataset of this name"),
        ({**OWN, "id": "a b"}, "only letters, digits"),
        ({**OWN, "id": "a;rm -rf x"}, "only letters, digits"),
        ({**OWN, "id": "../up"}, "only letters, digits"),
        ({**OWN, "id": "line\n"}, "only letters, digits"),
        ({**OWN, "id": 5}, "5 is not of type string"),
        ({"id": "s", "simulate": {"layout": "spiral"}}, "unknown 'spiral'"),
        ({"id": "s", "simulate": {"layout": "rings", "cells": 5}}, "unknown key 'cells'"),
    ],
)
def test_a_wrong_section_is_refused_in_one_line(registry, section, message):
    with pytest.raises(InputError) as error:
        dataset_entry(section, registry)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "red"}, "BZ5: unknown key 'colour'"),
        ({"kind": "numbers"}, "BZ5: kind: unknown 'numbers'"),
        ({"n_domains": 1}, "BZ5: n_domains: 1"),
        ({"sources": []}, "BZ5: sources: []"),
    ],
)
def test_a_wrong_registry_is_refused_in_one_line(registry, tmp_path, change, message):
    path = write(tmp_path / "datasets.yaml", {"BZ5": {**registry["BZ5"], **change}})
    with pytest.raises(InputError) as error:
        load_registry(path)
    assert f"datasets.yaml: {message}" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_url_that_is_not_https_is_refused(registry, tmp_path):
    entry = yaml.safe_load(yaml.safe_dump(registry["BZ5"]))
    entry["sources"][0]["files"][0]["url"] = ["file:///etc/passwd"]
    with pytest.raises(InputError, match="file:///etc/passwd"):
        load_registry(write(tmp_path / "datasets.yaml", {"BZ5": entry}))


def test_the_page_of_the_datasets_agrees_with_the_registry(registry):
    page = (PROJECT / "docs/data.md").read_text(encoding="utf-8")
    for name, entry in registry.items():
        if "sources" not in entry:
            continue
        line = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        domains = entry["n_domains"]
        numbers = [entry["cells"], entry["genes"], domains]
        told = ["?" if number is None else str(number).strip("[]") for number in numbers]
        assert [field.strip() for field in line.split("|")[2:5]] == told
        assert entry["donor"] in line and entry["study"] in line and entry["licence"] in line
        assert all(source["name"] in line for source in entry["sources"])
