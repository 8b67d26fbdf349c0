"""Methods in R, run for real by scripts/fit.py through scripts/fit.R."""

import json
import os
import shutil
import subprocess
import sys

import anndata
import numpy as np
import pytest

from helpers.r import has_r, needs_r
from helpers.supervised import copy_of_scripts
from stbench.common.errors import NotApplicableError
from stbench.common.paths import PROJECT
from stbench.data.preprocessing import preprocess
from stbench.data.simulation import Tissue, simulate
from stbench.fitting.interface import checked
from stbench.fitting.r_bridge import RError, RMethod, r_error
from stbench.supervisor.provenance import environment_hash


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    copy = copy_of_scripts(tmp_path_factory.mktemp("programs"))
    shutil.copy(PROJECT / "tests/helpers/misbehaving/misbehaving_r.R", copy / "methods")
    return copy


@pytest.fixture(scope="module")
def tissue():
    return preprocess(simulate(Tissue(n_cells=90, n_genes=30, n_domains=3), "tissue"))


@pytest.fixture
def fit(tmp_path, scripts, tissue):
    def run(deed, *flags, env=None):
        tissue.write_h5ad(tmp_path / "tissue.h5ad")
        folder = tmp_path / "fit"
        program = [sys.executable, scripts / "fit.py", "--method", "misbehaving_r"]
        program += ["--input", tmp_path / "tissue.h5ad", "--output", folder]
        program += ["--params", json.dumps({"deed": deed}), *flags]
        ended = subprocess.run(
            program, capture_output=True, text=True, env={**os.environ, **(env or {})}
        )
        return ended, folder

    return run


@pytest.fixture
def answer(scripts, tissue, tmp_path):
    """What the method answers, without a program around it."""
    method = RMethod(scripts / "methods/misbehaving_r.R", tmp_path)

    def ask(deed, dataset=tissue, seed=0):
        try:
            return checked(method.fit(dataset, 3, seed, "cpu", {"deed": deed}, None), tissue.n_obs)
        finally:
            assert list(tmp_path.iterdir()) == []

    return ask


def outcome(folder):
    return json.loads((folder / "outcome.json").read_text())


@needs_r
def test_r_gets_the_dataset_and_its_answer_is_stored_in_the_order_of_the_cells(fit, tissue):
    run, folder = fit("returns_its_input", "--seed", "3")
    assert run.returncode == 0, run.stderr
    reported = sorted(path.name for path in folder.iterdir())
    assert reported == ["fit.h5ad", "outcome.json", "provenance.json"]
    environment = json.loads((folder / "provenance.json").read_text())["environment"]
    assert environment != environment_hash()  # R and its packages belong to it
    stored = anndata.read_h5ad(folder / "fit.h5ad")
    assert list(stored.obs_names) == list(tissue.obs_names)
    variable = tissue.var["highly_variable"].to_numpy()
    expected = np.column_stack(
        [
            tissue.layers["counts"].sum(axis=1),
            tissue.X[:, variable].sum(axis=1),
            tissue.obsm["spatial"],
            tissue.obsm["X_pca"],
        ]
    )
    np.testing.assert_allclose(stored.obsm["embedding"], expected, rtol=1e-5)
    assert set(stored.obs["cluster_pred"].astype(int)) == {1, 2, 3}
    assert {"R", "rhdf5"} <= set(json.loads(stored.uns["fit"]["info"])["r_versions"])


@needs_r
def test_named_rows_are_put_in_the_order_of_the_cells(answer, tissue):
    reported = answer("returns_another_order")
    np.testing.assert_allclose(reported.embedding, tissue.obsm["spatial"], rtol=1e-6)
    assert reported.labels.tolist() == list(range(1, 91))


@needs_r
def test_names_may_hold_any_letter(answer, tissue):
    named = tissue.copy()
    named.obs_names = [f"Zelle-\u00e4{number}" for number in range(90)]
    named.var_names = [f"\u03b1{number}" for number in range(30)]
    assert answer("returns_another_order", named).labels.tolist() == list(range(1, 91))


@needs_r
def test_the_seed_decides_what_r_draws(answer):
    first, again, other = (answer("draws", seed=seed).embedding for seed in (0, 0, 1))
    assert (first == again).all() and (first != other).any()


@needs_r
def test_labels_of_any_type_become_numbers(answer):
    assert answer("gives_letters").labels.tolist() == [1, 2, 3] * 30


