"""One labeling from many, for example of all training seeds. The truth is never used here.

The rule is fixed and has no settings. For a method, the labelings are those of k-means on the last
third of the epochs of all training seeds, or 20 starts of k-means for each seed without epochs
(``stbench.clustering.stage`` collects them); ``stbench.maps.consensus`` joins those of several
methods. They are joined by the accumulation of evidence of Fred and Jain (IEEE TPAMI 2005): average
linkage of the co-association matrix.
"""

from __future__ import annotations

import numpy as np

from stbench.common.errors import InputError, NotApplicableError

# The distances between 20 000 cells need 1.6 GB, and the linkage copies them once.
MAX_CELLS = 20_000
STARTS = range(20)  # seeds of k-means on an embedding without epochs


def last_third(epochs: np.ndarray) -> np.ndarray:
    """Which recorded epochs (ascending, 0 = untrained) are in the last third of the training."""
    return 3 * epochs > 2 * epochs[-1]


def consensus_labels(
    labelings: np.ndarray, n_domains: int, weights: np.ndarray | None = None
) -> np.ndarray:
    """Cut the average linkage of cells; their distance is the share of labelings that part them.

    Args:
        labelings: (n_labelings, n_cells) integers; the names of labels do not matter.
        n_domains: wanted number of domains, from 1 to n_cells.
        weights: (n_labelings,) positive weights of the labelings; None: equal weights.

    Returns:
        (n_cells,) int16 from 0 without gaps.

    Raises:
        InputError: a number of domains that the cells cannot have.
        NotApplicableError: there are more than ``MAX_CELLS`` cells.
    """
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import pdist

    labelings = np.asarray(labelings)
    n_cells = labelings.shape[1]
    if not 1 <= n_domains <= max(n_cells, 1):
        raise InputError(f"n_domains: {n_domains} of {n_cells} cells; use 1 to {n_cells}")
    if n_cells > MAX_CELLS:
        raise NotApplicableError(
            f"{n_cells} cells: a consensus compares all pairs of at most {MAX_CELLS} cells"
        )
    if n_cells < 2:
        return np.zeros(n_cells, np.int16)
    distances = pdist(np.ascontiguousarray(labelings.T, dtype=np.float64), "hamming", w=weights)
    return _cut(linkage(distances, "average"), n_domains)


def _cut(tree: np.ndarray, n_domains: int) -> np.ndarray:
    """Exactly ``n_domains`` clusters of a linkage, also where merges have the same height."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n_cells = len(tree) + 1
    merged = tree[: n_cells - n_domains, :2].astype(int)
    parents = n_cells + np.arange(len(merged))
    edges = (np.ones(merged.size), (merged.T.ravel(), np.tile(parents, 2)))
    graph = coo_array(edges, shape=(2 * n_cells, 2 * n_cells))
    components = connected_components(graph, directed=False)[1][:n_cells]
    return np.unique(components, return_inverse=True)[1].astype(np.int16)
