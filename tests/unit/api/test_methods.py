"""STAGUE and the controls, called without the pipeline."""

import numpy as np
import pytest
import yaml

from stbench.api import METHODS, InputError, Tissue, fit, preprocess, simulate
from stbench.common.paths import CONFIG

ENTRIES = yaml.safe_load((CONFIG / "methods.yaml").read_text())


@pytest.fixture(scope="module")
def tissue():
    return preprocess(simulate(Tissue(n_cells=60, n_genes=20, n_domains=3, seed=1), "tissue"))


def test_the_methods_are_stague_and_all_controls_without_an_environment_of_their_own():
    plain = {name: e for name, e in ENTRIES.items() if "environment" not in e}
    controls = {name for name, entry in plain.items() if entry.get("control")}
    assert METHODS.keys() == {"stague"} | controls


@pytest.mark.parametrize("method", [name for name in METHODS if name != "stague"])
def test_defaults_are_those_of_the_benchmark(method):
    assert METHODS[method] == ENTRIES[method].get("params", {})


@pytest.mark.parametrize("method", [name for name in METHODS if name != "jittered_truth"])
def test_every_method_fits_the_same_tissue(method, tissue):
    params = {"epochs": 2, "exp_out": 8, "hidden_dim": 8} if method == "stague" else {}
    seen = []
    result = fit(method, tissue, 3, record=lambda epoch, _: seen.append(epoch), **params)
    rows = result.labels if result.embedding is None else result.embedding
    assert len(rows) == 60
    assert seen == ([0, 1, 2] if method == "stague" else [])
    assert (result.adj_raw is not None) == (method == "stague")


def test_parameters_replace_defaults(tissue):
    wide, narrow = (fit("smoothed_pca", tissue, 3, n_neighbors=n).embedding for n in (30, 8))
    assert np.array_equal(wide, fit("smoothed_pca30", tissue, 3).embedding)
    assert np.array_equal(narrow, fit("smoothed_pca8", tissue, 3).embedding)


def test_jittered_truth_reads_the_file_of_the_dataset(tmp_path):
    given = simulate(Tissue(n_cells=60, n_genes=20, n_domains=3, seed=1), "tissue")
    given.write_h5ad(tmp_path / "tissue.h5ad")
    result = fit("jittered_truth", preprocess(given), 3, truth=tmp_path / "tissue.h5ad", jitter=0)
    assert np.array_equal(result.embedding.argmax(axis=1), given.obs["cluster"].cat.codes)


def test_a_tissue_that_no_program_has_checked_is_checked():
    given = simulate(Tissue(n_cells=60, n_genes=20, n_domains=3, seed=1), "tissue")

    def refused(fault, **changes):
        adata = given.copy()
        for name, value in changes.items():
            setattr(adata, name, value)
        with pytest.raises(InputError, match=fault):
            preprocess(adata)

    values = given.X.toarray()
    for value, fault in ((np.nan, "NaN or infinite"), (-1, "1 values are negative")):
        values[0, 0] = value
        refused(fault, X=values.copy())
    refused("'spatial'] is missing", obsm={})
    refused("NaN or infinite in 60 cells", obsm={"spatial": np.full((60, 2), np.nan)})


@pytest.mark.parametrize(
    ("method", "params", "fault"),
    [
        ("no_such", {}, "no method 'no_such'; known: stague"),
        ("pca", {"truth": "x"}, "pca has no parameter truth"),
        ("stague", {"epoch": 3}, "unknown parameter epoch"),
    ],
)
def test_unknown_names_are_refused(method, params, fault, tissue):
    with pytest.raises(InputError, match=fault):
        fit(method, tissue, 3, **params)
