"""Smoothness of domains in space. These metrics need no true labels.

Definitions: CHAOS and PAS of Shang and Zhou (SpatialPCA, Nature Communications 2022), ASW on the
spatial distances as in SDMBench (Yuan et al., Nature Methods 2024). No n x n matrix is stored:
neighbors come from a k-d tree, and the silhouette is computed in blocks of rows. Its time grows
with the square of the number of cells, so in large tissues it is the mean over a sample of cells.
"""

from __future__ import annotations

import math

import numpy as np

from stbench.common.metric import Metric, by_name
from stbench.graphs.neighbors import knn

_PAS_NEIGHBORS = 10
_BLOCK_ENTRIES = 8_000_000  # distances in memory at once: 64 MB
ASW_OF_ALL = 20_000  # cells; of larger tissues a sample
ASW_SAMPLE = 10_000  # cells: a standard error below .01, as silhouettes are from -1 to 1


def chaos(coords: np.ndarray, labels: np.ndarray) -> float:
    """Mean distance to the nearest other cell of the same domain; lower is smoother.

    Each coordinate is first scaled to mean 0 and standard deviation 1. Domains of one or two cells
    do not contribute to the sum, which is divided by the number of all cells.

    Args:
        coords: (n_cells, 2).
        labels: (n_cells,).
    """
    spread = coords.std(axis=0)
    scaled = (coords - coords.mean(axis=0)) / np.where(spread > 0, spread, 1)
    total = 0.0
    for label in np.unique(labels):
        cells = scaled[labels == label]
        if len(cells) > 2:
            total += knn(cells, 1)[0].sum()
    return total / len(labels)


def pas(coords: np.ndarray, labels: np.ndarray) -> float:
    """Share of cells with more than half of their 10 nearest other cells in another domain.

    Lower is smoother. With fewer than 11 cells, all other cells are the neighbors.
    """
    return _pas(knn(coords, _PAS_NEIGHBORS)[1], labels)


def asw(coords: np.ndarray, labels: np.ndarray) -> float:
    """Mean silhouette width of the domains on Euclidean distances in space, from -1 to 1.

    It is exact up to ``ASW_OF_ALL`` cells, and above the mean of ``ASW_SAMPLE`` random cells, each
    with its distances to all cells. A cell that is alone in its domain counts as 0. NaN if there is
    a single domain, or a domain for each cell.
    """
    return float(_asw(coords, labels[None])[0])


def spatial_scores(coords: np.ndarray, labelings: np.ndarray) -> dict[str, np.ndarray]:
    """CHAOS, PAS and ASW of many labelings, with the distances computed once.

    Args:
        coords: (n_cells, 2).
        labelings: (n_labelings, n_cells).

    Returns:
        (n_labelings,) by metric.
    """
    neighbors = knn(coords, _PAS_NEIGHBORS)[1]
    return {
        "CHAOS": np.array([chaos(coords, labels) for labels in labelings]),
        "PAS": np.array([_pas(neighbors, labels) for labels in labelings]),
        "ASW": _asw(coords, labelings),
    }


def _pas(neighbors: np.ndarray, labels: np.ndarray) -> float:
    others = (labels[neighbors] != labels[:, None]).sum(axis=1)
    return float((others > neighbors.shape[1] / 2).mean())


def _asw(coords: np.ndarray, labelings: np.ndarray) -> np.ndarray:
    """Mean silhouettes (n_labelings,) from sums of distances to every domain of every labeling."""
    from scipy.spatial.distance import cdist

    coords = np.ascontiguousarray(coords, dtype=np.float64)
    n_cells = len(coords)
    codes = [np.unique(labels, return_inverse=True)[1] for labels in labelings]
    sizes = [np.bincount(code) for code in codes]
    first = np.cumsum([0, *map(len, sizes)])
    members = np.zeros((n_cells, first[-1]))
    for code, start in zip(codes, first[:-1], strict=True):
        members[np.arange(n_cells), start + code] = 1
    totals = np.zeros(len(labelings))
    measured = np.arange(n_cells)
    if n_cells > ASW_OF_ALL:
        measured = np.random.default_rng(0).choice(n_cells, ASW_SAMPLE, replace=False)
    rows_at_once = min(len(measured), max(1, _BLOCK_ENTRIES // n_cells))
    # Reused, because allocating it takes as long as the distances.
    block = np.empty((rows_at_once, n_cells))
    for begin in range(0, len(measured), rows_at_once):
        rows = measured[begin : begin + rows_at_once]
        some = coords[rows]
        sums = cdist(some, coords, out=block[: len(some)]) @ members
        for i, (code, size) in enumerate(zip(codes, sizes, strict=True)):
            totals[i] += _silhouettes(sums[:, first[i] : first[i + 1]], code[rows], size).sum()
    defined = np.array([1 < len(size) < n_cells for size in sizes])
    return np.where(defined, totals / len(measured), np.nan)


def _silhouettes(sums: np.ndarray, codes: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Silhouettes of some cells from their summed distances (cells, domains) to each domain."""
    own = np.arange(len(codes)), codes
    within = sums[own] / np.maximum(sizes[codes] - 1, 1)
    means = sums / sizes
    means[own] = np.inf
    between = means.min(axis=1)
    larger = np.maximum(within, between)
    defined = (sizes[codes] > 1) & (larger > 0) & np.isfinite(between)
    widths = np.zeros(len(codes))
    widths[defined] = (between[defined] - within[defined]) / larger[defined]
    return widths


SMOOTHNESS_NOTE = (
    "CHAOS, PAS and ASW measure smoothness, not agreement with the true domains: on all tissues of "
    "the default run they rank the control `coordinates` above the jittered truth."
)
_SHANG = "Shang and Zhou, Nature Communications 2022"
# Arguments: positions (n_cells, 2) and labels (n_cells,).
SPATIAL_METRICS = by_name(
    Metric("CHAOS", "CHAOS", chaos, _SHANG, higher_is_better=False, high=math.inf),
    Metric("PAS", "PAS", pas, _SHANG, higher_is_better=False),
    Metric("ASW", "ASW", asw, "Yuan et al., Nature Methods 2024", low=-1),
)
