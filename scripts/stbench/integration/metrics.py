"""Mixing of sections and conservation of domains in one embedding, computed by scib-metrics.

Every metric takes the embedding (n_cells, d), the section of each cell (n_cells,) as codes from 0
and its true domain (n_cells,) as codes from 0, -1 = not known, and returns a number from 0 to 1;
higher is better. Definitions and scales are those of Luecken et al. (Nature Methods 2022,
"Benchmarking atlas-level data integration in single-cell genomics") as scib-metrics computes them
(https://scib-metrics.readthedocs.io), with two exceptions: neighbors are exact, not approximate,
and cells without a true domain are excluded from metrics that use domains. Values beyond the ends
of the scale due to rounding are clipped.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stbench.common.constants import NO_TRUTH
from stbench.common.metric import Metric, by_name

LISI_NEIGHBORS, GRAPH_NEIGHBORS = 90, 15  # as in scib-metrics, including the cell itself
ONE_SECTION = "one section only"
FEWEST_CELLS = 6  # with fewer cells, neighborhoods are not meaningful


def ilisi(embedding: np.ndarray, section: np.ndarray, domain: np.ndarray) -> float:
    """Number of sections among the neighbors of a cell: 0 for one, 1 for all in equal shares.

    The median over cells of the inverse Simpson index (Korsunsky et al., Nature Methods 2019) minus
    one, divided by the number of sections minus one. Sections of different size cannot reach 1.
    """
    import scib_metrics

    return _bounded(scib_metrics.ilisi_knn(_neighbors(embedding, LISI_NEIGHBORS), section))


def clisi(embedding: np.ndarray, section: np.ndarray, domain: np.ndarray) -> float:
    """Number of domains among the neighbors of a cell: 1 for one, 0 for all in equal shares."""
    import scib_metrics

    labeled = domain >= 0
    result = _neighbors(embedding[labeled], LISI_NEIGHBORS)
    return _bounded(scib_metrics.clisi_knn(result, domain[labeled]))


def asw_batch(embedding: np.ndarray, section: np.ndarray, domain: np.ndarray) -> float:
    """Silhouette of sections within each domain: 1 if they overlap, 0 if they are separated.

    One minus the absolute silhouette width, averaged over the cells of a domain, then over domains.
    Domains in a single section have no such width and are excluded.
    """
    import scib_metrics

    kept = np.isin(domain, shared_domains(section, domain))
    width = scib_metrics.silhouette_batch(
        embedding[kept].astype(np.float32), domain[kept], section[kept]
    )
    return _bounded(width)


def graph_connectivity(embedding: np.ndarray, section: np.ndarray, domain: np.ndarray) -> float:
    """Whether the cells of a domain are connected in the graph of nearest neighbors.

    The mean over domains of the share of cells in the largest strongly connected component.
    """
    import scib_metrics

    labeled = domain >= 0
    result = _neighbors(embedding[labeled], GRAPH_NEIGHBORS)
    return _bounded(scib_metrics.graph_connectivity(result, domain[labeled]))


def undefined(metric: str, section: np.ndarray, domain: np.ndarray) -> str:
    """Why a metric is not defined for these cells; empty if it is defined."""
    labeled = domain >= 0
    counted = len(domain) if metric == "iLISI" else int(labeled.sum())
    if len(np.unique(section)) < 2:
        return ONE_SECTION
    if not counted:
        return NO_TRUTH
    if counted < FEWEST_CELLS:
        return f"{counted} cells are too few"
    if metric == "cLISI" and len(np.unique(domain[labeled])) < 2:
        return "a single domain"
    if metric == "ASW_batch" and not len(shared_domains(section, domain)):
        return "no domain is in two sections"
    return ""


def note(metric: str, section: np.ndarray, domain: np.ndarray) -> str:
    """A note on excluded cells or changed settings of a metric; usually empty."""
    labeled = domain >= 0
    counted = len(domain) if metric == "iLISI" else int(labeled.sum())
    notes = []
    if counted < len(domain):
        notes.append(f"{len(domain) - counted} of {len(domain)} cells have no true domain")
    if metric == "ASW_batch":
        domains, shared = len(np.unique(domain[labeled])), len(shared_domains(section, domain))
        if shared < domains:
            notes.append(f"{domains - shared} of {domains} domains are in one section only")
    wanted = {"iLISI": LISI_NEIGHBORS, "cLISI": LISI_NEIGHBORS}.get(metric, GRAPH_NEIGHBORS)
    if metric != "ASW_batch" and counted < wanted:
        notes.append(f"{counted} neighbors instead of {wanted}")
    return "; ".join(notes)


def shared_domains(section: np.ndarray, domain: np.ndarray) -> np.ndarray:
    """Domains, ascending, that have a silhouette of sections.

    They are in at least two sections, and at least one of these has two of their cells.
    """
    labeled = domain >= 0
    pairs, cells = np.unique(
        np.column_stack([domain[labeled], section[labeled]]), axis=0, return_counts=True
    )
    domains = np.unique(pairs[:, 0])
    result = [
        one
        for one in domains
        if (pairs[:, 0] == one).sum() > 1 and cells[pairs[:, 0] == one].max() > 1
    ]
    return np.array(result, dtype=domains.dtype)


def _neighbors(embedding: np.ndarray, number: int) -> Any:
    """Each cell and its nearest others, nearest first, in the format of scib-metrics."""
    from scib_metrics.nearest_neighbors import NeighborsResults
    from sklearn.neighbors import NearestNeighbors

    n = len(embedding)
    others = min(number, n) - 1
    search = NearestNeighbors(n_neighbors=others).fit(np.asarray(embedding, np.float64))
    distances, indices = search.kneighbors()  # excludes the cells themselves
    return NeighborsResults(
        indices=np.column_stack([np.arange(n), indices]),
        distances=np.column_stack([np.zeros(n), distances]),
    )


def _bounded(value: float) -> float:
    return float(np.clip(value, 0.0, 1.0))


_LUECKEN = "Luecken et al., Nature Methods 2022"
# Arguments: embedding (n_cells, d), sections and true domains (n_cells,).
METRICS = by_name(
    Metric("iLISI", "iLISI of sections", ilisi, _LUECKEN),
    Metric("ASW_batch", "silhouette of sections", asw_batch, _LUECKEN),
    Metric("graph_connectivity", "graph connectivity", graph_connectivity, _LUECKEN),
    Metric("cLISI", "cLISI of domains", clisi, _LUECKEN),
)
