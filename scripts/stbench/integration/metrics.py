"""Mixing of sections and keeping of domains in one embedding, computed by scib-metrics.

Every metric takes the embedding (n_cells, d), the section of each cell (n_cells,) as codes from 0
and its true domain (n_cells,) as codes from 0, -1 = not known, and gives a number from 0 to 1, the
higher the better. Definitions and scales are those of Luecken et al. (Nature Methods 2022,
"Benchmarking atlas-level data integration in single-cell genomics") as scib-metrics computes them
(https://scib-metrics.readthedocs.io), with two exceptions: neighbours are exact, not approximate,
and cells without a true domain are left out of all that asks for domains. Rounding beyond the ends
of the scale is cut off.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stbench.common.constants import NO_TRUTH
from stbench.common.metric import Metric, by_name

LISI_NEIGHBOURS, GRAPH_NEIGHBOURS = 90, 15  # those of scib-metrics, the cell itself among them
ONE_SECTION = "one section only"
FEWEST_CELLS = 6  # below, a neighbourhood is no neighbourhood


def ilisi(embedding: np.ndarray, section: np.ndarray, domain: np.ndarray) -> float:
    """How many sections there are among a cell's neighbours: 0 for one, 1 for all in equal parts.

    The median over cells of the inverse Simpson index (Korsunsky et al., Nature Methods 2019), less
    one, over the number of sections less one. Where sections differ in size 1 cannot be reached.
    """
    import scib_metrics

    return _bounded(scib_metrics.ilisi_knn(_neighbours(embedding, LISI_NEIGHBOURS), section))


def clisi(embedding: np.ndarray, section: np.ndarray, domain: np.ndarray) -> float:
    """How many domains there are among a cell's neighbours: 1 for one, 0 for all in equal parts."""
    import scib_metrics

    known = domain >= 0
    found = _neighbours(embedding[known], LISI_NEIGHBOURS)
    return _bounded(scib_metrics.clisi_knn(found, domain[known]))


def asw_batch(embedding: np.ndarray, section: np.ndarray, domain: np.ndarray) -> float:
    """Silhouette of sections within each domain: 1 where they overlap, 0 where they lie apart.

    One less the absolute silhouette width, averaged over the cells of a domain, then over domains.
    Domains that occur in one section only have no such width and are left out.
    """
    import scib_metrics

    kept = np.isin(domain, shared_domains(section, domain))
    width = scib_metrics.silhouette_batch(
        embedding[kept].astype(np.float32), domain[kept], section[kept]
    )
    return _bounded(width)


def graph_connectivity(embedding: np.ndarray, section: np.ndarray, domain: np.ndarray) -> float:
    """Whether the cells of a domain hang together in the graph of nearest neighbours.

    The share of a domain's cells in its largest strongly connected part, averaged over domains.
    """
    import scib_metrics

    known = domain >= 0
    found = _neighbours(embedding[known], GRAPH_NEIGHBOURS)
    return _bounded(scib_metrics.graph_connectivity(found, domain[known]))


def undefined(metric: str, section: np.ndarray, domain: np.ndarray) -> str:
    """Why a metric is not defined for these cells; empty where it is."""
    known = domain >= 0
    counted = len(domain) if metric == "iLISI" else int(known.sum())
    if len(np.unique(section)) < 2:
        return ONE_SECTION
    if not counted:
        return NO_TRUTH
    if counted < FEWEST_CELLS:
        return f"{counted} cells are too few"
    if metric == "cLISI" and len(np.unique(domain[known])) < 2:
        return "a single domain"
    if metric == "ASW_batch" and not len(shared_domains(section, domain)):
        return "no domain lies in two sections"
    return ""


def note(metric: str, section: np.ndarray, domain: np.ndarray) -> str:
    """What was left out of a metric, or done otherwise; mostly nothing."""
    known = domain >= 0
    counted = len(domain) if metric == "iLISI" else int(known.sum())
    told = []
    if counted < len(domain):
        told.append(f"{len(domain) - counted} of {len(domain)} cells have no true domain")
    if metric == "ASW_batch":
        domains, shared = len(np.unique(domain[known])), len(shared_domains(section, domain))
        if shared < domains:
            told.append(f"{domains - shared} of {domains} domains lie in one section")
    wanted = {"iLISI": LISI_NEIGHBOURS, "cLISI": LISI_NEIGHBOURS}.get(metric, GRAPH_NEIGHBOURS)
    if metric != "ASW_batch" and counted < wanted:
        told.append(f"{counted} neighbours, not {wanted}")
    return "; ".join(told)


def shared_domains(section: np.ndarray, domain: np.ndarray) -> np.ndarray:
    """Domains, ascending, that have a silhouette of sections.

    They lie in two sections at least, and one of these has two of their cells at least.
    """
    known = domain >= 0
    pairs, cells = np.unique(
        np.column_stack([domain[known], section[known]]), axis=0, return_counts=True
    )
    domains = np.unique(pairs[:, 0])
    found = [
        one
        for one in domains
        if (pairs[:, 0] == one).sum() > 1 and cells[pairs[:, 0] == one].max() > 1
    ]
    return np.array(found, dtype=domains.dtype)


def _neighbours(embedding: np.ndarray, number: int) -> Any:
    """Each cell and its nearest others, nearest first, as scib-metrics takes them."""
    from scib_metrics.nearest_neighbors import NeighborsResults
    from sklearn.neighbors import NearestNeighbors

    n = len(embedding)
    others = min(number, n) - 1
    search = NearestNeighbors(n_neighbors=others).fit(np.asarray(embedding, np.float64))
    distances, indices = search.kneighbors()  # of the cells themselves, which do not count
    return NeighborsResults(
        indices=np.column_stack([np.arange(n), indices]),
        distances=np.column_stack([np.zeros(n), distances]),
    )


def _bounded(value: float) -> float:
    return float(np.clip(value, 0.0, 1.0))


_LUECKEN = "Luecken et al., Nature Methods 2022"
# They take the embedding (n_cells, d), the sections and the true domains (n_cells,).
METRICS = by_name(
    Metric("iLISI", "iLISI of sections", ilisi, _LUECKEN),
    Metric("ASW_batch", "silhouette of sections", asw_batch, _LUECKEN),
    Metric("graph_connectivity", "graph connectivity", graph_connectivity, _LUECKEN),
    Metric("cLISI", "cLISI of domains", clisi, _LUECKEN),
)
