"""scripts/fit.py by hand, and the checks on what a method returns."""

import errno
import json
import os
import subprocess
import sys

import anndata
import numpy as np
import pytest
import scipy.sparse as sp

from helpers.copies import Copies
from helpers.programs import run_here
from helpers.supervised import N_CELLS, copy_of_scripts, preprocessed
from stbench.common.io import write_h5ad
from stbench.common.paths import SCRIPTS
from stbench.data.validation import failed_dataset
from stbench.fitting.device import choose_device, out_of_memory
from stbench.fitting.interface import Fit, checked
from stbench.fitting.trajectory import read_epochs


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    return copy_of_scripts(tmp_path_factory.mktemp("programs"))


@pytest.fixture(scope="module")
def copies():
    return Copies("import anndata")


@pytest.fixture
def fit(tmp_path, scripts, copies):
    dataset = preprocessed(tmp_path / "D.h5ad")

    def run(*flags, output="fit", deed="good"):
        program = [scripts / "fit.py", "--method", "misbehaving", "--input", dataset]
        program += ["--output", tmp_path / output, "--params", json.dumps({"deed": deed}), *flags]
        return copies.run(program, tmp_path, os.environ), tmp_path / output

    return run


def test_a_fit_holds_the_embedding_and_its_circumstances(fit):
    run, folder = fit("--record", "--seed", "3", "--implementation", "control")
    assert run.returncode == 0, run.stdout
    adata = anndata.read_h5ad(folder / "fit.h5ad")
    assert adata.obsm["embedding"].shape == (N_CELLS, 3)
    assert adata.obsm["embedding"].dtype == adata.obsm["embedding_untrained"].dtype == np.float32
    assert list(adata.obs_names) == [str(cell) for cell in range(N_CELLS)]
    told = adata.uns["fit"]
    assert (told["method"], told["seed"], told["device"]) == ("misbehaving", 3, "cpu")
    assert told["implementation"] == "control" and told["trainable"]
    assert json.loads(told["params"]) == {"deed": "good"}
    assert {"python", "numpy", "anndata"} <= set(json.loads(told["versions"]))
    assert read_epochs(folder / "trajectory.h5").tolist() == [0, 1, 2]
    assert json.loads((folder / "outcome.json").read_text())["status"] == "ok"


