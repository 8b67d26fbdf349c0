"""A tissue whose interactions are known, as simulators and own files provide them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from stbench.common.errors import InputError

NO_TRUTH = "no planted interactions; the true interactions of real tissue are not known"
NO_TRIPLES = "the types and genes of the interactions are not known"


@dataclass(frozen=True)
class Tissue:
    """A dataset: its truth and the input of the methods.

    Attributes:
        name: id of the dataset.
        missing: why the dataset is not available; empty if it is.
        cells: (n,) names.
        coords: (n, 2) positions.
        expression: (n, genes) log-normalized.
        components: (n, d) principal components.
        genes: (genes,) names.
        types: (n,) names of cell types, empty where a cell has none; None if not known.
        interactions: ``obsp['true_interactions']``, None if the truth is not known.
        triples: ``uns['true_triples']``, None if types and genes of the interactions are not known.
    """

    name: str
    missing: str
    cells: np.ndarray
    coords: np.ndarray
    expression: Any
    components: np.ndarray
    genes: np.ndarray
    types: np.ndarray | None = None
    interactions: sp.spmatrix | None = None
    triples: Mapping[str, Any] | None = None


def read_tissue(data: Path, preprocessed: Path) -> Tissue:
    """Read a dataset with its truth, if it has one, and the input of the methods.

    Raises:
        InputError: a file is missing or broken, or the two are of different cells.
    """
    from stbench.common.h5ad import read_elements
    from stbench.common.io import read_h5ad

    places = ("obs/celltype", "obsp/true_interactions", "uns/true_triples", "uns/dataset")
    truth = read_elements(data, *places)
    inputs = read_h5ad(preprocessed)
    if not np.array_equal(truth["cells"], inputs.obs_names.to_numpy()):
        raise InputError(f"{preprocessed}: its cells are not those of {data}; preprocess again")
    dataset = truth["uns/dataset"]
    failed = [facts for facts in (dataset, inputs.uns["dataset"]) if facts["status"] != "ok"]
    missing = str(failed[0]["reason"]) if failed else ""
    types = truth.get("obs/celltype")
    return Tissue(
        name=str(dataset["id"]),
        missing=missing,
        cells=truth["cells"],
        coords=np.empty((0, 2)) if missing else inputs.obsm["spatial"],
        expression=inputs.X,
        components=np.empty((0, 0)) if missing else inputs.obsm["X_pca"],
        genes=inputs.var_names.to_numpy(),
        types=None if types is None else _names(types),
        interactions=truth.get("obsp/true_interactions"),
        triples=truth.get("uns/true_triples"),
    )


def _names(types: Any) -> np.ndarray:
    """Names of types, (n,), empty for a cell without one."""
    import pandas as pd

    return pd.Series(np.asarray(types, dtype=object)).fillna("").to_numpy(dtype=object)
