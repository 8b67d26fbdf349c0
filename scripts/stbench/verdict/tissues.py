"""What is known of each shipped tissue: technology, size, and how its true domains are laid out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stbench.common.h5ad import read_elements
from stbench.config.benchmark import Benchmark
from stbench.config.layout import Layout
from stbench.graphs.neighbors import knn

LAYERED, PATCHY = "layered", "patchy"
LAYERED_FROM = 0.8  # share of the borders; those of patches are below .75
SPOTS = ("10x Visium", "Spatial Transcriptomics")  # technologies; all others image single cells
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
        "tumor": "cancer" in entry.get("title", ""),
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
    borders (Atkins, Boman and Hendrickson 1998); a border is a pair of neighboring cells, of the 6
    nearest, in different domains.

    Args:
        coords: (n_cells, 2).
        codes: (n_cells,) of the true domains, -1: unknown; such cells are left out.

    Returns:
        1 for layers, about 2 / number of domains where every domain touches every other one equally
        often; NaN for fewer than three domains or if none touch.
    """
    own, others = _neighboring(coords, codes)
    values, places = np.unique(np.concatenate([own, others]), return_inverse=True)
    borders = np.zeros((len(values), len(values)))
    np.add.at(borders, tuple(places.reshape(2, -1)), 1)
    borders += borders.T
    np.fill_diagonal(borders, 0)
    if len(values) < 3 or not borders.any():
        return np.nan
    laplacian = np.diag(borders.sum(axis=0)) - borders
    order = np.argsort(np.linalg.eigh(laplacian)[1][:, 1])
    between_next = borders[order[:-1], order[1:]].sum()
    return float(2 * between_next / borders.sum())


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
        tissues: ``tissues`` of the manifest, ``FACTS`` by dataset; unknown ones are NaN.
        rank_by: the clusterer that ranks.

    Returns:
        By dataset: ``FACTS``; ``spots``, 1, or 0 for single cells; and ``kind``: ``layered`` if
        ``in_layers`` is at least ``LAYERED_FROM``, else ``patchy``; empty if it is unknown.
    """
    rows = results[
        (results["metric"] == "ARI")
        & (results["protocol"] == "final")
        & (results["clusterer"] == rank_by)
        & ~results["exploratory"]
        & results["value"].notna()
    ]
    known = {name: tissues.get(name, {}) for name in rows["dataset"].unique()}
    facts = pd.DataFrame(
        {fact: [known[name].get(fact) for name in known] for fact in FACTS}, index=list(known)
    ).astype({"cells": "float64", "same_label": "float64", "in_layers": "float64"})
    spots = facts["technology"].isin(SPOTS).astype(float)
    facts["spots"] = spots.where(facts["technology"].notna())
    kind = np.where(facts["in_layers"] >= LAYERED_FROM, LAYERED, PATCHY)
    facts["kind"] = np.where(facts["in_layers"].notna(), kind, "")
    return facts