def test_data_that_are_not_available_need_no_library(tmp_path):
    lost = failed_dataset("lost", "data not available: ask its authors")
    write_h5ad(tmp_path / "lost.h5ad", lost)
    program = (
        f"import sys; sys.path.insert(0, {str(SCRIPTS)!r})\n"
        "from argparse import Namespace; from pathlib import Path\n"
        "from stbench.fitting.program import unavailable\n"
        "print(unavailable(Namespace(input=Path(sys.argv[1]))))\n"
        "print([name for name in ('anndata', 'pandas', 'torch') if name in sys.modules])\n"
    )
    for name, said in (("lost", "data not available: ask its authors"), ("none", "")):
        command = [sys.executable, "-c", program, tmp_path / f"{name}.h5ad"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.stdout == f"{said}\n[]\n", done.stderr
    words = [SCRIPTS / "fit.py", "--method", "pca", "--input", tmp_path / "lost.h5ad"]
    run = run_here(*words, "--output", tmp_path / "fit", "--params", '{"a": 1}')
    assert run.returncode == 1
    outcome = json.loads((tmp_path / "fit/outcome.json").read_text())
    assert (outcome["status"], outcome["reason"]) == (
        "not_applicable",
        lost.uns["dataset"]["reason"],
    )
    provenance = json.loads((tmp_path / "fit/provenance.json").read_text())
    assert provenance["parameters"] == '{"a": 1}' and provenance["data_hash"]


def test_cells_without_a_link_are_said_in_a_note(fit):
    _, folder = fit(deed="leaves_cells_unlinked")
    note = json.loads((folder / "outcome.json").read_text())["note"]
    assert note == f"7 of {N_CELLS} cells have no link in its graph"


def test_without_record_no_trajectory_is_kept_but_the_untrained_embedding_is(fit):
    _, folder = fit()
    assert not (folder / "trajectory.h5").exists()
    assert "embedding_untrained" in anndata.read_h5ad(folder / "fit.h5ad").obsm


def test_the_seed_decides_random_draws(fit):
    draws = []
    for output, seed in (("a", "0"), ("b", "0"), ("c", "1")):
        _, folder = fit("--seed", seed, output=output)
        draws.append(anndata.read_h5ad(folder / "fit.h5ad").uns["fit"]["info"])
    assert draws[0] == draws[1] != draws[2]


def test_a_failed_fit_says_why_and_leaves_no_result(fit):
    run, folder = fit("--record", deed="raises")
    assert run.returncode == 1
    assert run.stdout.splitlines()[-1] == "error: ValueError: the matrix is cursed"
    assert "Traceback" in run.stdout
    told = sorted(path.name for path in folder.iterdir())
    assert told == ["outcome.json", "provenance.json"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--method", "stage"], "--method stage: no such method; known:"),
        (["--params", "{oops"], "--params: not valid JSON"),
        (["--params", "[1]"], "--params: it must be a JSON object"),
        (["--input", "nowhere.h5ad"], "nowhere.h5ad: no such file"),
        (["--input", __file__], "not a readable h5ad file"),
        (["--device", "cuda"], "--device cuda: torch finds no GPU"),
    ],
)
def test_wrong_input_is_one_line(fit, flags, said, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    run, _ = fit(*flags)
    assert run.returncode == 1
    assert len(run.stdout.splitlines()) == 1 and said in run.stdout


def test_arrays_are_stored_in_the_types_of_the_contract():
    graph = sp.eye_array(4, format="coo")
    fit = checked(Fit(np.ones((4, 2)), np.arange(4, dtype=np.uint8), graph, graph), 4)
    assert fit.embedding.dtype == np.float32 and fit.labels.dtype == np.int32
    assert fit.adj_raw.format == "csr" and fit.adj_raw.dtype == np.float32


@pytest.mark.parametrize(
    ("fit", "error", "said"),
    [
        (None, TypeError, "NoneType, not a"),
        (Fit(), TypeError, "neither an embedding nor labels"),
        (Fit(np.zeros((4, 2, 2))), ValueError, "shape"),
        (Fit(np.zeros((4, 0))), ValueError, "shape"),
        (Fit(np.zeros((5, 2))), ValueError, "shape"),
        (Fit(np.full((4, 2), 1e300)), FloatingPointError, "4 of 4 cells"),
        (Fit(labels=np.zeros((4, 1), int)), ValueError, "labels have the shape"),
        (Fit(labels=np.zeros(4)), TypeError, "float64, not integers"),
        (Fit(np.zeros((4, 2)), adj_raw=np.eye(4)), TypeError, "adj_raw is ndarray"),
        (Fit(np.zeros((4, 2)), adj_raw=sp.eye_array(5)), ValueError, r"adj_raw .*\(5, 5\)"),
        (
            Fit(np.zeros((4, 2)), adj_normalized=sp.eye_array(4) * np.nan),
            FloatingPointError,
            "adj_normalized",
        ),
    ],
)
def test_what_is_not_a_fit_is_refused(fit, error, said):
    with pytest.raises(error, match=said):
        checked(fit, 4)


def test_the_ways_of_running_out_of_memory_are_known():
    class OutOfMemoryError(RuntimeError):
        """As torch names its own."""

    assert out_of_memory(MemoryError())
    assert out_of_memory(OutOfMemoryError("CUDA out of memory"))
    assert out_of_memory(RuntimeError("CUDA error: out of memory"))
    assert out_of_memory(OSError(errno.ENOMEM, "Cannot allocate memory"))
    assert out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory"))
    assert not out_of_memory(RuntimeError("shape mismatch"))
    assert not out_of_memory(ValueError("CUDA out of memory"))


def test_auto_is_the_cpu_where_no_gpu_is_visible(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert choose_device("auto") == "cpu"
