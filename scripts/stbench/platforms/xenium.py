"""The output folder of Xenium (Xenium Onboard Analysis 1 to 3), by 10x Genomics' documentation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stbench.common.errors import InputError
from stbench.platforms import tables, tenx_h5

NAME = "Xenium"
LOOKS_FOR = "cell_feature_matrix.h5 and cells.parquet or cells.csv.gz"
OPTIONS: tuple[str, ...] = ()

_MATRIX = ["cell_feature_matrix.h5"]
_CELLS = ["cells.parquet", "cells.csv.gz", "cells.csv"]


def matches(path: Path) -> bool:
    return tables.has_any(path, ["experiment.xenium", *_MATRIX, *_CELLS])


def technology(path: Path) -> str:
    return NAME


def files(path: Path, options: Mapping[str, Any]) -> list[Path]:
    return [tables.needed(path, names, NAME) for names in (_MATRIX, _CELLS)]


def columns(path: Path, options: Mapping[str, Any]) -> list[str]:
    return [name for name in tables.columns(files(path, options)[1]) if name != "cell_id"]


def column(path: Path, options: Mapping[str, Any], name: str) -> Any:
    return tables.read(files(path, options)[1], only=[name])[name]


def shape(path: Path, options: Mapping[str, Any]) -> tuple[int, int]:
    return tenx_h5.shape(files(path, options)[0])


def read(path: Path, options: Mapping[str, Any]) -> Any:
    from anndata import AnnData

    matrix, cells = files(path, options)
    x, barcodes, var = tenx_h5.read_matrix(matrix)
    table = tables.read(cells, ["cell_id"])
    for name in ("cell_id", "x_centroid", "y_centroid"):
        if name not in table:
            raise InputError(f"{cells}: no column {name!r}; has {', '.join(table)}")
    obs = table.set_index("cell_id").reindex(barcodes)
    if obs["x_centroid"].isna().any():
        missing = obs.index[obs["x_centroid"].isna()]
        raise InputError(f"{cells}: no position for {len(missing)} cells, such as {missing[0]!r}")
    obs.index = pd.Index(barcodes, dtype=object)
    spatial = obs[["x_centroid", "y_centroid"]].to_numpy(dtype=float)
    adata = AnnData(x, obs=obs, var=var, obsm={"spatial": spatial})
    adata.uns["platform"] = {"name": NAME, "unit": "um", "y_down": True}
    return adata
