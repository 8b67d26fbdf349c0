"""A finished fit of the same contents is taken over instead of training again."""

import dataclasses
import shutil
from pathlib import Path

import anndata
import pytest

from helpers.supervised import N_CELLS, Bench, copy_of_scripts, preprocessed
from stbench.common.checksums import file_hash


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    return copy_of_scripts(tmp_path_factory.mktemp("programs"))


@pytest.fixture
def bench(tmp_path, scripts):
    return Bench(tmp_path, scripts, preprocessed(tmp_path / "D.h5ad"))


def fit_of(bench, key, input=None, deed="good", code="c0de", parameters='{"lr": 1}'):
    """Run a fit under a key of its own; its status."""
    one = dataclasses.replace(bench, key=key, input=input or bench.input)
    options = ["--code", code, "--parameters", parameters, "--reads", str(one.input)]
    command = one.command(deed, record=True, mem_mb=1000)
    place = command.index("--")
    result = one.call([*command[:place], *options, *command[place:]])
    assert result.returncode == 0, result.stdout
    return one.status() | {"output": one.output, "said": result.stdout}


def test_a_finished_fit_of_the_same_contents_is_linked_and_not_trained_again(bench):
    first = fit_of(bench, "default-1")
    assert (first["code"], first["reused_from"]) == ("c0de", "")
    assert first["data_hash"] == file_hash(bench.input)
    # The same bytes under another path, as a rewritten loader gives them.
    copy = shutil.copy(bench.input, bench.folder / "again.h5ad")
    second = fit_of(bench, "default-2", Path(copy), deed="raises", parameters='{ "lr":1 }')
    assert second["reused_from"] == "default-1/seed0"
    assert "reused from default-1/seed0" in second["said"]
    described = ("status", "seconds", "commit", "environment", "parameters", "data_hash", "code")
    assert {name: first[name] for name in described} == {name: second[name] for name in described}
    for name in ("fit.h5ad", "trajectory.h5"):
        assert (second["output"] / name).samefile(first["output"] / name)
    third = fit_of(bench, "default-3", deed="raises")
    assert third["reused_from"] == "default-1/seed0"  # where it was trained
    shutil.rmtree(first["output"])
    assert is_readable(second["output"] / "fit.h5ad")


def test_a_fit_that_cannot_be_read_is_not_reused(bench):
    first = fit_of(bench, "default-1")["output"]
    (first / "fit.h5ad").write_bytes(b"")
    trajectory = (first / "trajectory.h5").read_bytes()
    second = fit_of(bench, "default-2")
    assert (second["status"], second["reused_from"]) == ("ok", "")
    assert is_readable(second["output"] / "fit.h5ad")
    assert (first / "trajectory.h5").read_bytes() == trajectory


def is_readable(path):
    return anndata.read_h5ad(path).n_obs == N_CELLS
