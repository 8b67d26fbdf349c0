"""A SpatialData store: one of its tables, which is an AnnData.

Without positions in the table, cells are at the centroids of their shapes, in the coordinates of
the shapes themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stbench.common.errors import InputError
from stbench.platforms import anndata_store, anndata_zarr
from stbench.platforms.wkb import centroid
from stbench.platforms.zarr_store import is_group, open_group

NAME = "SpatialData"
LOOKS_FOR = "a zarr store with tables/"
OPTIONS: tuple[str, ...] = ("layer", "raw", "table", "x", "y")


def matches(path: Path) -> bool:
    return is_group(path) and any((path / name).is_dir() for name in ("tables", "table", "shapes"))


def technology(path: Path) -> str:
    return ""


def table_of(path: Path, options: Mapping[str, Any]) -> Path:
    """The folder of the chosen table, or of the only one.

    Raises:
        InputError: several tables and none is chosen, or no such table.
    """
    parents = [path / name for name in ("tables", "table")]  # the latter before SpatialData 0.2
    tables = {
        table.name: table
        for parent in parents
        if parent.is_dir()
        for table in sorted(parent.iterdir())
        if is_group(table)
    }
    names = ", ".join(tables) or "none"
    wanted = options.get("table")
    if wanted is not None and wanted not in tables:
        raise InputError(f"{path}: table: no table {wanted!r}; available: {names}")
    if wanted is None and len(tables) != 1:
        raise InputError(f"{path}: has {len(tables)} tables ({names}); choose one: table: <name>")
    return tables[wanted if wanted is not None else next(iter(tables))]


def files(path: Path, options: Mapping[str, Any]) -> list[Path]:
    shapes = path / "shapes"
    return [table_of(path, options), *([shapes] if shapes.is_dir() else [])]


def columns(path: Path, options: Mapping[str, Any]) -> list[str]:
    return anndata_zarr.columns(table_of(path, options), options)


def column(path: Path, options: Mapping[str, Any], name: str) -> Any:
    return anndata_zarr.column(table_of(path, options), options, name)


def shape(path: Path, options: Mapping[str, Any]) -> tuple[int, int]:
    return anndata_zarr.shape(table_of(path, options), options)


def counts_elsewhere(path: Path, options: Mapping[str, Any]) -> list[str]:
    """The options that read counts, if X does not hold them."""
    return anndata_zarr.counts_elsewhere(table_of(path, options), options)


def read(path: Path, options: Mapping[str, Any]) -> Any:
    table = table_of(path, options)
    with open_group(table) as root:
        shapes = partial(_centroids, path, _attributes(root))
        adata = anndata_store.read(root, options, str(table), NAME, shapes)
    adata.uns["platform"]["y_down"] = True  # as images, which SpatialData aligns with
    return adata


def _attributes(root: Any) -> dict[str, str]:
    """``region_key`` and ``instance_key`` of the table, if it annotates shapes."""
    from anndata.io import read_elem

    attributes = anndata_store.find(root, "uns", "spatialdata_attrs")
    return {} if attributes is None else read_elem(attributes)


def _centroids(path: Path, attributes: Mapping[str, str], obs: pd.DataFrame) -> np.ndarray:
    """(n, 2) centroids of the shape of every cell."""
    keys = [attributes.get(name) for name in ("region_key", "instance_key")]
    if not set(keys) <= set(obs):
        raise InputError(
            f"{path}: coordinates: the table has no obsm['spatial'] and annotates no shapes"
        )
    regions, instances = (np.asarray(obs[key], dtype=object) for key in keys)
    spatial = np.full((len(obs), 2), np.nan)
    for region in pd.unique(regions):
        file = path / "shapes" / str(region) / "shapes.parquet"
        if not file.is_file():
            raise InputError(
                f"{path}: coordinates: no obsm['spatial'] in the table, and no {file}; add one"
            )
        shapes = pd.read_parquet(file, columns=["geometry"])["geometry"]
        rows = np.flatnonzero(regions == region)
        places = shapes.index.get_indexer(instances[rows])
        if (places < 0).any():
            raise InputError(f"{file}: no shape for {(places < 0).sum()} cells of the table")
        spatial[rows] = [centroid(shapes.iloc[place]) for place in places]
    return spatial
