"""The part of a dataset that clustering uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stbench.clustering.epochs import refine_rows
from stbench.common.errors import InputError
from stbench.common.h5ad import read_elements
from stbench.graphs.neighbors import knn


@dataclass(frozen=True)
class Tissue:
    """The part of a dataset that clustering uses.

    Attributes:
        cells: names of the cells.
        n_domains: numbers of domains, ascending; empty if the dataset is not available.
        coords: (n_cells, 2) positions.
        components: (n_cells, d) principal components.
        neighbors: (n_cells, k) cells whose majority refines a label; None: no refinement.
        nearest_wins: how the method breaks ties; see ``majority``.
    """

    cells: Sequence[str]
    n_domains: list[int]
    coords: np.ndarray
    components: np.ndarray
    neighbors: np.ndarray | None = None
    nearest_wins: bool = False

    def refine(self, rows: np.ndarray) -> np.ndarray:
        """Labels (n_labelings, n_cells), refined in place where there are neighbors for it."""
        if self.neighbors is not None:
            refine_rows(rows, self.neighbors, self.nearest_wins)
        return rows


def read_tissue(path: str | Path, refine: int = 0) -> Tissue:
    """Read the part of a preprocessed dataset that clustering uses.

    Args:
        path: the preprocessed dataset.
        refine: number of neighbors that refine labels; 0: none.

    Raises:
        InputError: the file is missing, broken or not a preprocessed dataset.
    """
    data = read_elements(path, "obsm/spatial", "obsm/X_pca", "uns/dataset")
    dataset = data.get("uns/dataset", {})
    if dataset.get("status") == "error":
        return Tissue(data["cells"], [], np.empty((0, 2)), np.empty((0, 0)))
    if "n_domains" not in dataset or not {"obsm/spatial", "obsm/X_pca"} <= data.keys():
        raise InputError(
            f"{path}: not a preprocessed dataset; create it with scripts/preprocess.py"
        )
    return Tissue(
        cells=data["cells"],
        n_domains=np.unique(dataset["n_domains"]).astype(int).tolist(),
        coords=data["obsm/spatial"],
        components=data["obsm/X_pca"],
        neighbors=knn(data["obsm/spatial"], refine)[1] if refine else None,
    )
