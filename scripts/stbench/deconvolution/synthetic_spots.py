"""Spots with true composition: single cells on a grid, their counts summed per square."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from stbench.deconvolution.proportions import from_counts

if TYPE_CHECKING:
    from anndata import AnnData


def squares(
    coords: np.ndarray, side: float, corner: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The square of each cell; squares without cells are left out.

    Args:
        coords: (n, 2).
        side: of a square, in the unit of the coordinates.
        corner: (2,) origin of the grid; None: the smallest coordinates.

    Returns:
        (n,) indices of squares from 0 without gaps, and (squares, 2) centers.
    """
    corner = coords.min(axis=0) if corner is None else corner
    places = np.floor((coords - corner) / side).astype(int)
    corners, square = np.unique(places, axis=0, return_inverse=True)
    return square.ravel(), corner + (corners + 0.5) * side


def grid_cells(
    cells: AnnData, side: float, corner: np.ndarray | None = None
) -> tuple[AnnData, pd.DataFrame]:
    """Spots, and the proportions of the types of ``obs['celltype']`` among their cells.

    ``side`` and ``corner``: see ``squares``.
    """
    from anndata import AnnData

    square, centers = squares(np.asarray(cells.obsm["spatial"]), side, corner)
    n = len(centers)
    belongs = sp.csr_matrix((np.ones(len(square)), (square, np.arange(len(square)))))
    names = pd.Index([f"spot{i + 1}" for i in range(n)])
    spots = AnnData(
        sp.csr_matrix(belongs @ cells.X, dtype=np.float32),
        obs=pd.DataFrame(index=names),
        var=cells.var[[]].copy(),
        obsm={"spatial": centers},
    )
    types = cells.obs["celltype"].cat
    counted = np.zeros((n, len(types.categories)))
    np.add.at(counted, (square, types.codes.to_numpy()), 1)
    return spots, from_counts(pd.DataFrame(counted, names, types.categories), "gridded cells")


def held_out_halves(tissue: AnnData, seed: int) -> tuple[AnnData, AnnData]:
    """Two random halves of a tissue's cells: one for the spots, one for the reference.

    No cell is in both, so that a method cannot recognize cells of its reference.
    """
    rng = np.random.default_rng([seed, 2])  # the tissue itself draws from [seed] and [seed, 1]
    order: Any = rng.permutation(tissue.n_obs)
    half = tissue.n_obs // 2
    return tissue[np.sort(order[:half])].copy(), tissue[np.sort(order[half:])].copy()
