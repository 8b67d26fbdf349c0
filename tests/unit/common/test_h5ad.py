"""Single elements are what anndata reads, and need no anndata."""

import subprocess
import sys

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from anndata.io import read_elem

from stbench.common.errors import InputError
from stbench.common.h5ad import read_elements
from stbench.common.paths import SCRIPTS

UNS = {
    "text": "ü",
    "number": 3,
    "share": 0.5,
    "yes": True,
    "row": np.array([1, 2, 3]),
    "words": np.array(["a", "b"], dtype=object),
    "nested": {"deeper": {"none": np.empty(0, np.float32)}},
}


@pytest.fixture
def path(tmp_path):
    obs = pd.DataFrame(
        {
            "domain": pd.Categorical(["x", None, "y"], categories=["y", "x", "unused"]),
            "grade": pd.Categorical([2, 1, 2], ordered=True),
            "name": pd.Series(["a", "b", "c"], dtype=object).to_numpy(),
        },
        index=["c1", "c2", "c3"],
    )
    obsm = {"spatial": np.arange(6.0).reshape(3, 2)}
    obsp = {"graph": sp.csr_matrix(np.eye(3))}
    file = tmp_path / "some.h5ad"
    anndata.AnnData(obs=obs, obsm=obsm, obsp=obsp, uns={"facts": UNS}).write_h5ad(file)
    return file


def assert_same(found, expected):
    assert type(found) is type(expected)
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for name in expected:
            assert_same(found[name], expected[name])
    elif isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        assert found.tolist() == expected.tolist()
    elif sp.issparse(expected):
        assert (found != expected).nnz == 0
    elif isinstance(expected, pd.Categorical):
        assert found.equals(expected) and found.dtype == expected.dtype
    else:
        assert found == expected


@pytest.mark.parametrize(
    "place", ["obs/domain", "obs/grade", "obs/name", "obsm/spatial", "obsp/graph", "uns/facts"]
)
def test_an_element_is_what_anndata_reads(path, place):
    with h5py.File(path) as file:
        expected = read_elem(file[place])
    assert_same(read_elements(path, place)[place], expected)


def test_the_cells_come_along_and_what_is_missing_is_left_out(path):
    found = read_elements(path, "obs/nothing")
    assert found.keys() == {"cells"}
    assert found["cells"].tolist() == ["c1", "c2", "c3"]


def test_a_file_without_cells_has_no_names(tmp_path):
    anndata.AnnData(np.zeros((0, 0), np.float32)).write_h5ad(tmp_path / "empty.h5ad")
    assert read_elements(tmp_path / "empty.h5ad")["cells"].tolist() == []


def test_anndata_is_not_loaded_for_them(path):
    program = (
        f"import sys; sys.path.insert(0, {str(SCRIPTS)!r})\n"
        "from stbench.common.h5ad import read_elements\n"
        f"read_elements({str(path)!r}, 'obs/domain', 'obsm/spatial', 'uns/facts')\n"
        "sys.exit('anndata' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_what_is_no_such_file_is_said(tmp_path):
    (tmp_path / "text.h5ad").write_text("no")
    with h5py.File(tmp_path / "other.h5ad", "w") as file:
        file["x"] = 1
    for name in ("missing", "text", "other"):
        with pytest.raises(InputError, match=f"{name}.h5ad"):
            read_elements(tmp_path / f"{name}.h5ad")
