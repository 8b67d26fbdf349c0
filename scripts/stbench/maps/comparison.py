"""Tables that compare the maps of a tissue without a truth: agreement, stability, continuity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from stbench.clustering.algorithms import cluster_labels
from stbench.maps.consensus import Consensus
from stbench.maps.method_maps import MethodMaps
from stbench.scoring.agreement import agreement_matrix, mean_agreement
from stbench.scoring.metrics import ari
from stbench.scoring.spatial_metrics import chaos, pas

CONSENSUS = "consensus"  # in the place of a method
DRAWS, SHARE = 10, 0.8  # of the cells that are clustered again
COLUMNS = [
    "dataset", "n_domains", "method", "seed", "agreement", "ARI_consensus", "weight",
    "stability_seeds", "stability_starts", "stability_cells", "CHAOS", "PAS", "status", "reason",
]  # fmt: skip


def named_maps(maps: Sequence[MethodMaps], consensus: Consensus | None) -> dict[str, np.ndarray]:
    """Labels (n_cells,) of every method that has any, then those of the consensus."""
    named = {one.method: one.shown for one in maps if len(one.shown)}
    return {**named, **({CONSENSUS: consensus.labels} if consensus else {})}


def agreement_table(named: Mapping[str, np.ndarray], dataset: str, n_domains: int) -> pd.DataFrame:
    """ARI of every pair of maps, in both directions: dataset, n_domains, method, other, ARI."""
    matrix = agreement_matrix(list(named.values()))
    rows = [
        (dataset, n_domains, method, other, matrix[i, j])
        for i, method in enumerate(named)
        for j, other in enumerate(named)
    ]
    return pd.DataFrame(rows, columns=["dataset", "n_domains", "method", "other", "ARI"])


def method_table(
    maps: Sequence[MethodMaps],
    consensus: Consensus | None,
    embeddings: Mapping[str, np.ndarray],
    coords: np.ndarray,
    *,
    dataset: str,
    n_domains: int,
) -> pd.DataFrame:
    """One row per method, then the consensus; the columns are ``COLUMNS``.

    ``agreement`` is the mean ARI with the other methods, ``ARI_consensus`` that with the consensus
    of methods, in which the method has ``weight``. ``stability_*`` are mean ARI over all pairs of
    training seeds, of single starts of k-means, and of clusterings of a part of the cells
    (``cells_stability``). A number that is not defined is missing.

    Args:
        embeddings: (n_cells, d) of the shown training seed, by method; methods may be missing.
        coords: (n_cells, 2).
    """
    named = named_maps(maps, None)
    matrix = dict(zip(named, agreement_matrix(list(named.values())), strict=True))
    about: dict[str, Any] = {"dataset": dataset, "n_domains": n_domains}
    rows = []
    for one in maps:
        row = {**about, "method": one.method, "status": one.status, "reason": one.reason}
        if len(one.shown):
            row |= {"seed": one.seed, **continuity(coords, one.shown)}
            if len(named) > 1:
                row["agreement"] = (matrix[one.method].sum() - 1) / (len(named) - 1)
            if consensus:
                row["ARI_consensus"] = ari(consensus.labels, one.shown)
                row["weight"] = consensus.weights[one.method]
            row["stability_seeds"] = mean_agreement(list(one.of_seeds))
            row["stability_starts"] = mean_agreement(list(one.of_starts))
            if one.method in embeddings:
                row["stability_cells"] = cells_stability(embeddings[one.method], n_domains)
        rows.append(row)
    if consensus:
        row = {**about, "method": CONSENSUS, "status": "ok", "reason": consensus.note}
        row["agreement"] = np.mean([ari(consensus.labels, labels) for labels in named.values()])
        rows.append({**row, **continuity(coords, consensus.labels)})
    return pd.DataFrame(rows).reindex(columns=COLUMNS).astype({"seed": "Int64"})


def continuity(coords: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """CHAOS and PAS of labels (n_cells,) at positions (n_cells, 2); both are low where smooth."""
    return {"CHAOS": chaos(coords, labels), "PAS": pas(coords, labels)}


def cells_stability(embedding: np.ndarray, n_domains: int) -> float:
    """Mean ARI of clusterings of random parts of the cells, on the cells that two parts share.

    ``DRAWS`` parts of ``SHARE`` of the cells are clustered by k-means with one start.

    Args:
        embedding: (n_cells, d).
    """
    n_cells = len(embedding)
    drawn = []
    for draw in range(DRAWS):
        rng = np.random.default_rng(draw)
        cells = np.sort(rng.choice(n_cells, round(SHARE * n_cells), replace=False))
        result = cluster_labels(embedding[cells], n_domains, "kmeans", draw)
        if result.labels is None:
            return float("nan")
        labels = np.full(n_cells, -1)
        labels[cells] = result.labels
        drawn.append(labels)
    return mean_agreement(drawn)
