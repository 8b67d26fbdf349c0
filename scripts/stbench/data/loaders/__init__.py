"""One module per source format; each has ``load(raw, **options) -> AnnData``.

The AnnData has ``X`` (cells x genes, as published), ``obsm['spatial']`` (n, 2) and, if known,
``obs['cluster']`` (true domain; missing for cells without one) and ``obs['celltype']``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.common.errors import read_or_refuse

if TYPE_CHECKING:
    from anndata import AnnData


def loader(name: str) -> Callable[..., AnnData]:
    """The function that reads a source format."""
    from stbench.data.loaders import (
        bass,
        ctcm,
        dlpfc_list,
        features,
        gridded_spots,
        h5ad,
        her2st,
        loom,
        seqfish,
        seurat_rda,
        starmap_csv,
        starmap_rds,
        tenx,
        visium_lists,
        visium_regions,
    )

    modules = (
        bass,
        ctcm,
        dlpfc_list,
        features,
        gridded_spots,
        h5ad,
        her2st,
        loom,
        seqfish,
        seurat_rda,
        starmap_csv,
        starmap_rds,
        tenx,
        visium_lists,
        visium_regions,
    )
    return {module.__name__.rpartition(".")[2]: module.load for module in modules}[name]


def load(name: str, raw: Path, options: Mapping[str, Any]) -> AnnData:
    """Read a dataset's raw files.

    Args:
        name: the format, a module of this package.
        raw: folder with the files.
        options: arguments of that module's ``load``.

    Raises:
        InputError: the files do not have the format.
        OSError: an error of the machine, not of the files.
    """
    fault = f"{raw}: its files cannot be read as {name}"
    return read_or_refuse(lambda: loader(name)(raw, **options), fault, "download them again")
