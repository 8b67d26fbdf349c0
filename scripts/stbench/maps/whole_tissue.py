"""All cells of a tissue as the user knows them, also those that the pipeline left out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.common.io import read_h5ad
from stbench.data.own_files import read_own

if TYPE_CHECKING:
    from anndata import AnnData


def whole_tissue(data: Path, section: Mapping[str, Any] | None) -> AnnData:
    """The file of a section of the user; for any other dataset, the dataset itself.

    Args:
        data: the dataset (.h5ad).
        section: the user's description of it, with ``path``; None: not a section of the user.

    Returns:
        X, obs and var as in the file, ``obsm['spatial']`` (n, 2), and of a section of the user the
        reasons of ``read_own`` in ``obs['left_out']`` and ``var['left_out']``.

    Raises:
        InputError: a file is missing or not readable.
    """
    if section is None:
        return read_h5ad(data)
    return read_own(Path(section["path"]).expanduser(), section)
