"""The folder for locks is the user's own: nobody else can plant, block or move anything in it."""

import os

import pytest

from stbench.supervisor import runtime_folder as module
from stbench.supervisor.gpu_locks import own_gpus
from stbench.supervisor.runtime_folder import runtime_folder

NOBODY = 65534


@pytest.fixture
def places(tmp_path, monkeypatch):
    """What takes the place of /tmp, with the name that is tried in it, and a runtime folder."""
    monkeypatch.setattr(module, "SHARED", tmp_path / "shared")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    (tmp_path / "shared").mkdir()
    (tmp_path / "runtime").mkdir(mode=0o700)
    return tmp_path / f"shared/stbench-{os.getuid()}", tmp_path / "runtime"


def mode(folder):
    return folder.stat().st_mode & 0o777


def test_it_is_made_for_its_owner_alone_and_does_not_depend_on_tmpdir(places, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(places[1]))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(places[1]))
    assert runtime_folder() == places[0] == runtime_folder()
    assert mode(places[0]) == 0o700


def test_one_that_is_open_to_others_is_closed(places):
    places[0].mkdir()
    places[0].chmod(0o777)
    assert mode(runtime_folder()) == 0o700


def foreign(folder):
    if os.geteuid():
        pytest.skip("only root can give a folder to another user")
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)


BLOCKED = {
    "a link": lambda folder: folder.symlink_to(folder.parent),
    "a link to nothing": lambda folder: folder.symlink_to(folder.parent / "none"),
    "a file": lambda folder: folder.write_text(""),
    "a folder of another user": foreign,
}


@pytest.mark.parametrize("block", BLOCKED.values(), ids=BLOCKED)
def test_what_another_user_planted_is_not_used(places, monkeypatch, block):
    block(places[0])
    before = sorted(places[0].parent.iterdir())
    with pytest.raises(PermissionError, match="set XDG_RUNTIME_DIR"):
        runtime_folder()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(places[1]))
    assert runtime_folder() == places[1] / "stbench"
    assert sorted(places[0].parent.iterdir()) == before


def test_a_lock_is_not_written_through_a_link(places, monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a,GPU-b")
    target = tmp_path / "precious"
    (runtime_folder() / "GPU-a.lock").symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"), own_gpus(1):
        pass
    assert not target.exists()
