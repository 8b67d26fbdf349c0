"""A user's h5ad: only what is needed is read, in every layout of anndata, and an odd one is one
line of its own dataset."""

import subprocess
import sys

import h5py
import numpy as np
import pytest

from helpers.malformed import good
from stbench.common.errors import InputError, is_machine_fault, run_cli
from stbench.common.h5ad import read_elements
from stbench.common.io import read_h5ad
from stbench.common.paths import PROJECT
from stbench.config.registry import with_shape
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


def anndata_0_6(file):
    """Tables as compound arrays, categories in uns, another mark of sparse matrices."""
    obs = np.zeros(40, dtype=[("index", "S4"), ("cluster", "i1")])
    obs["index"] = [f"c{i}" for i in range(40)]
    obs["cluster"] = [0, 1] * 19 + [-1, 1]
    var = np.zeros(6, dtype=[("index", "S4")])
    var["index"] = [f"g{i}" for i in range(6)]
    obsm = np.zeros(40, dtype=[("spatial", "f8", (2,))])
    obsm["spatial"] = file["obsm/spatial"][()]
    for name, value in {"obs": obs, "var": var, "obsm": obsm}.items():
        del file[name]
        file[name] = value
    del file["uns"]
    file["uns/cluster_categories"] = np.array([b"a", b"b"])
    shape = file["X"].attrs["shape"]
    for name in list(file["X"].attrs):
        del file["X"].attrs[name]
    file["X"].attrs.update({"h5sparse_format": "csr", "h5sparse_shape": shape})
    for name in list(file.attrs):
        del file.attrs[name]


def categories_beside_the_columns(file):
    codes = np.array([0, 1] * 19 + [-1, 1], dtype=np.int8)
    del file["obs/cluster"]
    file["obs/cluster"] = codes
    file["obs/__categories/cluster"] = np.array([b"a", b"b"], dtype=object)
    file["obs/cluster"].attrs["categories"] = file["obs/__categories/cluster"].ref
    for name in list(file["obs"].attrs):
        del file["obs"].attrs[name]
    del file["obs/_index"].attrs["encoding-type"]


def nullable(file):
    del file["obs/cluster"]
    group = file.create_group("obs/cluster")
    group.attrs["encoding-type"] = "nullable-string-array"
    group["values"] = np.array([b"a", b"b"] * 20, dtype=object)
    group["values"].attrs["encoding-type"] = "string-array"
    group["mask"] = np.arange(40) == 38


@pytest.mark.parametrize("layout", [anndata_0_6, categories_beside_the_columns, nullable])
def test_other_layouts_of_anndata_are_read(path, layout):
    expected = load_file(path, ["cluster"])
    with h5py.File(path, "a") as file:
        layout(file)
    made = load_file(path, ["cluster"])
    assert made.obs["cluster"].astype(object).tolist()[:38] == ["a", "b"] * 19
    assert made.obs["cluster"].isna().tolist() == [False] * 38 + [True, False]
    assert (made.X != expected.X).nnz == 0
    assert list(made.obs_names) == list(expected.obs_names)
    assert list(made.var_names) == list(expected.var_names)
    np.testing.assert_array_equal(made.obsm["spatial"], expected.obsm["spatial"])


def test_half_precision_is_read_as_single(path):
    adata = good()
    adata.X = adata.X.toarray().astype(np.float16)
    adata.write_h5ad(path)
    made = load_file(path)
    assert made.X.dtype == np.float32
    np.testing.assert_array_equal(made.X, good().X.toarray())


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
    entry = {"id": "mine", "origin": "path", "path": str(path), "cells": None, "genes": None}
    assert with_shape(entry)["id"] == "mine"


def test_the_size_of_a_file_of_every_layout_is_known_at_start(path):
    entry = {"id": "mine", "origin": "path", "path": str(path)}
    for change in (lambda file: None, anndata_0_6, put(np.ones((40, 6)))):
        with h5py.File(path, "a") as file:
            change(file)
        assert (with_shape(entry)["cells"], with_shape(entry)["genes"]) == (40, 6)


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
