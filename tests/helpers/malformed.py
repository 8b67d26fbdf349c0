"""Sections of a user, each with one fault, and the expected part of the error message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anndata
import h5py
import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata.io import write_elem

N, GENES = 40, 6
Case = tuple[Callable[[Path], None], dict[str, Any], str]


def good() -> anndata.AnnData:
    """40 cells x 6 genes of counts with two domains."""
    rng = np.random.default_rng(0)
    obs = pd.DataFrame({"cluster": ["a", "b"] * (N // 2)}, index=[f"c{i}" for i in range(N)])
    x = sp.csr_matrix(rng.poisson(2, (N, GENES)).astype(np.float32) + 1)
    var = pd.DataFrame(index=[f"g{i}" for i in range(GENES)])
    return anndata.AnnData(x, obs=obs, var=var, obsm={"spatial": rng.random((N, 2))})


def _h5ad(change: Callable[[anndata.AnnData], object]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        adata = good()
        change(adata)
        adata.write_h5ad(path)

    return write


def _hdf5(change: Callable[[h5py.File], object]) -> Callable[[Path], None]:
    """For what anndata itself would not write."""

    def write(path: Path) -> None:
        good().write_h5ad(path)
        with h5py.File(path, "a") as file:
            change(file)

    return write


def _value(value: float) -> Callable[[Path], None]:
    def change(adata: anndata.AnnData) -> None:
        adata.X.data[7] = value

    return _h5ad(change)


def _coordinates(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    return _h5ad(lambda adata: adata.obsm.update(spatial=change(adata.obsm["spatial"])))


def _with(values: np.ndarray, row: int, value: float) -> np.ndarray:
    values[row] = value
    return values


def _truncated(path: Path) -> None:
    good().write_h5ad(path)
    path.write_bytes(path.read_bytes()[:2000])


def _replace(file: h5py.File, name: str, values: Any) -> None:
    attributes = dict(file[name].attrs)
    del file[name]
    file[name] = values
    file[name].attrs.update(attributes)


def _names(adata: anndata.AnnData, axis: str) -> None:
    names = list(getattr(adata, axis))
    setattr(adata, axis, [names[1], *names[1:]])


def _obs(name: str, values: Any) -> Callable[[Path], None]:
    return _h5ad(lambda adata: adata.obs.__setitem__(name, values))


def _few(path: Path) -> None:
    good()[:5].copy().write_h5ad(path)


def _plain(path: Path) -> None:
    good().write_h5ad(path)


def _pickled(path: Path) -> None:
    with path.open("wb") as stream:
        np.save(stream, np.array([{"a": 1}], dtype=object), allow_pickle=True)


MALFORMED: dict[str, Case] = {
    "an empty file": (lambda path: path.write_bytes(b""), {}, "not a readable h5ad file"),
    "a truncated file": (_truncated, {}, "not a readable h5ad file"),
    "text": (lambda path: path.write_text("x,y\n1,2\n"), {}, "not a readable h5ad file"),
    "a pickled array": (_pickled, {}, "not a readable h5ad file"),
    "no file": (lambda path: None, {}, "no such file"),
    "a folder": (lambda path: path.mkdir(), {}, "a folder of no known platform; looked for"),
    "hdf5 of another kind": (lambda path: h5py.File(path, "w").close(), {}, "mine.h5ad"),
    "NaN coordinates": (
        _coordinates(lambda xy: _with(xy, 3, np.nan)),
        {},
        "NaN or infinite in 1 cells",
    ),
    "infinite coordinates": (_coordinates(lambda xy: _with(xy, 3, np.inf)), {}, "infinite"),
    "all at one point": (
        _coordinates(lambda xy: xy * 0),
        {},
        "one or two different positions",
    ),
    "3-d coordinates": (_coordinates(lambda xy: np.c_[xy, xy[:, 0]]), {}, "40 x 3 values"),
    "1-d coordinates": (_coordinates(lambda xy: xy[:, :1]), {}, "two columns (x, y) are needed"),
    "coordinates of letters": (
        _hdf5(lambda file: _replace(file, "obsm/spatial", np.full((N, 2), "left", dtype="S4"))),
        {},
        "coordinates",
    ),
    "no coordinates": (_h5ad(lambda adata: adata.obsm.clear()), {}, "coordinates: neither"),
    "strings as counts": (
        _hdf5(lambda file: write_elem(file, "X", np.full((N, GENES), "many", dtype=object))),
        {},
        "X: object, not numbers",
    ),
    "strings as sparse counts": (
        _hdf5(lambda file: _replace(file, "X/data", np.full(N * GENES, "many", dtype="S4"))),
        {},
        "X: bytes32, not numbers",
    ),
    "no X": (_h5ad(lambda adata: setattr(adata, "X", None)), {}, "X: missing"),
    "negatives as counts": (_value(-1), {}, "1 values are negative"),
    "fractions as counts": (_value(0.5), {}, "not whole numbers (for example 0.5)"),
    "NaN in X": (_value(np.nan), {}, "NaN or infinite"),
    "infinity in X": (_value(np.inf), {}, "NaN or infinite"),
    "negative intensities": (_value(-0.5), {"kind": "intensities"}, "not intensities"),
    "infinite features": (_value(np.inf), {"kind": "features"}, "NaN or infinite"),
    "nothing but zeros": (_h5ad(lambda adata: adata.X.data.fill(0)), {}, "only 0 of 40 cells"),
    "too few cells": (_few, {}, "cells: only 5"),
    "too few genes": (
        lambda path: good()[:, :1].copy().write_h5ad(path),
        {},
        "genes: only 1",
    ),
    "fewer coordinates than cells": (
        _hdf5(lambda file: _replace(file, "obsm/spatial", np.zeros((N - 3, 2)))),
        {},
        "coordinates: 37 values for 40 cells",
    ),
    "fewer labels than cells": (
        _hdf5(lambda file: _replace(file, "obs/cluster/codes", np.zeros(N - 3, dtype=np.int8))),
        {},
        "mine",
    ),
    "repeated cell names": (_h5ad(lambda a: _names(a, "obs_names")), {}, "cell names: 1 are not"),
    "no such label": (_plain, {"label": "domain"}, "no column 'domain' in obs; available: cluster"),
    "no such cell types": (_plain, {"celltype": "type"}, "no column 'type' in obs"),
    "one domain": (_obs("cluster", "same"), {}, "1 domain among the labels"),
    "no domain": (_obs("cluster", np.nan), {}, "0 domain among the labels"),
    "a domain for every cell": (_obs("cluster", range(N)), {}, "a different label"),
    "one domain asked for": (_plain, {"n_domains": 1}, "less than the minimum of 2"),
    "more domains than cells": (_plain, {"n_domains": 400}, "n_domains: 400 for 40 cells"),
    "no number of domains": (_plain, {"n_domains": None}, "n_domains: None is not of type"),
    "half a domain": (_plain, {"n_domains": 2.5}, "2.5 is not of type integer"),
    "numbers of domains with labels": (_plain, {"n_domains": [2, 3]}, "a list is for data without"),
    "an unknown key": (_plain, {"labels": "cluster"}, "unknown key 'labels' (did you mean 'label'"),
    "an unknown kind": (_plain, {"kind": "numbers"}, "unknown 'numbers'"),
    "an id that is no name": (_plain, {"id": "$(reboot)"}, "only letters, digits"),
    "an id of the registry": (_plain, {"id": "BZ5"}, "the registry has a dataset of this name"),
    "variable genes of features": (
        _plain,
        {"kind": "features", "hvg": True},
        "hvg: needs counts",
    ),
}
