"""RASP: randomized principal components, averaged over near cells by inverse distances (Gingerich
et al., PLOS Computational Biology 2025), re-implemented: importing the package compiles a palette
of colors for 12 s.

The components are those of log-normalized variable genes. The authors choose neighborhoods by the
size of what is looked for: for regions of single cells 50 neighbors, for Visium 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from stbench.common.errors import InputError
from stbench.fitting.interface import Fit, Recorder
from stbench.fitting.raw_input import need_above_zero, need_cells
from stbench.graphs.neighbors import knn

PLATFORMS = ("cells", "visium")
_CUT = 99.0  # percentile of all distances; longer links are left out


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """Smoothed components, (n, at most ``n_components``). The number of domains is not used.

    Raises:
        InputError: a parameter is invalid.
        NotApplicableError: too few cells.
    """
    from sklearn.decomposition import PCA

    need_above_zero("rasp", params, ("n_components", "n_neighbors"))
    n_neighbors, platform = int(params["n_neighbors"]), params["platform"]
    need_cells(adata.n_obs, n_neighbors, f"takes {n_neighbors} neighbors")
    if platform not in PLATFORMS:
        raise InputError(f"rasp: platform is {platform!r}: must be {', '.join(PLATFORMS)}")
    chosen = adata.X[:, adata.var["highly_variable"].to_numpy()]
    values = chosen.toarray() if sp.issparse(chosen) else np.asarray(chosen)
    n_components = min(int(params["n_components"]), *values.shape)
    components = PCA(n_components, svd_solver="randomized", random_state=seed).fit_transform(values)
    own = 0.5 if platform == "visium" else 1.0
    weights = inverse_distances(adata.obsm["spatial"], n_neighbors, float(params["beta"]), own)
    return Fit(embedding=weights @ components, info={"genes": values.shape[1]})


def inverse_distances(
    coords: np.ndarray, n_neighbors: int, beta: float, own: float
) -> sp.csr_matrix:
    """Weights (n, n) of near cells, each row with sum 1, except that of a cell without neighbors.

    Args:
        coords: (n, 2) positions.
        n_neighbors: number of nearest cells, the cell itself included.
        beta: power of the inverse distances.
        own: distance at which a cell counts itself, in units of the smallest distance of all that
            is not zero. Cells at the same position do not count.
    """
    distances, indices = knn(coords, n_neighbors - 1)
    n, k = indices.shape
    of_all = np.append(distances.ravel(), np.zeros(n))  # of a cell to itself, too
    near = (distances > 0) & (distances <= np.percentile(of_all, _CUT))
    shortest = distances[near].min(initial=np.inf)
    shortest = shortest if np.isfinite(shortest) else 1.0
    scaled = distances / shortest
    weights = np.power(scaled, -beta, where=near, out=np.zeros_like(scaled))
    graph = sp.csr_matrix((weights.ravel(), indices.ravel(), k * np.arange(n + 1)), (n, n))
    graph = graph + own**-beta * sp.identity(n)
    return sp.diags_array(1 / np.asarray(graph.sum(axis=1)).ravel()) @ graph
