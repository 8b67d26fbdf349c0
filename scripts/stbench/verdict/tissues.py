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
LAYERED_FROM = 0.2  # ARI of the control ``bands``
FACTS = ("technology", "cells", "same_label")
_NEIGHBORS = 6


def measured_facts(benchmark: Benchmark, layout: Layout, dataset: str) -> dict[str, Any]:
    """``FACTS`` of a prepared dataset, for the manifest; ``same_label`` is None without labels."""
    data = read_elements(layout.data(dataset), "obs/cluster", "obsm/spatial")
    share = None
    if "obs/cluster" in data:
        codes = pd.Categorical(data["obs/cluster"]).codes
        share = round(same_label_share(data["obsm/spatial"], codes), 4)
    return {
        "technology": benchmark.datasets[dataset]["technology"],
        "cells": len(data["cells"]),
        "same_label": share,
    }


def same_label_share(coords: np.ndarray, codes: np.ndarray) -> float:
    """Mean share of the 6 nearest labeled cells that have the same true label.

    Args:
        coords: (n_cells, 2).
        codes: (n_cells,) of the true domains, -1: unknown; such cells are left out.
    """
    labeled = codes >= 0
    kept = codes[labeled]
    neighbors = knn(coords[labeled], min(_NEIGHBORS, len(kept) - 1))[1]
    return float((kept[neighbors] == kept[:, None]).mean())


def tissue_facts(
    results: pd.DataFrame, tissues: Mapping[str, Mapping[str, Any]], rank_by: str
) -> pd.DataFrame:
    """Facts of every dataset with a score, by id.

    Args:
        results: of ``stbench.results.shipped.read_shipped``.
        tissues: ``tissues`` of the manifest, ``FACTS`` by dataset; unknown ones are NaN.
        rank_by: the clusterer that ranks.

    Returns:
        By dataset: ``FACTS``; ``bands``, the ARI of the control that draws equal bands across the
        tissue; and ``kind``, ``layered`` if that is at least ``LAYERED_FROM``, else ``patchy``;
        empty without this control.
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
    ).astype({"cells": "float64", "same_label": "float64"})
    facts["bands"] = rows[rows["method"] == "bands"].groupby("dataset")["value"].mean()
    layered = facts["bands"] >= LAYERED_FROM
    facts["kind"] = np.where(layered, LAYERED, PATCHY)
    facts["kind"] = facts["kind"].where(facts["bands"].notna(), "")
    return facts