@needs_r
def test_features_reach_r_with_their_signs_and_spots_with_their_lattice(answer, tissue):
    row, col = (axis.ravel() for axis in np.mgrid[:9, :10])
    spots = tissue.copy()
    spots.layers["counts"] = spots.X = np.random.default_rng(0).normal(size=spots.shape)
    spots.obsm["spatial"] = 3.0 * np.column_stack([col, row])
    reported = answer("returns_the_lattice", spots).embedding
    assert {tuple(place) for place in reported[:, :2]} == set(zip(row, col, strict=True))
    np.testing.assert_allclose(reported[:, 2], spots.layers["counts"].sum(axis=1), rtol=1e-5)


@needs_r
@pytest.mark.parametrize(
    ("deed", "kind", "reason"),
    [
        ("stops", RError, "^Error in .* : the matrix is cursed$"),
        ("no_such_deed", RError, "^Error in .* : attempt to apply non-function$"),
        ("allocates", MemoryError, "cannot allocate"),
        ("loses_cells", RError, "labels: 87 of 90 cells are missing$"),
        ("loses_nameless_cells", RError, "labels: 3 for 90 cells$"),
        ("labels_nothing", RError, "labels: 90 cells have none$"),
        ("returns_nothing", TypeError, "neither an embedding nor labels"),
        (
            "needs_a_package",
            NotApplicableError,
            "^environment missing: the R package noSuchPackage ",
        ),
        ("declines", NotApplicableError, "^needs a lattice of spots$"),
    ],
)
def test_a_failure_in_r_says_why(answer, deed, kind, reason):
    with pytest.raises(kind, match=reason):
        answer(deed)


@needs_r
def test_an_error_in_r_is_an_outcome(fit):
    run, folder = fit("stops")
    assert run.returncode == 1 and "the matrix" in run.stderr
    assert outcome(folder)["status"] == "error"
    assert outcome(folder)["reason"].endswith("the matrix is cursed")
    reported = sorted(path.name for path in folder.iterdir())
    assert reported == ["outcome.json", "provenance.json"]


@needs_r
def test_a_sudden_death_of_r_is_that_of_the_fit(fit):
    run, folder = fit("kills_itself")
    assert run.returncode == -9
    assert not (folder / "outcome.json").exists()


def test_without_r_the_method_is_not_applicable(fit, tmp_path):
    (tmp_path / "bin").mkdir()
    _, folder = fit("returns_its_input", env={"PATH": str(tmp_path / "bin")})
    assert outcome(folder)["status"] == "not_applicable"
    said = "environment missing: Rscript is not installed: install it on this machine"
    assert outcome(folder)["reason"] == said


def test_the_reason_is_what_r_said_last():
    lines = [
        "Loading",
        "Error : old",
        "Error in f(x) : ",
        "two",
        "Calls: f -> g",
        "Execution halted",
    ]
    assert r_error(lines) == "Error in f(x) : two"
    assert r_error(["no method", "Execution halted"]) == ""
    assert r_error(["Killed"]) == "Killed"
    assert r_error([]) == ""


@needs_r
@pytest.mark.parametrize(
    ("method", "package"), [("bayesspace", "BayesSpace"), ("bass", "BASS"), ("drsc", "DR.SC")]
)
def test_methods_whose_package_is_not_installed_say_so(method, package, scripts, tissue, tmp_path):
    if has_r(package):
        pytest.skip(f"{package} is installed")
    row, col = (axis.ravel() for axis in np.mgrid[:9, :10])
    spots = tissue.copy()
    spots.obsm["spatial"] = np.column_stack([col, row]).astype(float)
    r_method = RMethod(scripts / f"methods/{method}.R", tmp_path)
    with pytest.raises(NotApplicableError, match=f"the R package {package} is not installed"):
        r_method.fit(spots, 3, 0, "cpu", {}, None)


@needs_r
def test_the_radius_of_drsc_gives_the_median_cell_five_neighbors(scripts, tmp_path):
    places = np.random.default_rng(0).uniform(size=(301, 2)) * 1e-3
    np.savetxt(tmp_path / "places.txt", places)
    program = (
        "source(commandArgs(TRUE)[1]); places <- as.matrix(read.table(commandArgs(TRUE)[2]));"
        "cat(format(radius_of_5_neighbors(places), digits = 15))"
    )
    command = ["Rscript", "-e", program, scripts / "methods/drsc.R", tmp_path / "places.txt"]
    radius = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    within = (np.linalg.norm(places[:, None] - places, axis=2) < radius).sum(axis=1) - 1
    assert np.median(within) == 5


@needs_r
def test_bayesspace_needs_a_lattice(scripts, tissue, tmp_path):
    method = RMethod(scripts / "methods/bayesspace.R", tmp_path)
    with pytest.raises(NotApplicableError, match="needs a lattice of spots"):
        method.fit(tissue, 3, 0, "cpu", {}, None)
