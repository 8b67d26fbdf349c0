"""Which platform wrote a file or folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from stbench.common.errors import InputError
from stbench.platforms import (
    anndata_h5ad,
    anndata_zarr,
    cosmx,
    merscope,
    space_ranger,
    spatialdata_zarr,
    xenium,
)


class Platform(Protocol):
    """A module of this package; see the package for the meaning of its functions."""

    NAME: str
    LOOKS_FOR: str
    OPTIONS: tuple[str, ...]

    def matches(self, path: Path) -> bool: ...
    def technology(self, path: Path) -> str: ...
    def files(self, path: Path, options: Mapping[str, Any]) -> list[Path]: ...
    def columns(self, path: Path, options: Mapping[str, Any]) -> list[str]: ...
    def column(self, path: Path, options: Mapping[str, Any], name: str) -> Any: ...
    def shape(self, path: Path, options: Mapping[str, Any]) -> tuple[int, int]: ...
    def read(self, path: Path, options: Mapping[str, Any]) -> Any: ...


PLATFORMS: tuple[Platform, ...] = (
    anndata_h5ad,
    spatialdata_zarr,
    anndata_zarr,
    space_ranger,
    xenium,
    merscope,
    cosmx,
)


def platform_of(path: Path) -> Platform:
    """The platform of a file or folder.

    Raises:
        InputError: there is no such file, or the folder is of no known platform; the message lists
            what was looked for.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    for platform in PLATFORMS:
        if platform.matches(path):
            return platform
    looked_for = "; ".join(f"{platform.NAME}: {platform.LOOKS_FOR}" for platform in PLATFORMS)
    raise InputError(f"{path}: a folder of no known platform; looked for {looked_for}")
