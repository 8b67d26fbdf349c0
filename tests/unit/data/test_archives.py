"""Untrusted archives, and a copy of STAGUE's archive made for the tests."""

from __future__ import annotations

import errno
import io
import json
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

import stague_archive
from helpers.malformed import good
from helpers.raw_files import REGISTRY
from stbench.common.errors import InputError
from stbench.config.schema import load_yaml
from stbench.data.archives import unpack

MEGABYTE = 1 << 20


def a_tar(path: Path, members: dict[str, bytes], mode: str = "w:gz", **more) -> Path:
    with tarfile.open(path, mode) as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in more.items():
                setattr(info, key, value)
            tar.addfile(info, io.BytesIO(content))
    return path


def a_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return path


@pytest.mark.parametrize("make", [a_tar, a_zip])
def test_an_honest_archive_is_unpacked(tmp_path, make):
    archive = make(tmp_path / "a", {"data/x.txt": b"one", "y.txt": b"two"})
    files = unpack(archive, tmp_path / "out", MEGABYTE)
    assert [file.read_bytes() for file in files] == [b"one", b"two"]
    assert [str(file.relative_to(tmp_path / "out")) for file in files] == ["data/x.txt", "y.txt"]


@pytest.mark.parametrize("make", [a_tar, a_zip])
@pytest.mark.parametrize("name", ["../out.txt", "a/../../out.txt", "/etc/out.txt", "..\\out.txt"])
def test_nothing_leaves_the_folder(tmp_path, make, name):
    archive = make(tmp_path / "a", {name: b"escaped"})
    with pytest.raises(InputError, match="is outside the folder"):
        unpack(archive, tmp_path / "deep/out", MEGABYTE)
    assert not list(tmp_path.rglob("out.txt")) and not Path("/etc/out.txt").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(tmp_path, kind):
    archive = a_tar(tmp_path / "a", {"link": b""}, type=kind, linkname="/etc/passwd")
    with pytest.raises(InputError, match="is a link or a device"):
        unpack(archive, tmp_path / "out", MEGABYTE)


def test_a_link_in_a_zip_is_refused(tmp_path):
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr(info, "/etc/passwd")
    with pytest.raises(InputError, match="is a link or a device"):
        unpack(tmp_path / "a.zip", tmp_path / "out", MEGABYTE)


@pytest.mark.parametrize("make", [a_tar, a_zip])
def test_bombs_are_refused(tmp_path, make):
    archive = make(tmp_path / "a", {"zeros": bytes(20 * MEGABYTE)})
    with pytest.raises(InputError, match="is more than allowed or plausible"):
        unpack(archive, tmp_path / "out", 10 * MEGABYTE)
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    many = make(tmp_path / "b", {f"{i}": bytes(MEGABYTE) for i in range(12)})
    with pytest.raises(InputError, match="is more than allowed or plausible"):
        unpack(many, tmp_path / "out", 10 * MEGABYTE)


def test_more_than_any_packer_makes_is_refused(tmp_path):
    twice = a_tar(tmp_path / "in.gz", {"zeros": bytes(30 * MEGABYTE)})
    archive = a_tar(tmp_path / "a.xz", {"zeros": bytes(60 * MEGABYTE)}, mode="w:xz")
    assert twice.stat().st_size > archive.stat().st_size
    with pytest.raises(InputError, match="is more than allowed or plausible"):
        unpack(archive, tmp_path / "out", 1000 * MEGABYTE)


def test_a_zip_that_lies_about_its_sizes_is_refused(tmp_path):
    archive = a_zip(tmp_path / "a.zip", {"x": bytes(MEGABYTE)})
    content = archive.read_bytes().replace((MEGABYTE).to_bytes(4, "little"), b"\x10\0\0\0")
    archive.write_bytes(content)
    with pytest.raises(InputError, match="cannot be unpacked"):
        unpack(archive, tmp_path / "out", 10 * MEGABYTE)


