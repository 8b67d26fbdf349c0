"""What goes to a machine without a network: the plan, the bundle, and the way back in."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import bundle
import download
import fetch_plan
from helpers.raw_files import PROJECT
from stbench.common.errors import InputError


def call(monkeypatch, program, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", [program.__name__, *map(str, arguments)])
    program.main()


@pytest.fixture
def raw(monkeypatch, tmp_path) -> Path:
    """BZ5 from the project's own mirror, and a dataset that cannot be had."""
    for name in ("BZ5", "BZ9"):
        given = ("--dataset", name, "--mirror", "", "--output", tmp_path / "raw" / name / "key")
        call(monkeypatch, download, *given)
    given = ("--dataset", "Stereo-seq", "--mirror", "", "--output", tmp_path / "raw/Stereo-seq/key")
    call(monkeypatch, download, *given, "--record-failure")
    return tmp_path / "raw"


def test_the_plan_names_the_chosen_source(monkeypatch, capsys):
    call(monkeypatch, fetch_plan, "BZ5", "--sources", '{"BZ5": "STAGUE archive"}')
    assert "BZ5: STAGUE archive, " in capsys.readouterr().out


def test_the_bundle_serves_as_a_mirror(monkeypatch, tmp_path, raw, capsys):
    for name in ("one.tar", "two.tar"):
        call(monkeypatch, bundle, "--output", tmp_path / name, *sorted(raw.glob("*/*")))
    assert "Stereo-seq: not included: data not available" in capsys.readouterr().err
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    with tarfile.open(tmp_path / "one.tar") as tar:
        tar.extractall(tmp_path, filter="data")
    there = tmp_path / "stbench-bundle"
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=there, check=True)
    head, *lines = (there / "MANIFEST.tsv").read_text().splitlines()
    assert head.split("\t") == ["path", "bytes", "sha256", "dataset", "licence", "source"]
    assert len(lines) == 1 and "GPL-3 (repository)" in lines[0]
    monkeypatch.setenv("STBENCH_MIRROR", str(there / "mirror"))
    monkeypatch.setattr("stbench.data.fetch.RESOURCES", tmp_path / "elsewhere")
    registry = ("--registry", PROJECT / "config/datasets.yaml")
    call(
        monkeypatch, download, "--dataset", "BZ5", *registry, "--output", tmp_path / "again/BZ5/key"
    )
    name = "BZ5/key/starmap_mpfc.RData"
    assert (tmp_path / "again" / name).read_bytes() == (raw / name).read_bytes()


def test_a_file_that_changed_since_is_not_packed(monkeypatch, tmp_path, raw):
    (raw / "BZ5/key/starmap_mpfc.RData").write_bytes(b"changed")
    with pytest.raises(InputError, match="differs from the fetched file"):
        call(monkeypatch, bundle, "--output", tmp_path / "one.tar", raw / "BZ5/key")
    with pytest.raises(InputError, match="no dataset to pack"):
        call(monkeypatch, bundle, "--output", tmp_path / "one.tar", raw / "Stereo-seq/key")
    assert not (tmp_path / "one.tar").exists()


def test_a_dataset_that_left_the_registry_is_not_packed(monkeypatch, tmp_path, raw, capsys):
    shutil.copytree(raw / "BZ5", raw / "Gone")
    folders = [raw / "Gone/key", raw / "BZ5/key"]
    call(monkeypatch, bundle, "--output", tmp_path / "one.tar", *folders)
    assert "not included: Gone: the registry has no such dataset" in capsys.readouterr().err
    assert (tmp_path / "one.tar").exists()


def test_a_file_whose_checksum_changed_in_the_registry_is_not_packed(
    monkeypatch, tmp_path, raw, capsys
):
    (file,) = json.loads((raw / "BZ5/key/status.json").read_text())["files"]
    registry = (PROJECT / "config/datasets.yaml").read_text()
    assert file["sha256"] in registry
    (tmp_path / "datasets.yaml").write_text(registry.replace(file["sha256"], "a" * 64))
    given = ("--registry", tmp_path / "datasets.yaml", "--output", tmp_path / "one.tar")
    with pytest.raises(InputError, match="no dataset to pack"):
        call(monkeypatch, bundle, *given, raw / "BZ5/key")
    assert "the registry has other files now" in capsys.readouterr().err


def test_wheels_that_cannot_be_had_stop_the_bundle(monkeypatch, tmp_path, raw):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(InputError, match="pip could not download"):
        given = ("--output", tmp_path / "one.tar", "--wheels", "torch==2.13.0", raw / "BZ5/key")
        call(monkeypatch, bundle, *given)


def test_the_plan_shows_licenses_sizes_and_disk(monkeypatch, capsys):
    call(monkeypatch, fetch_plan, "BZ5", "BZ9", "V1", "Stereo-seq", "sim_layers")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (
        "BZ5: zhengli09/BASS-Analysis, license: GPL-3 (repository), 0.4 MB, "
        "raw.githubusercontent.com"
    )
    assert lines[3].endswith("unknown size, no URL, manual download")
    assert lines[4] == "3 files to fetch: 0.4 MB and 2 of unknown size"
    assert "0.7 MB and 2 of unknown size" in lines[5]


def test_a_plan_that_does_not_fit_the_disk_stops(monkeypatch):
    monkeypatch.setattr(fetch_plan, "free_bytes", lambda folder: 1000)
    with pytest.raises(InputError, match="too little disk"):
        call(monkeypatch, fetch_plan, "BZ5")
    call(monkeypatch, fetch_plan, "BZ5", "--fetched", "BZ5")
