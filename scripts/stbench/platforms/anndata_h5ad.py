"""An h5ad file, of any version of anndata."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stbench.common.h5ad import column_names, open_h5ad, read_column
from stbench.common.hdf5_safety import check_hdf5
from stbench.platforms import anndata_store

NAME = "AnnData"
LOOKS_FOR = "a file (h5ad)"
OPTIONS: tuple[str, ...] = ("layer", "raw", "x", "y")


def matches(path: Path) -> bool:
    """Any file: one that is not an h5ad file is reported when it is read."""
    return path.is_file()


def technology(path: Path) -> str:
    return ""


def files(path: Path, options: Mapping[str, Any]) -> list[Path]:
    return [path]


def columns(path: Path, options: Mapping[str, Any]) -> list[str]:
    with open_h5ad(path) as file:
        return column_names(file["obs"])


def column(path: Path, options: Mapping[str, Any], name: str) -> Any:
    check_hdf5(path)
    with open_h5ad(path) as file:
        return read_column(file["obs"], name)


def shape(path: Path, options: Mapping[str, Any]) -> tuple[int, int]:
    check_hdf5(path)
    with open_h5ad(path) as file:
        return anndata_store.shape(file, options)


def counts_elsewhere(path: Path, options: Mapping[str, Any]) -> list[str]:
    """The options that read counts, if X does not hold them."""
    with open_h5ad(path) as file:
        return anndata_store.counts_elsewhere(file)


def read(path: Path, options: Mapping[str, Any]) -> Any:
    check_hdf5(path)
    with open_h5ad(path) as file:
        return anndata_store.read(file, options, str(path), NAME)
