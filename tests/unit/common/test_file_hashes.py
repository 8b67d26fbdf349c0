"""Hashes of files are remembered only as long as the files are the same."""

import os
import shutil

import pytest

from stbench.common.checksums import file_hash
from stbench.common.file_hashes import FileHashes


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "own.h5ad"
    path.write_bytes(b"first")
    return path


def replaced_by_move(path, old):
    other = path.with_name("other")
    other.write_bytes(b"other")
    os.utime(other, ns=(old, old))
    other.replace(path)


def copied_over(path, old):
    other = path.with_name("other")
    other.write_bytes(b"other")
    os.utime(other, ns=(old, old))
    shutil.copy2(other, path)


def rewritten_with_the_same_time(path, old):
    before = path.stat()
    path.write_bytes(b"other")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("replace", [replaced_by_move, copied_over, rewritten_with_the_same_time])
def test_a_replaced_file_is_noticed_whatever_its_time_says(file, replace):
    memory = file.with_name("hashes.json")
    assert FileHashes(memory)(file) == file_hash(file)
    replace(file, old=10**18)
    assert file.read_bytes() == b"other"
    assert FileHashes(memory)(file) == file_hash(file)


def test_an_unchanged_file_is_not_read_again(file):
    memory = file.with_name("hashes.json")
    known = FileHashes(memory)(file)
    file.chmod(0)  # changes ctime alone; for root it stays readable
    file.chmod(0o600)
    assert FileHashes(memory)(file) == known
    text = memory.read_text()
    assert FileHashes(memory)(file) == known
    assert memory.read_text() == text


@pytest.mark.parametrize("content", ["", "[1]", '{"x": 3}'])
def test_a_broken_memory_is_no_obstacle(file, content):
    memory = file.with_name("hashes.json")
    memory.write_text(content)
    assert FileHashes(memory)(file) == file_hash(file)
    assert FileHashes(file / "no folder")(file) == file_hash(file)