@pytest.mark.parametrize("make", [a_tar, a_zip])
def test_a_truncated_archive_is_refused(tmp_path, make):
    content = np.random.default_rng(0).bytes(MEGABYTE)
    archive = make(tmp_path / "a", {"x": content})
    archive.write_bytes(archive.read_bytes()[: MEGABYTE // 2])
    with pytest.raises(InputError, match=r"cannot be unpacked|neither a zip nor a tar"):
        unpack(archive, tmp_path / "out", 10 * MEGABYTE)


@pytest.mark.parametrize("packer", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_flipped_bit_is_refused_in_one_line_or_harmless(tmp_path, packer):
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(tmp_path / "a", "w", packer) as file:
        file.writestr("x", rng.bytes(3000) + bytes(3000))
    whole = (tmp_path / "a").read_bytes()
    refused = 0
    for attempt in range(60):
        content = bytearray(whole)
        content[rng.integers(len(content))] ^= 1 << rng.integers(8)
        (tmp_path / "b").write_bytes(content)
        try:
            unpack(tmp_path / "b", tmp_path / f"out{attempt}", MEGABYTE)
        except InputError:
            refused += 1
    assert refused > 50


def test_a_full_disk_is_not_the_archives_fault(monkeypatch, tmp_path):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("stbench.data.archives._copy", full)
    with pytest.raises(OSError, match="No space left"):
        unpack(a_tar(tmp_path / "a", {"x": b"y"}), tmp_path / "out", MEGABYTE)


def test_a_name_twice_and_no_archive_are_refused(tmp_path):
    with tarfile.open(tmp_path / "a", "w") as tar:
        for _ in range(2):
            tar.addfile(tarfile.TarInfo("x"), io.BytesIO(b""))
    with pytest.raises(InputError, match="contains 'x' twice"):
        unpack(tmp_path / "a", tmp_path / "out", MEGABYTE)
    (tmp_path / "page.html").write_text("<html>Quota exceeded</html>")
    with pytest.raises(InputError, match="neither a zip nor a tar"):
        unpack(tmp_path / "page.html", tmp_path / "out", MEGABYTE)


# STAGUE's archive


def registry(tmp_path: Path) -> Path:
    """V1 and Stereo-seq of the registry, V1 as small as our file."""
    whole = load_yaml(REGISTRY)
    made = {name: whole[name] for name in ("V1", "Stereo-seq")}
    made["V1"] |= {"cells": 40, "genes": 6, "n_domains": 2}
    path = tmp_path / "datasets.yaml"
    path.write_text(yaml.safe_dump(made))
    return path


def stagues(tmp_path: Path, *names: str) -> Path:
    good().write_h5ad(tmp_path / "adata.h5ad")
    content = (tmp_path / "adata.h5ad").read_bytes()
    return a_tar(tmp_path / "archive.tgz", dict.fromkeys(names, content))


def run(monkeypatch, tmp_path: Path, *more: object) -> Path:
    given = ["--mirror", tmp_path / "mirror", "--registry", registry(tmp_path), *more]
    monkeypatch.setattr(sys, "argv", ["stague_archive.py", *map(str, given)])
    stague_archive.main()
    return tmp_path / "mirror/STAGUE_archive"


def test_the_archive_becomes_a_mirror_with_an_inventory(monkeypatch, tmp_path, capsys):
    archive = stagues(tmp_path, "top/data/V1/raw/adata.h5ad", "data/Stereo-seq/raw/adata.h5ad")
    mirror = run(monkeypatch, tmp_path, "--archive", archive)
    told = capsys.readouterr().out
    assert "V1: 40 cells x 6 genes, counts, 2 domains on 40 labeled cells, sha256" in told
    assert {path.name for path in mirror.iterdir()} == {
        "V1",
        "Stereo-seq",
        "archive.json",
        "status.json",
    }
    assert (mirror / "V1/adata.h5ad").read_bytes() == (tmp_path / "adata.h5ad").read_bytes()
    pinned = json.loads((mirror / "archive.json").read_text())
    assert set(pinned["files"]) == {"V1/adata.h5ad", "Stereo-seq/adata.h5ad"}


@pytest.mark.parametrize("top", ["", "STAGUE/", "a/b/my data/"])
def test_any_top_folder_will_do(monkeypatch, tmp_path, capsys, top):
    archive = stagues(tmp_path, f"{top}V1/raw/adata.h5ad", f"{top}Stereo-seq/raw/adata.h5ad")
    mirror = run(monkeypatch, tmp_path, "--archive", archive)
    assert {path.name for path in mirror.iterdir()} == {
        "V1",
        "Stereo-seq",
        "archive.json",
        "status.json",
    }
    assert f"{archive} is no longer needed" in capsys.readouterr().out


def test_sections_of_the_cortex_are_known_by_their_number(monkeypatch, tmp_path, capsys):
    archive = stagues(tmp_path, "d/DLPFC/raw/adata_151507.h5ad", "d/V1/raw/adata.h5ad")
    with pytest.raises(InputError, match="1 differences"):
        run(monkeypatch, tmp_path, "--archive", archive)
    told = capsys.readouterr().out
    assert "DLPFC151507: 40 cells" in told and "V1: 40 cells" in told


@pytest.mark.parametrize(
    ("names", "held"),
    [
        ([], "no h5ad file"),
        (["elsewhere.h5ad"], "elsewhere.h5ad"),
        (["Other/raw/adata.h5ad"], "Other"),
    ],
)
def test_an_archive_with_nothing_known_is_refused(monkeypatch, tmp_path, names, held):
    archive = stagues(tmp_path, *names)
    for more in ([], ["--accept"]):
        with pytest.raises(InputError, match=f"nothing was kept. Contents: {held}"):
            run(monkeypatch, tmp_path, "--archive", archive, *more)
    assert list((tmp_path / "mirror").iterdir()) == []


def test_an_archive_that_lacks_something_is_to_be_kept(monkeypatch, tmp_path, capsys):
    twice = ["data/V1/raw/adata.h5ad", "old/V1/raw/adata.h5ad"]
    mirror = run(monkeypatch, tmp_path, "--archive", stagues(tmp_path, *twice), "--accept")
    told = capsys.readouterr().out
    assert "old/V1/raw/adata.h5ad is V1 a second time" in told
    assert "no longer needed" not in told and "keep " in told
    assert {path.name for path in mirror.iterdir()} == {"V1", "archive.json", "status.json"}


def test_another_archive_is_refused_from_then_on(monkeypatch, tmp_path):
    run(monkeypatch, tmp_path, "--archive", stagues(tmp_path, "data/V1/raw/adata.h5ad"))
    other = stagues(tmp_path, "data/V1/raw/adata.h5ad", "data/Stereo-seq/raw/adata.h5ad")
    with pytest.raises(InputError, match="the first one had"):
        run(monkeypatch, tmp_path, "--archive", other)


def test_a_surprise_stops_and_nothing_is_kept(monkeypatch, tmp_path, capsys):
    archive = stagues(tmp_path, "data/V1/raw/adata.h5ad", "data/Fifteenth/raw/adata.h5ad")
    with pytest.raises(InputError, match="1 differences to"):
        run(monkeypatch, tmp_path, "--archive", archive)
    told = capsys.readouterr().out
    assert "differs: not a dataset of the registry" in told
    assert "Stereo-seq: not in the archive" in told
    assert list((tmp_path / "mirror").iterdir()) == []
    mirror = run(monkeypatch, tmp_path, "--archive", archive, "--accept")
    assert {path.name for path in mirror.iterdir()} == {"V1", "archive.json", "status.json"}


def python_with(tmp_path: Path, body: str) -> Path:
    """A stand-in for the Python of the environment with gdown: ``-m gdown ID -O FILE``."""
    path = tmp_path / "python"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("echo 'No module named gdown' >&2; exit 1", "gdown is not installed: make setup-archive"),
        (
            "printf 'Network is unreachable\\nreally' >&2; exit 1",
            r"cannot be downloaded \(Network is unreachable really\); .*drive\.google.*--archive",
        ),
        ("exit 0", r"cannot be downloaded \(exit code 0\)"),
    ],
)
def test_without_gdown_or_network_the_manual_way_is_said(monkeypatch, tmp_path, body, message):
    with pytest.raises(InputError, match=message):
        run(monkeypatch, tmp_path, "--gdown", python_with(tmp_path, body))
    assert not list((tmp_path / "mirror").glob("*"))


def test_a_downloaded_archive_is_unpacked(monkeypatch, tmp_path):
    archive = stagues(tmp_path, "V1/raw/adata.h5ad", "Stereo-seq/raw/adata.h5ad")
    python = python_with(tmp_path, f'cp {archive} "$5"')
    assert (run(monkeypatch, tmp_path, "--gdown", python) / "V1/adata.h5ad").is_file()
