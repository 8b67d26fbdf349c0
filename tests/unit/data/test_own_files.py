"""A user's h5ad: only what is needed is read, in every layout of anndata, and an odd one is one
line of its own dataset."""

import subprocess
import sys

import h5py
import numpy as np
import pytest

from helpers.malformed import good
from helpers.own_sections import GENES, N, write_anndata_0_6
from stbench.common.errors import InputError, is_machine_fault, run_cli
from stbench.common.h5ad import read_elements
from stbench.common.io import read_h5ad
from stbench.common.paths import PROJECT
from stbench.config.own_files import with_file
from stbench.config.registry import dataset_entry
from stbench.data.loaders import load
from stbench.data.loaders.h5ad import load_file


@pytest.fixture
def path(tmp_path):
    good().write_h5ad(tmp_path / "mine.h5ad")
    return tmp_path / "mine.h5ad"


def test_what_is_not_needed_may_be_anything(path):
    with h5py.File(path, "a") as file:
        for place in ("obs/new", "obsm/new", "uns/new", "layers/new", "var/new"):
            file[place] = np.zeros(3)
            file[place].attrs["encoding-type"] = "of a later version"
    made = load_file(path, ["cluster"])
    assert made.shape == (40, 6) and made.obs["cluster"].nunique() == 2


def put(value, **attributes):
    def change(file):
        del file["X"]
        file["X"] = value
        file["X"].attrs.update(attributes)

    return change


ODD = {
    "null": (put(h5py.Empty("f4"), **{"encoding-type": "null"}), "X: missing"),
    "one dimension": (put(np.ones(40), **{"encoding-type": "array"}), "X: has 1 dimensions"),
    "a number": (put(3.0), "X: has 0 dimensions"),
    "no X": (lambda file: file.__delitem__("X"), "X: missing"),
    "no obs": (lambda file: file.__delitem__("obs"), "not a readable h5ad file"),
    "no names": (lambda file: file.__delitem__("obs/_index"), "obs: its rows have no names"),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_is_one_line_and_not_a_fault_at_start(path, name):
    change, message = ODD[name]
    with h5py.File(path, "a") as file:
        change(file)
    with pytest.raises(InputError, match=message):
        load_file(path)
    entry = dataset_entry({"id": "mine", "path": str(path), "n_domains": 2}, {})
    assert with_file(entry)["id"] == "mine"


def test_the_size_of_a_file_of_every_layout_is_known_at_start(path):
    entry = dataset_entry({"id": "mine", "path": str(path), "n_domains": 2}, {})
    assert (with_file(entry)["cells"], with_file(entry)["genes"]) == (40, 6)
    with h5py.File(path, "a") as file:
        put(np.ones((40, 6)))(file)
    assert (with_file(entry)["cells"], with_file(entry)["genes"]) == (40, 6)
    write_anndata_0_6(path)
    assert (with_file(entry)["cells"], with_file(entry)["genes"]) == (N, GENES)


# A file that another program has open


def test_a_file_that_is_open_elsewhere_is_no_fault_of_the_dataset(path):
    """It is to be tried again, so it must not be recorded."""
    with h5py.File(path, "a"):
        program = (
            f"import sys; sys.path[:0] = {[str(PROJECT / 'scripts'), str(PROJECT / 'tests')]!r}\n"
            "from unit.data.test_own_files import readers, tried\n"
            f"print([tried(read, {str(path)!r}) for read in readers()])"
        )
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, capture_output=True, encoding="utf-8")
        assert done.stdout == f"{[True] * len(readers())}\n", done.stderr

        output = path.parent / "prepared.h5ad"
        section = f'{{"id": "mine", "path": "{path}", "n_domains": 2}}'
        command = [sys.executable, PROJECT / "scripts/prepare.py", "--section", section]
        command += ["--output", output, "--record-failure"]
        done = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert done.returncode == 1 and not output.exists()
    line = f"error: {path}: Unable to synchronously open file; close the program that uses it"
    assert done.stderr.startswith(line)


def readers():
    return (
        load_file,
        read_h5ad,
        read_elements,
        lambda path: load("h5ad", path.parent, {"label": []}),
    )


def tried(read, path):
    """Whether reading fails for a reason of the machine's, with the file's name."""
    from pathlib import Path

    try:
        read(Path(path))
    except OSError as error:
        return is_machine_fault(error) and error.filename == path
    return False


def test_a_fault_of_the_machine_is_said_with_what_to_do():
    def main():
        raise BlockingIOError(11, "Unable to open file (errno = 11)", "x.h5ad")

    with pytest.raises(SystemExit, match=r"^error: x\.h5ad: Unable to open file; close the"):
        run_cli(main)


# Coordinates


@pytest.mark.parametrize(("scale", "accepted"), [(1e14, True), (1e16, False), (1e298, False)])
def test_coordinates_are_bounded(path, scale, accepted):
    from stbench.data.validation import validate
    from unit.data.test_validation import ENTRY

    adata = load_file(path)
    adata.obsm["spatial"] = adata.obsm["spatial"] * scale
    if accepted:
        validate(adata, {**ENTRY, "n_domains": 2})
        return
    with pytest.raises(InputError, match=r"mine: coordinates: up to .* below 1e\+15"):
        validate(adata, {**ENTRY, "n_domains": 2})
