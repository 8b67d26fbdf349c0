"""Small made sections in the layouts that are met in practice."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import anndata
import h5py
import numpy as np
import pandas as pd
import scipy.sparse as sp

N, GENES = 80, 12
LAYERS = np.repeat(["L1", "L2", "L3", "L4"], N // 4)


def tissue(seed: int = 0) -> anndata.AnnData:
    """80 cells in four layers, 12 genes; a gene is high in one layer."""
    rng = np.random.default_rng(seed)
    layer = np.arange(N) // (N // 4)
    mean = np.where(np.arange(GENES) % 4 == layer[:, None], 8.0, 1.0)
    counts = rng.poisson(mean).astype(np.float32)
    counts[:, 0] += 1  # no cell is empty
    spatial = np.column_stack([rng.uniform(0, 40, N), 10 * layer + rng.uniform(0, 10, N)])
    obs = pd.DataFrame({"cluster": LAYERS}, index=[f"cell{i}" for i in range(N)])
    var = pd.DataFrame(index=[f"gene{i}" for i in range(GENES)])
    return anndata.AnnData(sp.csr_matrix(counts), obs, var, obsm={"spatial": spatial})


def several_fovs() -> anndata.AnnData:
    """Three fields of view, each with its own origin."""
    views = [tissue(seed) for seed in range(3)]
    adata = anndata.concat(views, keys=["fov1", "fov2", "fov3"], label="fov", index_unique="-")
    adata.uns["spatial"] = {fov: {"scalefactors": {}} for fov in ("fov1", "fov2", "fov3")}
    return adata


def genes_and_antibodies() -> anndata.AnnData:
    adata = tissue()
    adata.var["feature_types"] = ["Gene Expression"] * 9 + ["Antibody Capture"] * 3
    return adata


def spots_off_tissue() -> anndata.AnnData:
    adata = tissue()
    adata.obs["in_tissue"] = (np.arange(N) % 5 > 0).astype(int)
    return adata


def cells_share_places() -> anndata.AnnData:
    adata = tissue()
    adata.obsm["spatial"] = np.floor(adata.obsm["spatial"] / 10)
    return adata


def missing_as_words() -> anndata.AnnData:
    adata = tissue()
    words = ["Unknown", "unassigned", "n/a", "none"]
    adata.obs.loc[adata.obs_names[:16], "cluster"] = words * 4
    return adata


def log_normalized() -> anndata.AnnData:
    """X is log-normalized; the counts are in a layer and in raw."""
    adata = tissue()
    adata.raw = adata.copy()
    adata.layers["counts"] = adata.X.copy()
    totals = np.asarray(adata.X.sum(axis=1))
    adata.X = sp.csr_matrix(np.log1p(adata.X.toarray() / totals * 50).astype(np.float32))
    adata.uns["log1p"] = {"base": None}
    return adata


def half_precision() -> anndata.AnnData:
    adata = tissue()
    adata.X = adata.X.toarray().astype(np.float16)
    return adata


def write_nullable_strings(path: Path) -> None:
    """Strings, booleans and numbers with missing values, as pandas 3 writes them."""
    adata = tissue()
    adata.obs["seen"] = pd.array([True, None] * (N // 2), dtype="boolean")
    adata.obs["age"] = pd.array([1, None] * (N // 2), dtype="Int64")
    adata.write_h5ad(path)
    with h5py.File(path, "a") as file:
        text = file.create_group("obs/words")
        text.attrs.update({"encoding-type": "nullable-string-array", "encoding-version": "0.1.0"})
        text["values"] = np.array([b"a", b"b"] * (N // 2), dtype=object)
        text["values"].attrs.update({"encoding-type": "string-array", "encoding-version": "0.2.0"})
        text["mask"] = np.arange(N) == 3


def write_categories_beside_the_columns(path: Path) -> None:
    """The tables of anndata 0.7, without marks of an encoding."""
    tissue().write_h5ad(path)
    codes = np.arange(N, dtype=np.int8) // (N // 4)
    codes[5] = -1
    with h5py.File(path, "a") as file:
        del file["obs/cluster"]
        file["obs/cluster"] = codes
        file["obs/__categories/cluster"] = np.array([b"L1", b"L2", b"L3", b"L4"], dtype=object)
        file["obs/cluster"].attrs["categories"] = file["obs/__categories/cluster"].ref
        for name in list(file["obs"].attrs):
            del file["obs"].attrs[name]
        for name in list(file["obs/_index"].attrs):
            del file["obs/_index"].attrs[name]


def write_anndata_0_6(path: Path) -> None:
    """Tables as compound arrays, categories in uns, another mark of sparse matrices."""
    adata = tissue()
    obs = np.zeros(N, dtype=[("index", "S8"), ("cluster", "i1")])
    obs["index"], obs["cluster"] = adata.obs_names, np.arange(N) // (N // 4)
    var = np.zeros(GENES, dtype=[("index", "S8")])
    var["index"] = adata.var_names
    obsm = np.zeros(N, dtype=[("spatial", "f8", (2,))])
    obsm["spatial"] = adata.obsm["spatial"]
    with h5py.File(path, "w") as file:
        file.update({"obs": obs, "var": var, "obsm": obsm})
        file["uns/cluster_categories"] = np.array([b"L1", b"L2", b"L3", b"L4"])
        group = file.create_group("X")
        group.attrs.update({"h5sparse_format": "csr", "h5sparse_shape": adata.shape})
        for part in ("data", "indices", "indptr"):
            group[part] = getattr(adata.X, part)


def write_spatialdata(path: Path, *tables: str, positions: bool = True) -> None:
    """A SpatialData store with tables; without positions, with circles as shapes."""
    import zarr

    zarr.open_group(path, mode="w").require_group("tables")
    adata = tissue()
    places = adata.obsm["spatial"]
    if not positions:
        del adata.obsm["spatial"]
    adata.obs["region"] = pd.Categorical(["cells"] * N)
    adata.obs["instance_id"] = np.arange(N)[::-1].copy()
    attributes = {"region": "cells", "region_key": "region", "instance_key": "instance_id"}
    adata.uns["spatialdata_attrs"] = attributes
    first, *others = tables or ("table",)
    adata.write_zarr(path / "tables" / first)
    for other in others:
        shutil.copytree(path / "tables" / first, path / "tables" / other)
    if not positions:
        (path / "shapes/cells").mkdir(parents=True)
        points = [b"\x01\x01\x00\x00\x00" + place.astype("<f8").tobytes() for place in places[::-1]]
        pd.DataFrame({"geometry": points}).to_parquet(path / "shapes/cells/shapes.parquet")


def entry_of(path: Path, **keys: Any) -> dict[str, Any]:
    """A section of a configuration."""
    return {"id": "mine", "path": str(path), "n_domains": 4, "label": "cluster", **keys}
