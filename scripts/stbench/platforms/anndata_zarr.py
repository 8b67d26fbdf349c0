"""An AnnData in a zarr store, as ``AnnData.write_zarr`` writes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stbench.common.h5ad import column_names, read_column
from stbench.platforms import anndata_store
from stbench.platforms.zarr_store import is_group, open_group

NAME = "AnnData (zarr)"
LOOKS_FOR = "a zarr store with obs and var"
OPTIONS: tuple[str, ...] = ("layer", "raw", "x", "y")


def matches(path: Path) -> bool:
    return is_group(path) and (path / "obs").is_dir() and (path / "var").is_dir()


def technology(path: Path) -> str:
    return ""


def files(path: Path, options: Mapping[str, Any]) -> list[Path]:
    return [path]


def columns(path: Path, options: Mapping[str, Any]) -> list[str]:
    with open_group(path) as root:
        return column_names(root["obs"])


def column(path: Path, options: Mapping[str, Any], name: str) -> Any:
    with open_group(path) as root:
        return read_column(root["obs"], name)


def shape(path: Path, options: Mapping[str, Any]) -> tuple[int, int]:
    with open_group(path) as root:
        return anndata_store.shape(root, options)


def counts_elsewhere(path: Path, options: Mapping[str, Any]) -> list[str]:
    """The options that read counts, if X does not hold them."""
    with open_group(path) as root:
        return anndata_store.counts_elsewhere(root)


def read(path: Path, options: Mapping[str, Any]) -> Any:
    with open_group(path) as root:
        return anndata_store.read(root, options, str(path), NAME)
