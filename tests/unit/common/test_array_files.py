"""Arrays and matrices of files are checked before scipy's compiled code trusts them."""

import re
import zipfile
from itertools import pairwise

import h5py
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from helpers.malformed import good
from stbench.common.array_files import checked_sparse, read_array, read_arrays, read_sparse
from stbench.common.errors import InputError
from stbench.common.h5ad import read_elements
from stbench.common.io import read_h5ad
from stbench.data.loaders.h5ad import load_file
from stbench.fitting.interface import Fit, checked

FORMATS = ("csr", "csc")
# What is written in place of one of the three arrays of a 4 x 4 matrix with five values.
INDICES = [0, 2, 1, 3, 3]
POINTERS = [0, 2, 3, 4, 5]
BROKEN = {
    "an index too large": ("indices", [0, 2, 1, 3, 4]),
    "an index far too large": ("indices", [0, 2, 1, 3, 2**40]),
    "a negative index": ("indices", [0, 2, 1, -1, 3]),
    "too few indices": ("indices", INDICES[:3]),
    "fractions as indices": ("indices", [0.0, 2.0, 1.0, 3.5, 3.0]),
    "pointers that go back": ("indptr", [0, 5, 3, 4, 5]),
    "a pointer too large": ("indptr", [0, 2, 3, 4, 10**6]),
    "a first pointer that is not 0": ("indptr", [1, 2, 3, 4, 5]),
    "too few pointers": ("indptr", POINTERS[:4]),
    "too many pointers": ("indptr", [*POINTERS, 5]),
    "a smaller shape": ("shape", [2, 2]),
    "a negative shape": ("shape", [-4, 4]),
    "three dimensions": ("shape", [4, 4, 4]),
}


def parts(form, **changes):
    """The arrays of an .npz file that ``scipy.sparse.save_npz`` would write."""
    return {
        "format": np.array(form.encode()),
        "shape": np.array(changes.get("shape", [4, 4])),
        "data": np.ones(5),
        "indices": np.array(changes.get("indices", INDICES)),
        "indptr": np.array(changes.get("indptr", POINTERS)),
    }


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_matrix_is_refused_before_it_is_converted(tmp_path, form, name):
    path = tmp_path / "graph.npz"
    np.savez(path, **parts(form))
    assert (read_sparse(path) != sp.load_npz(path)).nnz == 0
    what, value = BROKEN[name]
    np.savez(path, **parts(form, **{what: value}))
    with pytest.raises(InputError, match=re.escape(f"{path}: broken sparse matrix")):
        read_sparse(path)


@pytest.mark.parametrize("rows", [[0, 4], [0, -1], [0], [0.0, 1.0]])
def test_a_broken_list_of_entries_is_refused(tmp_path, rows):
    path = tmp_path / "graph.npz"
    shape, ones = np.array([4, 4]), np.ones(2)
    np.savez(path, format=b"coo", shape=shape, data=ones, row=[0, 1], col=[3, 3])
    assert read_sparse(path).sum() == 2
    np.savez(path, format=b"coo", shape=shape, data=ones, row=rows, col=[3, 3])
    with pytest.raises(InputError, match="broken sparse matrix"):
        read_sparse(path)


def test_a_format_that_is_not_read_and_no_matrix_are_said(tmp_path):
    path = tmp_path / "graph.npz"
    sp.save_npz(path, sp.eye(4, format="dia"))
    with pytest.raises(InputError, match="format 'dia' is not read; save it as CSR"):
        read_sparse(path)
    np.savez(path, np.ones(3))
    with pytest.raises(InputError, match="not a sparse matrix"):
        read_sparse(path)


