"""The program that prepares a dataset: good input, and every kind of bad one."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import anndata
import numpy as np
import pytest
import yaml

import prepare
from helpers.malformed import MALFORMED, good
from helpers.raw_files import FOLDERS, REGISTRY
from stbench.common.checksums import file_hash, git_blob_id
from stbench.common.errors import run_cli
from stbench.config.registry import dataset_entry, load_registry
from stbench.data.download import Downloader
from stbench.data.fetch import fetch_dataset, write_failure

REGISTERED = load_registry(REGISTRY)
SECTION = {"id": "mine", "n_domains": 2, "label": "cluster"}


def run(monkeypatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["prepare.py", *map(str, arguments)])
    run_cli(prepare.main)


def refusal(monkeypatch, *arguments: object) -> str:
    """The one line of a run that is refused; ``sys.exit`` with a text is exit code 1."""
    with pytest.raises(SystemExit) as exit_:
        run(monkeypatch, *arguments)
    line = exit_.value.code
    assert isinstance(line, str)
    assert line.startswith("error: ")
    assert "\n" not in line
    return line


def own(tmp_path: Path, **changes) -> str:
    return json.dumps({**SECTION, "path": str(tmp_path / "mine.h5ad"), **changes})


def test_a_section_of_ones_own(monkeypatch, tmp_path, capsys):
    good().write_h5ad(tmp_path / "mine.h5ad")
    output = tmp_path / "out/mine.h5ad"
    run(monkeypatch, "--section", own(tmp_path, refine=5), "--output", output)
    adata = anndata.read_h5ad(output)
    assert adata.shape == (40, 6)
    assert list(adata.obs) == ["cluster"]
    facts = adata.uns["dataset"]
    assert (facts["id"], facts["source"], facts["kind"]) == ("mine", "mine.h5ad", "counts")
    assert (facts["n_domains"], facts["refine"], facts["has_truth"]) == (2, 5, True)
    assert "mine: 40 cells x 6 genes, counts, 2 domains" in capsys.readouterr().out


def test_a_section_without_labels(monkeypatch, tmp_path):
    good().write_h5ad(tmp_path / "mine.h5ad")
    section = {"id": "mine", "path": str(tmp_path / "mine.h5ad"), "n_domains": [3, 5]}
    run(monkeypatch, "--section", json.dumps(section), "--output", tmp_path / "out.h5ad")
    adata = anndata.read_h5ad(tmp_path / "out.h5ad")
    assert list(adata.obs) == []
    assert adata.uns["dataset"]["n_domains"].tolist() == [3, 5]


def test_auto_with_labels_is_the_number_of_labels(monkeypatch, tmp_path):
    good().write_h5ad(tmp_path / "mine.h5ad")
    section = {**SECTION, "path": str(tmp_path / "mine.h5ad"), "n_domains": "auto"}
    run(monkeypatch, "--section", json.dumps(section), "--output", tmp_path / "out.h5ad")
    assert anndata.read_h5ad(tmp_path / "out.h5ad").uns["dataset"]["n_domains"] == 2


def test_the_same_input_gives_the_same_bytes(monkeypatch, tmp_path):
    good().write_h5ad(tmp_path / "mine.h5ad")
    outputs = [tmp_path / "1.h5ad", tmp_path / "2.h5ad"]
    for output in outputs:
        run(monkeypatch, "--section", own(tmp_path), "--output", output)
    assert outputs[0].read_bytes() == outputs[1].read_bytes()


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_input_gives_one_line_and_no_file(monkeypatch, tmp_path, case):
    write, changes, message = MALFORMED[case]
    write(tmp_path / "mine.h5ad")
    before = sorted(tmp_path.iterdir())
    line = refusal(
        monkeypatch, "--section", own(tmp_path, **changes), "--output", tmp_path / "out.h5ad"
    )
    assert message in line
    assert sorted(tmp_path.iterdir()) == before


def test_a_section_that_is_not_json(monkeypatch, tmp_path):
    assert "not JSON" in refusal(monkeypatch, "--section", "{id: mine", "--output", tmp_path / "o")
    assert "JSON object" in refusal(monkeypatch, "--section", "[1]", "--output", tmp_path / "o")


def test_inside_the_workflow_a_refusal_is_data(monkeypatch, tmp_path):
    output = tmp_path / "out.h5ad"
    run(monkeypatch, "--section", own(tmp_path), "--output", output, "--record-failure")
    adata = anndata.read_h5ad(output)
    assert adata.shape == (0, 0)
    facts = adata.uns["dataset"]
    assert (facts["id"], facts["status"]) == ("mine", "error")
    assert "no such file" in facts["reason"]


def fetched(tmp_path: Path, name: str = "BZ5") -> Path:
    raw = tmp_path / "raw" / name
    fetch_dataset(dataset_entry(name, REGISTERED), raw, FOLDERS, Downloader([]))
    return raw


def test_a_published_dataset(monkeypatch, tmp_path):
    output = tmp_path / "BZ5.h5ad"
    run(monkeypatch, "--dataset", "BZ5", "--raw", fetched(tmp_path), "--output", output)
    adata = anndata.read_h5ad(output)
    assert adata.shape == (1049, 166)
    facts = adata.uns["dataset"]
    assert facts["source"] == "zhengli09/BASS-Analysis"
    assert facts["sha256"].startswith("6766a908")
    assert facts["n_domains"] == adata.obs["cluster"].nunique() == 4
    assert adata.obs["celltype"].nunique() == 15


def test_a_failed_download_is_passed_on(monkeypatch, tmp_path):
    raw, output = tmp_path / "raw", tmp_path / "BZ5.h5ad"
    write_failure(raw, "data not available: ask")
    arguments = ("--dataset", "BZ5", "--raw", raw, "--output", output)
    assert refusal(monkeypatch, *arguments) == "error: BZ5: data not available: ask"
    run(monkeypatch, *arguments, "--record-failure")
    assert anndata.read_h5ad(output).uns["dataset"]["reason"] == "data not available: ask"


def two_sources(tmp_path: Path, **second) -> tuple[Path, Path]:
    """A registry and a raw folder: a first source that cannot be loaded, a second in a mirror."""
    raw, mirror = tmp_path / "raw/mine", tmp_path / "mirror"
    for folder in (raw, mirror / "mine"):
        folder.mkdir(parents=True)
    entry = {**REGISTERED["BZ5"], "cells": 40, "genes": 6, "n_domains": 2}
    sources = [
        {
            "name": name,
            "loader": "h5ad",
            "options": {"label": ["cluster"]},
            "files": [{"name": f"mine/{name}.h5ad", "get": "ask", "blob": "0" * 40}],
        }
        for name in ("first", "second")
    ]
    good().write_h5ad(mirror / "mine/second.h5ad")
    sources[1]["files"][0]["blob"] = git_blob_id(mirror / "mine/second.h5ad")
    sources[1].update(second)
    (tmp_path / "datasets.yaml").write_text(yaml.safe_dump({"mine": {**entry, "sources": sources}}))
    (raw / "first.h5ad").write_bytes(b"broken")
    raw_folder(raw, "first", ["first.h5ad"])
    return tmp_path / "datasets.yaml", mirror


def test_a_source_that_cannot_be_loaded_gives_way_to_the_next(monkeypatch, tmp_path, capsys):
    registry, mirror = two_sources(tmp_path, genes=7)
    output = tmp_path / "o.h5ad"
    arguments = ["--dataset", "mine", "--raw", tmp_path / "raw/mine", "--registry", registry]
    run(monkeypatch, *arguments, "--mirror", mirror, "--output", output)
    facts = anndata.read_h5ad(output).uns["dataset"]
    assert facts["source"] == "second"
    assert facts["sha256"] == file_hash(mirror / "mine/second.h5ad")
    assert "first was not used: " in facts["note"]
    assert "genes: 6 in the file from second, 7 expected" in facts["note"]
    assert facts["note"] in capsys.readouterr().out
    assert [path.name for path in (tmp_path / "raw").iterdir()] == ["mine"]


def test_a_chosen_source_does_not_give_way(monkeypatch, tmp_path):
    registry, mirror = two_sources(tmp_path)
    arguments = ["--dataset", "mine", "--raw", tmp_path / "raw/mine", "--registry", registry]
    arguments += ["--mirror", mirror, "--output", tmp_path / "o.h5ad"]
    line = refusal(monkeypatch, *arguments, "--source", "first")
    assert "first.h5ad" in line and "second" not in line
    line = refusal(monkeypatch, *arguments, "--source", "second")
    assert "the registry has no source 'first'; download the dataset again" in line
    assert "unknown source 'third'; known: first, second" in refusal(
        monkeypatch, *arguments, "--source", "third"
    )


def test_where_no_source_can_be_loaded_all_reasons_are_given(monkeypatch, tmp_path):
    registry, mirror = two_sources(tmp_path)
    registry.write_text(registry.read_text().replace("cluster", "layer"))
    arguments = ["--dataset", "mine", "--raw", tmp_path / "raw/mine", "--registry", registry]
    line = refusal(monkeypatch, *arguments, "--mirror", mirror, "--output", tmp_path / "o.h5ad")
    assert "first.h5ad" in line and "; or " in line and "no column 'layer' in obs" in line
    assert not (tmp_path / "o.h5ad").exists()


def test_a_folder_that_was_not_downloaded(monkeypatch, tmp_path):
    arguments = ("--dataset", "BZ5", "--output", tmp_path / "o.h5ad")
    assert "requires --raw" in refusal(monkeypatch, *arguments)
    line = refusal(monkeypatch, *arguments, "--raw", tmp_path)
    assert "run download.py again" in line
    assert "unknown dataset" in refusal(
        monkeypatch, "--dataset", "BZ6", "--raw", tmp_path, "--output", tmp_path / "o.h5ad"
    )


def test_a_simulated_dataset_has_no_raw_files(monkeypatch, tmp_path):
    arguments = ("--dataset", "sim_rings", "--raw", tmp_path, "--output", tmp_path / "o.h5ad")
    assert "is simulated" in refusal(monkeypatch, *arguments)


def raw_folder(folder: Path, source: str, files: list[str]) -> None:
    found = [{"name": name, "bytes": 1, "sha256": "0" * 64, "source": "test"} for name in files]
    status = {"status": "ok", "reason": "", "source": source, "files": found}
    (folder / "status.json").write_text(json.dumps(status))


def test_a_pickled_array_is_refused_with_the_reason(monkeypatch, tmp_path):
    name, files = "BRCA1_pca", ["features.npy", "coordinates.npy", "labels.txt"]
    for file in files[:2]:
        np.save(tmp_path / file, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    (tmp_path / files[2]).write_text("a\n")
    raw_folder(tmp_path, "maiziezhoulab/BenchmarkST", files)
    output = tmp_path / "o.h5ad"
    line = refusal(monkeypatch, "--dataset", name, "--raw", tmp_path, "--output", output)
    assert "pickled Python objects, which are never loaded" in line
    assert not output.exists()


@pytest.mark.parametrize(
    ("registered", "message"),
    [
        ({"cells": 41}, "cells: 40 in the file"),
        ({"genes": 7}, "genes: 6 in the file"),
        ({"n_domains": 3}, "n_domains: 2 in the file"),
        ({"cells": 40, "genes": 6, "n_domains": 2}, ""),
        ({}, ""),
    ],
)
def test_a_file_without_a_checksum_is_compared_with_the_registry(
    monkeypatch, tmp_path, registered, message
):
    """STAGUE's archive decides what a dataset is: a surprise stops, an unknown size does not."""
    registry = {"Stereo-seq": {**REGISTERED["Stereo-seq"], **registered}}
    registry["Stereo-seq"]["hvg"] = False
    (tmp_path / "datasets.yaml").write_text(yaml.safe_dump(registry))
    raw = tmp_path / "raw"
    raw.mkdir()
    good().write_h5ad(raw / "adata.h5ad")
    raw_folder(raw, "STAGUE archive", ["adata.h5ad"])
    arguments = ["--dataset", "Stereo-seq", "--raw", raw, "--output", tmp_path / "o.h5ad"]
    arguments += ["--registry", tmp_path / "datasets.yaml"]
    if message:
        assert message in refusal(monkeypatch, *arguments)
    else:
        run(monkeypatch, *arguments)
        assert anndata.read_h5ad(tmp_path / "o.h5ad").uns["dataset"]["n_domains"] == 2
