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


def write_tenx_h5(path: Path, adata: anndata.AnnData, types: list[str] | None = None) -> None:
    """A feature-barcode matrix of 10x, version 3."""
    types = types or ["Gene Expression"] * adata.n_vars
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        counts = sp.csr_matrix(adata.X)
        for part in ("data", "indices", "indptr"):
            group[part] = getattr(counts, part)
        group["shape"] = np.array(adata.shape[::-1])
        group["barcodes"] = np.array(adata.obs_names, dtype="S24")
        group["features/name"] = np.array(adata.var_names, dtype="S40")
        group["features/id"] = np.array([f"ENSG{i:011d}" for i in range(adata.n_vars)], "S20")
        group["features/feature_type"] = np.array(types, dtype="S40")
        group["features/genome"] = np.array(["GRCh38"] * adata.n_vars, dtype="S8")


def write_space_ranger(outs: Path, positions: str = "tissue_positions.csv") -> None:
    """``outs`` of Space Ranger, or a bin folder of Visium HD; positions in another order."""
    adata = tissue()
    adata.obs_names = [f"AAAC{i:04d}-1" for i in range(N)]
    (outs / "spatial").mkdir(parents=True)
    write_tenx_h5(outs / "filtered_feature_bc_matrix.h5", adata)
    rows = adata.obsm["spatial"][:, ::-1]
    table = pd.DataFrame({"barcode": adata.obs_names, "in_tissue": (np.arange(N) != 7).astype(int)})
    table["array_row"], table["array_col"] = np.arange(N) // 10, np.arange(N) % 10
    table["pxl_row_in_fullres"], table["pxl_col_in_fullres"] = rows.T
    table = table.iloc[::-1]
    file = outs / "spatial" / positions
    if file.suffix == ".parquet":
        table.to_parquet(file)
    else:
        table.to_csv(file, index=False, header=positions != "tissue_positions_list.csv")


def write_xenium(folder: Path, cells: str = "cells.parquet") -> None:
    """An output folder of Xenium with a few controls."""
    adata = tissue()
    adata.obs_names = [f"aaaa{i:04d}-1" for i in range(N)]
    folder.mkdir()
    (folder / "experiment.xenium").write_text("{}")
    types = ["Gene Expression"] * 9
    types += ["Negative Control Probe", "Negative Control Codeword", "Unassigned Codeword"]
    write_tenx_h5(folder / "cell_feature_matrix.h5", adata, types)
    table = pd.DataFrame({"cell_id": adata.obs_names, "cell_area": np.arange(N) + 20.0})
    table["x_centroid"], table["y_centroid"] = adata.obsm["spatial"].T
    table["region"] = LAYERS
    if cells.endswith(".parquet"):
        table.assign(cell_id=[name.encode() for name in table["cell_id"]]).to_parquet(
            folder / cells
        )
    else:
        table.to_csv(folder / cells, index=False)


def write_merscope(folder: Path) -> None:
    """A region of MERSCOPE with blanks; ids are large numbers."""
    adata = tissue()
    ids = [2_837_000_000_000_000_000 + i for i in range(N)]
    genes = [*adata.var_names[:10], "Blank-1", "Blank-12"]
    folder.mkdir()
    counts = pd.DataFrame(adata.X.toarray(), index=pd.Index(ids, name="cell"), columns=genes)
    counts.to_csv(folder / "cell_by_gene.csv")
    table = pd.DataFrame({"fov": np.arange(N) // 40, "volume": 100.0, "region": LAYERS}, index=ids)
    table["center_x"], table["center_y"] = adata.obsm["spatial"].T
    table.iloc[::-1].to_csv(folder / "cell_metadata.csv")


def write_cosmx(folder: Path) -> None:
    """Flat files of CosMx: two fields of view with global positions, controls, cell_ID 0."""
    adata = tissue()
    folder.mkdir()
    genes = [*adata.var_names[:9], "NegPrb1", "SystemControl2", "Negative3"]
    ids = pd.DataFrame({"fov": 1 + np.arange(N) // 40, "cell_ID": 1 + np.arange(N) % 40})
    counts = pd.concat([ids, pd.DataFrame(adata.X.toarray().astype(int), columns=genes)], axis=1)
    outside = pd.DataFrame({name: [1] for name in counts}).assign(cell_ID=0)
    counts = pd.concat([outside, counts])
    counts.to_csv(folder / "Lung_exprMat_file.csv.gz", index=False)
    table = ids.assign(Area=50, region=LAYERS)
    table["CenterX_local_px"], table["CenterY_local_px"] = 1, 2
    table["CenterX_global_px"], table["CenterY_global_px"] = adata.obsm["spatial"].T
    table.to_csv(folder / "Lung_metadata_file.csv.gz", index=False)


def entry_of(path: Path, **keys: Any) -> dict[str, Any]:
    """A section of a configuration."""
    return {"id": "mine", "path": str(path), "n_domains": 4, "label": "cluster", **keys}