@given(
    form=st.sampled_from(FORMATS),
    indices=st.lists(st.sampled_from([0, 1, 2, 3, 3, -1, 4]), min_size=5, max_size=5),
    pointers=st.lists(st.integers(0, 5), min_size=3, max_size=3).map(lambda p: [0, *sorted(p), 5])
    | st.lists(st.integers(-1, 6), min_size=5, max_size=5),
)
def test_a_matrix_is_accepted_if_and_only_if_it_can_be_converted(form, indices, pointers):
    made = (sp.csr_matrix if form == "csr" else sp.csc_matrix)((4, 4))
    made.data, made.indices = np.ones(5), np.array(indices, dtype=np.int32)
    made.indptr = np.array(pointers, dtype=np.int32)
    right = (pointers[0], pointers[-1]) == (0, 5) and pointers == sorted(pointers)
    right &= all(0 <= index < 4 for index in indices)
    try:
        matrix = checked_sparse(made, "x")
    except InputError:
        assert not right
        return
    assert right
    expected = np.zeros((4, 4))
    for line, (begin, stop) in enumerate(pairwise(pointers)):
        np.add.at(expected[line], indices[begin:stop], 1)
    expected = expected if form == "csr" else expected.T
    np.testing.assert_array_equal(matrix.tocoo().toarray(), expected)
    np.testing.assert_array_equal(matrix.T.tocsr().toarray(), expected.T)


# The same in an h5ad file: the user's own, and that of a fit.


def h5ad_with(path, form, name):
    adata = good()
    adata.X = adata.X.asformat(form)
    adata.obsp["graph"] = sp.eye(adata.n_obs, format=form)
    adata.write_h5ad(path)
    with h5py.File(path, "a") as file:
        for place in ("X", "obsp/graph"):
            indices = file[place]["indices"]
            indices[3] = {"large": 10**6, "negative": -5}[name]


@pytest.mark.parametrize("name", ["large", "negative"])
@pytest.mark.parametrize("form", FORMATS)
def test_a_broken_matrix_in_an_h5ad_is_refused_by_every_reader(tmp_path, form, name):
    path = tmp_path / "mine.h5ad"
    h5ad_with(path, form, name)
    readers = (load_file, read_h5ad, lambda p: read_elements(p, "obsp/graph"))
    for read in readers:
        with pytest.raises(InputError, match=r"mine\.h5ad: .*broken sparse matrix"):
            read(path)


def test_a_broken_graph_of_a_method_is_refused():
    graph = sp.csr_matrix((4, 4))
    graph.data, graph.indices = np.ones(1), np.array([9])
    graph.indptr = np.array([0, 1, 1, 1, 1])
    with pytest.raises(InputError, match="adj_raw: broken sparse matrix"):
        checked(Fit(embedding=np.ones((4, 2)), adj_raw=graph), 4)


# Headers


def header(shape, dtype="<f8", version=b"\x01\x00"):
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"
    text = text.ljust(117) + "\n"
    return b"\x93NUMPY" + version + len(text).to_bytes(2, "little") + text.encode()


HEADERS = {
    "more than there is": header((10**6, 10**6)),
    "a product that overflows": header((2**62, 4)),
    "objects": header((1,), "|O"),
    "another version": header((1,), version=b"\x09\x00"),
    "negative": header((-1,)),
    "no header": b"\x93NUM",
}


@pytest.mark.parametrize("name", HEADERS)
def test_no_more_is_reserved_than_a_file_has(tmp_path, name):
    content = HEADERS[name] + b"\0" * 8
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.npy: not a readable array"):
        read_array(tmp_path / "a.npy")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("data.npy", content)
    with pytest.raises(InputError, match=r"a\.npz: not a readable \.npz file"):
        read_arrays(tmp_path / "a.npz")


def test_an_npz_bomb_is_refused_unread(tmp_path):
    path = tmp_path / "graph.npz"
    shape = (600 << 20,)
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("data.npy", "w") as stream,
    ):
        stream.write(header(shape, "|u1"))
        for _ in range(600):
            stream.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(InputError, match=r"says that it unpacks to 0\.6 GB"):
        read_arrays(path)
