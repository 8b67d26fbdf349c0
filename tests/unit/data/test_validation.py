"""What the validator lets through, and what it makes of it."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from stbench.common.errors import InputError
from stbench.data.validation import failed_dataset, validate

ENTRY = {
    "id": "mine",
    "technology": "t",
    "organism": "o",
    "donor": "d",
    "study": "s",
    "unit": "pixel",
    "source": "a file",
    "sha256": "0" * 64,
    "licence": "MIT",
    "citation": "",
    "note": "",
    "kind": "counts",
    "n_domains": 2,
    "hvg": False,
    "filter_cell": 0,
    "norm_target": 0.0,
    "refine": 0,
}


def section(x: np.ndarray, labels: bool = True) -> anndata.AnnData:
    n = x.shape[0]
    rng = np.random.default_rng(0)
    adata = anndata.AnnData(x, obsm={"spatial": rng.random((n, 2))})
    if labels:
        adata.obs["cluster"] = pd.Categorical(np.where(np.arange(n) % 2, "a", "b"))
    return adata


def counts(n: int = 40, genes: int = 5) -> np.ndarray:
    return np.random.default_rng(1).poisson(3, (n, genes)).astype(float) + 1


@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix, sp.csc_matrix, sp.csr_array])
def test_the_form_of_a_dataset(form):
    made = validate(section(form(counts())), ENTRY)
    assert sp.isspmatrix_csr(made.X)
    assert made.X.dtype == np.float32
    assert made.obsm["spatial"].dtype == np.float64
    assert (made.X.toarray() == counts()).all()
    facts = made.uns["dataset"]
    assert facts["n_domains"] == 2
    assert facts["has_truth"] is True
    assert (facts["status"], facts["reason"], facts["dropped_cells"]) == ("ok", "", 0)
    assert set(ENTRY) <= set(facts)


def test_empty_cells_are_dropped_with_a_count():
    x = counts()
    x[[3, 7]] = 0
    made = validate(section(x), ENTRY)
    assert made.n_obs == 38
    assert made.uns["dataset"]["dropped_cells"] == 2
    assert "3" not in made.obs_names


def hexagonal(rows: int) -> np.ndarray:
    row, col = np.divmod(np.arange(rows * rows), rows)
    return np.column_stack([col * 100 + row % 2 * 50, row * 50 * np.sqrt(3)])


@pytest.mark.parametrize(
    ("places", "said"),
    [
        (hexagonal(8), ""),
        (np.column_stack(np.divmod(np.arange(64), 8)), "these form a square lattice (7 x 7 pixel)"),
        (np.random.default_rng(0).random((64, 2)), "these form no lattice"),
    ],
)
def test_visium_without_its_lattice_is_said(places, said):
    adata = section(counts(64))
    adata.obsm["spatial"] = places
    adata.uns["remarks"] = ["2 spots have no layer"]
    visium = {**ENTRY, "technology": "10x Visium", "note": "a note"}
    note = validate(adata, visium).uns["dataset"]["note"]
    assert note.startswith("a note; 2 spots have no layer")
    assert ("hexagonal" in note) == bool(said) and said in note
    assert "hexagonal" not in validate(adata, ENTRY).uns["dataset"]["note"]


def test_features_keep_negative_values_and_empty_rows():
    x = -counts()
    x[3] = 0
    made = validate(section(x), {**ENTRY, "kind": "features"})
    assert (made.X.toarray() == x).all()


def test_intensities_may_be_fractions_but_not_negative():
    entry = {**ENTRY, "kind": "intensities"}
    validate(section(counts() / 3), entry)
    with pytest.raises(InputError, match="negative, so these are not intensities"):
        validate(section(-counts()), entry)


def test_normalized_values_are_recognized_as_not_counts():
    """The trap of osmFISH as SDMBench has it: equal totals, declared as counts."""
    x = counts()
    x *= 5328 / x.sum(axis=1, keepdims=True)
    with pytest.raises(InputError) as error:
        validate(section(x), ENTRY)
    assert "not whole numbers" in str(error.value)
    assert "all cells have the same total" in str(error.value)
    assert "kind: intensities" in str(error.value)


def test_coincident_cells_are_kept():
    adata = section(counts())
    adata.obsm["spatial"][:10] = adata.obsm["spatial"][10:20]
    assert validate(adata, ENTRY).n_obs == 40


def test_unlabelled_cells_are_kept():
    adata = section(counts())
    adata.obs["cluster"] = adata.obs["cluster"].where(np.arange(40) > 5)
    made = validate(adata, ENTRY)
    assert made.n_obs == 40
    assert made.obs["cluster"].isna().sum() == 6


def test_a_list_of_numbers_for_data_without_truth():
    made = validate(section(counts(), labels=False), {**ENTRY, "n_domains": [4, 6]})
    assert made.uns["dataset"]["n_domains"].tolist() == [4, 6]
    assert made.uns["dataset"]["has_truth"] is False


def test_the_number_of_domains_may_be_that_of_the_labels():
    made = validate(section(counts()), {**ENTRY, "n_domains": None})
    assert made.uns["dataset"]["n_domains"] == 2


def test_variable_genes_need_counts():
    with pytest.raises(InputError, match="hvg: needs counts"):
        validate(section(counts()), {**ENTRY, "kind": "intensities", "hvg": True})


def test_a_broken_sparse_matrix_is_refused():
    x = sp.csr_matrix(counts())
    adata = section(x)
    adata.X.indices[0] = 99
    with pytest.raises(InputError, match="X: broken sparse matrix"):
        validate(adata, ENTRY)


def test_the_input_is_left_alone():
    adata = section(sp.csr_matrix(counts()))
    before = adata.X.toarray().copy()
    validate(adata, ENTRY)
    assert (adata.X.toarray() == before).all()


def test_a_failed_dataset_has_no_cells_and_a_reason(tmp_path):
    path = tmp_path / "failed.h5ad"
    failed_dataset("mine", "because").write_h5ad(path)
    read = anndata.read_h5ad(path)
    assert read.shape == (0, 0)
    assert read.uns["dataset"] == {"id": "mine", "status": "error", "reason": "because"}


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_one_broken_value_anywhere_is_found(data):
    """NaN, infinite, negative or fractional: wherever it stands."""
    x = counts()
    row, column = data.draw(st.integers(0, 39)), data.draw(st.integers(0, 4))
    x[row, column] = data.draw(st.sampled_from([np.nan, np.inf, -np.inf, -1.0, 0.5, 1e300]))
    with pytest.raises(InputError) as error:
        validate(section(x), ENTRY)
    assert str(error.value).startswith("mine: X: 1 values")
