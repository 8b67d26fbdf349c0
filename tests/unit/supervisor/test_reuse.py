"""Which finished fit takes the place of another, and what is taken over."""

import errno
import json
import os

import pytest

from stbench.common.checksums import combined_hash
from stbench.supervisor.reuse import contents_of, finished_twin, take_over


@pytest.fixture
def dataset(tmp_path):
    path = tmp_path / "D.h5ad"
    path.write_bytes(b"cells")
    return path


@pytest.fixture
def fits(tmp_path):
    return tmp_path / "fits/D/stague"


def contents(*reads, parameters='{"lr": 1}', code="c1"):
    return contents_of(combined_hash(reads), parameters, code)


def finish(folder, contents, **status):
    """A finished fit."""
    folder.mkdir(parents=True)
    (folder / "fit.h5ad").write_bytes(b"embedding")
    (folder / "status.json").write_text(json.dumps({"status": "ok", **contents, **status}))
    return folder


def test_contents_are_those_of_files_parameters_and_code(dataset, tmp_path):
    other = tmp_path / "other.h5ad"
    other.write_bytes(b"cells")
    assert contents(other, parameters='{ "lr":1 }') == contents(dataset)
    same = [contents(dataset), contents(dataset, other), contents(other, dataset)]
    assert same[1] == same[2] != same[0]
    other.write_bytes(b"other cells")
    assert contents(other) != contents(dataset)
    assert contents(dataset, other) != contents(other, dataset)


def test_a_twin_has_the_same_contents_and_seed_and_succeeded(dataset, fits):
    wanted = contents(dataset)
    finish(fits / "a/seed0", contents(dataset, code="c2"))
    finish(fits / "b/seed0", contents(dataset, parameters='{"lr": 2}'))
    finish(fits / "c/seed0", {**wanted, "data_hash": "other"})
    finish(fits / "d/seed0", wanted, status="timeout")
    finish(fits / "e/seed1", wanted)
    (finish(fits / "f/seed0", wanted) / "status.json").write_text("[]")
    finish(fits / "g/seed0", {"data_hash": wanted["data_hash"]})
    finish(fits.parent / "sedr/default-1/seed0", wanted)
    output = finish(fits / "h/seed0", wanted)  # what stands there will be replaced
    assert finished_twin(output, wanted) is None
    twin = finish(fits / "i/seed0", wanted)
    assert finished_twin(output, wanted) == twin
    assert finished_twin(output, wanted, needs_epochs=True) is None
    (twin / "epoch_labels.h5").touch()
    assert finished_twin(output, wanted, needs_epochs=True) == twin


def test_files_are_copied_where_they_cannot_be_linked(dataset, fits, tmp_path, monkeypatch):
    twin = finish(fits / "default-1/seed0", contents(dataset), seconds=5)

    def fail(source, target):
        raise OSError(errno.EXDEV, "another device")

    monkeypatch.setattr(os, "link", fail)
    folder = tmp_path / "folder"
    folder.mkdir()
    status = take_over(twin, folder)
    assert (status["seconds"], status["reused_from"]) == (5, "default-1/seed0")
    assert [path.name for path in folder.iterdir()] == ["fit.h5ad"]
    assert not (folder / "fit.h5ad").samefile(twin / "fit.h5ad")


def test_a_twin_that_disappears_leaves_nothing(dataset, fits, tmp_path, monkeypatch):
    twin = finish(fits / "default-1/seed0", contents(dataset))
    (twin / "weights.npz").write_bytes(b"")
    real = os.link

    def remove_the_next(source, target):
        real(source, target)
        (twin / "weights.npz").unlink()

    monkeypatch.setattr(os, "link", remove_the_next)
    folder = tmp_path / "folder"
    folder.mkdir()
    assert take_over(twin, folder) == {}
    assert list(folder.iterdir()) == []
