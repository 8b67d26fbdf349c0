"""The program that downloads: the committed file, mirrors, and failures as data."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import pytest
import yaml

import download
from helpers.raw_files import PROJECT, REGISTRY
from stbench.common.checksums import file_hash, git_blob_id
from stbench.common.errors import InputError
from stbench.config.registry import load_registry

CONTENT = b"the published bytes\n" * 500


SHA256 = hashlib.sha256(CONTENT).hexdigest()


def nothing_left(tmp_path: Path) -> bool:
    raw = tmp_path / "raw"
    return not raw.exists() or not list(raw.iterdir())


def test_the_committed_file_is_the_published_one():
    path = PROJECT / "resources/mirror/STARmap_mPFC/starmap_mpfc.RData"
    file = load_registry(REGISTRY)["BZ5"]["sources"][0]["files"][0]
    assert (path.stat().st_size, file_hash(path)) == (file["bytes"], file["sha256"])
    assert git_blob_id(path) == "c5f09d59535b8c17b561db639c2a48c794382993"


def run_download(monkeypatch, tmp_path: Path, registry: Path, *more: str) -> Path:
    output = tmp_path / "raw/mine"
    arguments = ["--dataset", "BZ5", "--registry", registry, "--output", output, *more]
    monkeypatch.setattr(sys, "argv", ["download.py", *map(str, arguments)])
    download.main()
    return output


def offline_registry(tmp_path: Path, **changes) -> Path:
    """The registry with BZ5 only, and no URL to ask."""
    one = load_registry(REGISTRY)["BZ5"]
    file = {**one["sources"][0]["files"][0], "url": [], **changes}
    one["sources"] = [{**one["sources"][0], "files": [file]}]
    path = tmp_path / "datasets.yaml"
    path.write_text(yaml.safe_dump({"BZ5": one}))
    return path


def test_the_program_finds_the_committed_file(monkeypatch, tmp_path):
    output = run_download(monkeypatch, tmp_path, offline_registry(tmp_path), "--mirror", "")
    assert sorted(path.name for path in output.iterdir()) == ["starmap_mpfc.RData", "status.json"]


def test_the_program_looks_into_the_users_mirror_first(monkeypatch, tmp_path):
    mirror = tmp_path / "mirror"
    (mirror / "STARmap_mPFC").mkdir(parents=True)
    (mirror / "STARmap_mPFC/starmap_mpfc.RData").write_bytes(CONTENT)
    monkeypatch.setenv("STBENCH_MIRROR", str(mirror))
    output = run_download(monkeypatch, tmp_path, offline_registry(tmp_path, sha256=SHA256))
    assert (output / "starmap_mpfc.RData").read_bytes() == CONTENT


def test_the_program_fails_or_records_the_failure(monkeypatch, tmp_path):
    registry = offline_registry(tmp_path, sha256="0" * 64)
    with pytest.raises(InputError, match="0" * 64):
        run_download(monkeypatch, tmp_path, registry)
    assert nothing_left(tmp_path)
    output = run_download(monkeypatch, tmp_path, registry, "--record-failure")
    status = json.loads((output / "status.json").read_text())
    assert status["status"] == "error"
    assert "0" * 64 in status["reason"]
    assert not status["reason"].startswith("BZ5")
    assert status["files"] == []


def test_a_mirror_that_is_not_there_is_said(monkeypatch, tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        run_download(monkeypatch, tmp_path, REGISTRY, "--mirror", str(tmp_path / "typo"))
