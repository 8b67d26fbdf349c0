"""Tissues for the methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stbench.common.errors import InputError
from stbench.data import preprocessing
from stbench.data.validation import checked_coordinates, checked_matrix

if TYPE_CHECKING:
    from anndata import AnnData


def preprocess(adata: AnnData) -> AnnData:
    """Preprocess a tissue as the benchmark does, without the truth.

    Args:
        adata: ``X`` (n_cells, n_genes), ``obsm['spatial']`` (n_cells, 2) and ``uns['dataset']``
            with its ``kind`` (``counts``, ``intensities`` or ``features``) and, optionally, its
            settings ``hvg``, ``filter_cell`` and ``norm_target``. It is not changed.

    Returns:
        The same cells and genes; see ``stbench.data.preprocessing.preprocess``.

    Raises:
        InputError: values or positions are missing, not finite or not of this kind.
    """
    facts = adata.uns.get("dataset", {})
    name = str(facts.get("id", "preprocess"))
    if "spatial" not in adata.obsm:
        raise InputError(f"{name}: obsm['spatial'] is missing; it holds the positions of cells")
    checked = adata.copy()
    checked.X = checked_matrix(adata.X, facts.get("kind", "counts"), name)
    checked.obsm["spatial"] = checked_coordinates(adata.obsm["spatial"], adata.n_obs, name)
    return preprocessing.preprocess(checked)
