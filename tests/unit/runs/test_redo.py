"""What would be trained again, and why, is known before it is."""

import json

import pytest

from stbench.common.errors import InputError
from stbench.runs.redo import WantedFit, check_redo, fits_to_train, redo_text


@pytest.fixture
def finished(tmp_path):
    """Write a finished fit of a method under a key."""

    def write(method, key, status="ok", code="c1", **parameters):
        folder = tmp_path / "BZ5" / method / key / "seed0"
        folder.mkdir(parents=True)
        told = {"status": status, "code": code, "parameters": json.dumps(parameters)}
        (folder / "status.json").write_text(json.dumps(told))

    return write


def wanted(tmp_path, method, key, code="c1", **parameters):
    return WantedFit(method, tmp_path / "BZ5" / method / key / "seed0", parameters, code)


def test_what_is_there_is_not_trained_and_what_is_not_says_why(tmp_path, finished):
    finished("stague", "default-1", lr=1.0)
    finished("sedr", "default-1", status="timeout")
    asked = {
        "there": wanted(tmp_path, "stague", "default-1", lr=1.0),
        "code": wanted(tmp_path, "stague", "default-2", code="c2", lr=1),
        "data": wanted(tmp_path, "stague", "default-3", lr=1.0),
        "parameters": wanted(tmp_path, "stague", "00ff-4", lr=2.0),
        "failed": wanted(tmp_path, "sedr", "default-1"),
        "new": wanted(tmp_path, "pca", "default-1"),
    }
    fits = fits_to_train(asked.values())
    names = ("code", "data", "parameters", "new")
    assert fits == {name: [asked[name]] for name in names}
    assert redo_text(fits).splitlines() == [
        "1 to train: code or environment changed (stague)",
        "1 to train: data changed (trained only where their contents differ) (stague)",
        "1 to train: other parameters (stague)",
        "1 to train: not trained before (pca)",
    ]


def test_a_change_of_code_or_data_asks_first_and_parameters_do_not(tmp_path, finished):
    finished("stague", "default-1", lr=1.0)
    changed = fits_to_train([wanted(tmp_path, "stague", "default-2", code="c2", lr=1.0)])
    with pytest.raises(InputError, match=r"^1 finished fit would be trained again .*FORCE=1"):
        check_redo(changed, force=False)
    check_redo(changed, force=True)
    others = [
        wanted(tmp_path, "stague", "00ff-4", lr=2.0),
        wanted(tmp_path, "pca", "default-1"),
        wanted(tmp_path, "stague", "default-1", lr=1.0),
    ]
    check_redo(fits_to_train(others), force=False)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"status": "ok"}', '{"status": "ok", "parameters": 3}']
)
def test_a_status_that_cannot_be_read_is_no_obstacle(tmp_path, text):
    folder = tmp_path / "BZ5/pca/default-1/seed0"
    folder.mkdir(parents=True)
    (folder / "status.json").write_text(text)
    assert len(fits_to_train([wanted(tmp_path, "pca", "default-2")])) == 1
