"""What is known of each shipped tissue: technology, size, and how its true domains are laid out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from stbench.common.h5ad import read_elements
from stbench.config.benchmark import Benchmark
from stbench.config.layout import Layout
from stbench.graphs.neighbors import knn
from stbench.results.aggregates import final_rows

LAYERED, PATCHY = "layered", "patchy"
LAYERED_FROM = 0.75  # of ``layer_share``; patches of four and more domains are below
# Technologies whose observations are spots (beads, bins), and those that image single cells.
SPOTS = (
    *("10x Visium", "10x Visium HD", "Spatial Transcriptomics", "Curio Seeker", "DBiT-seq"),
    *("Slide-seq", "Slide-seqV2", "Stereo-seq"),
)
IMAGING = (
    *("STARmap", "STARmap PLUS", "MERFISH", "MERSCOPE", "osmFISH", "seqFISH", "seqFISH+"),
    *("CosMx", "ISS", "Molecular Cartography", "Xenium"),
)
_TUMOR = re.compile("cancer|tumor|carcinoma|melanoma", re.IGNORECASE)
FACTS = ("technology", "tumor", "cells", "same_label", "in_layers")
_NEIGHBORS = 6


def measured_facts(benchmark: Benchmark, layout: Layout, dataset: str) -> dict[str, Any]:
    """``FACTS`` of a prepared dataset, for the manifest; those of labels are None without them."""
    data = read_elements(layout.data(dataset), "obs/cluster", "obsm/spatial")
    of_labels: dict[str, float | None] = {"same_label": None, "in_layers": None}
    if "obs/cluster" in data:
        codes = pd.Categorical(data["obs/cluster"]).codes
        for name, share in (("same_label", same_label_share), ("in_layers", layer_share)):
            value = share(data["obsm/spatial"], codes)
            of_labels[name] = None if np.isnan(value) else round(value, 4)
    entry = benchmark.datasets[dataset]
    return {
        "technology": entry["technology"],
        "tumor": bool(_TUMOR.search(entry["title"])) if entry.get("title") else None,
        "cells": len(data["cells"]),
        **of_labels,
    }


def same_label_share(coords: np.ndarray, codes: np.ndarray) -> float:
    """Mean share of the 6 nearest labeled cells that have the same true label.

    Args:
        coords: (n_cells, 2).
        codes: (n_cells,) of the true domains, -1: unknown; such cells are left out.
    """
    own, others = _neighboring(coords, codes)
    return float((own == others).mean())


def layer_share(coords: np.ndarray, codes: np.ndarray) -> float:
    """How much the true domains are layers: the share of borders between domains next in order.

    Layers, whether straight, curved or rings, touch the one before and the one after, so one order
    of the domains explains all borders. The order is that of the Fiedler vector of the matrix of
    borders (Atkins, Boman and Hendrickson 1998), of each connected part of the tissue; a border is
    a pair of neighboring cells, of the 6 nearest, in different domains.

    Args:
        coords: (n_cells, 2).
        codes: (n_cells,) of the true domains, -1: unknown; such cells are left out.

    Returns:
        The share beyond 2 / number of domains, which is that of domains that all touch each other
        equally often: 0 for those, 1 for layers. NaN for fewer than three domains or if none touch.
    """
    own, others = _neighboring(coords, codes)
    values, places = np.unique(np.concatenate([own, others]), return_inverse=True)
    borders = np.zeros((len(values), len(values)))
    np.add.at(borders, tuple(places.reshape(2, -1)), 1)
    borders += borders.T
    np.fill_diagonal(borders, 0)
    n = len(values)
    if n < 3 or not borders.any():
        return np.nan
    parts, part = connected_components(sp.csr_matrix(borders))
    order = np.concatenate([_in_order(borders, np.flatnonzero(part == i)) for i in range(parts)])
    share = 2 * borders[order[:-1], order[1:]].sum() / borders.sum()
    return float((share - 2 / n) / (1 - 2 / n))


def _in_order(borders: np.ndarray, part: np.ndarray) -> np.ndarray:
    """The domains of a connected part, by the Fiedler vector of their borders."""
    if len(part) < 3:
        return part
    own = borders[np.ix_(part, part)]
    return part[np.argsort(np.linalg.eigh(np.diag(own.sum(axis=0)) - own)[1][:, 1])]


def _neighboring(coords: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The domains of both cells of every pair of a labeled cell and one of its 6 nearest."""
    labeled = codes >= 0
    kept = codes[labeled]
    neighbors = knn(coords[labeled], min(_NEIGHBORS, len(kept) - 1))[1]
    return np.repeat(kept, neighbors.shape[1]), kept[neighbors].ravel()


def tissue_facts(
    results: pd.DataFrame, tissues: Mapping[str, Mapping[str, Any]], rank_by: str
) -> pd.DataFrame:
    """Facts of every dataset with a score, by id.

    Args:
        results: of ``stbench.results.shipped.read_shipped``.
        tissues: ``FACTS`` by dataset; unknown ones are NaN. Also ``refined``, the number of
            neighbors by whose majority the labels of all methods are smoothed; 0 if it is missing.
        rank_by: the clusterer that ranks.

    Returns:
        By dataset: ``FACTS``; ``refined``; ``spots``, 1, or 0 for single cells, NaN if it is
        unknown; and ``kind``: ``layered`` if ``in_layers`` is at least ``LAYERED_FROM``, else
        ``patchy``; empty if it is unknown.
    """
    rows = final_rows(results, rank_by).dropna(subset="value")
    known = {name: tissues.get(name, {}) for name in rows["dataset"].unique()}
    facts = pd.DataFrame(
        {fact: [known[name].get(fact) for name in known] for fact in FACTS}, index=list(known)
    ).astype({"cells": "float64", "same_label": "float64", "in_layers": "float64"})
    facts["refined"] = [int(known[name].get("refined", 0)) for name in known]
    measured_by = facts["technology"].str.partition(",")[0]  # without ", simulated counts"
    facts["spots"] = measured_by.map({**dict.fromkeys(SPOTS, 1.0), **dict.fromkeys(IMAGING, 0.0)})
    kind = np.where(facts["in_layers"] >= LAYERED_FROM, LAYERED, PATCHY)
    facts["kind"] = np.where(facts["in_layers"].notna(), kind, "")
    return facts
