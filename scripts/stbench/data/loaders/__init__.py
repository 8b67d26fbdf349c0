"""One module per source format; each has ``load(raw, **options) -> AnnData``.

The AnnData holds ``X`` (cells x genes, as published), ``obsm['spatial']`` (n, 2), and where known
``obs['cluster']`` (true domain, missing where there is none) and ``obs['celltype']``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.common.errors import InputError, is_machine_fault, one_line

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
        InputError: the files are not what the format says.
        OSError: the machine is at fault.
    """
    try:
        return loader(name)(raw, **options)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # a broken file makes the parsers raise anything
        if is_machine_fault(error):
            raise
        raise InputError(
            f"{raw}: its files cannot be read as {name} ({type(error).__name__}: "
            f"{one_line(error)[:200]}); download them again"
        ) from error
