"""Which map to use on a tissue without true labels: the methods compared, and one recommended.

docs/choosing.md reports how well each criterion chose on labeled tissues (benchmarks/choosing.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from stbench.choosing.method_criteria import agreement_with_others, continuity
from stbench.choosing.silhouette import silhouette
from stbench.common.errors import NotApplicableError
from stbench.graphs.neighbors import knn
from stbench.maps.consensus import consensus_of_methods
from stbench.maps.method_maps import MethodMaps
from stbench.scoring.agreement import agreement_matrix, mean_agreement
from stbench.scoring.metrics import ari

CONSENSUS = "consensus"  # in the place of a method
AGREEMENT, STABILITY, CONTINUITY = "agreement", "stability", "continuity"
SEPARATION, PREVIOUS = "separation", "previous"
CRITERIA = {
    AGREEMENT: "agreement with the other methods",
    STABILITY: "stability over seeds and starts",
    CONTINUITY: "spatial continuity",
    SEPARATION: "silhouette in half of the counts",
    PREVIOUS: "rank on earlier tissues",
}
RULE = AGREEMENT  # ranks the methods
N_NEIGHBORS = 10  # of spatial continuity, as of PAS


def compared_methods(
    labels: Mapping[str, MethodMaps],
    n_domains: int,
    coords: np.ndarray,
    points: np.ndarray | None,
    previous: pd.Series,
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Compare the methods on a tissue and recommend a map.

    Args:
        labels: of each method.
        n_domains: their number of domains.
        coords: (n_cells, 2) positions.
        points: (n_cells, d) of ``stbench.choosing.count_split``; None if there are no counts.
        previous: of ``stbench.choosing.previous_results``; methods may be missing.

    Returns:
        The table of ``recommend``, and the map (n_cells,) of each of its rows.
    """
    maps = {method: one.shown for method, one in labels.items()}
    repeats = {method: one.repeats for method, one in labels.items()}
    neighbors = knn(coords, N_NEIGHBORS)[1]
    criteria = criteria_of_methods(maps, repeats, neighbors, points, previous)
    consensus = consensus_of_maps(labels, n_domains)
    table = recommend(criteria, with_consensus=consensus is not None)
    return table, maps if consensus is None else {CONSENSUS: consensus, **maps}


def criteria_of_methods(
    maps: Mapping[str, np.ndarray],
    repeats: Mapping[str, Sequence[np.ndarray]],
    neighbors: np.ndarray,
    points: np.ndarray | None,
    previous: pd.Series,
) -> pd.DataFrame:
    """Every criterion of every method; higher is better, NaN is unknown.

    Args:
        maps: (n_cells,) the map of each method.
        repeats: maps (n_cells,) of each method that differ by a seed or a start.
        neighbors: (n_cells, k) nearest other cells of each cell.
        points: (n_cells, d) of ``stbench.choosing.count_split``; None if there are no counts.
        previous: of ``stbench.choosing.previous_results``; methods may be missing.

    Returns:
        One row per method with the columns ``CRITERIA``.
    """
    methods = list(maps)
    table = pd.DataFrame(index=pd.Index(methods, name="method"))
    table[AGREEMENT] = agreement_with_others(agreement_matrix(list(maps.values())))
    table[STABILITY] = [mean_agreement(repeats[method]) for method in methods]
    table[CONTINUITY] = [continuity(maps[method], neighbors) for method in methods]
    table[SEPARATION] = [
        np.nan if points is None else silhouette(points, maps[method]) for method in methods
    ]
    table[PREVIOUS] = -previous.reindex(methods).to_numpy(float)
    return table


def consensus_of_maps(labels: Mapping[str, MethodMaps], n_domains: int) -> np.ndarray | None:
    """Labels (n_cells,) of the consensus of the methods; None if it is not possible."""
    try:
        return consensus_of_methods(list(labels.values()), n_domains).labels
    except NotApplicableError:
        return None


def recommend(criteria: pd.DataFrame, with_consensus: bool) -> pd.DataFrame:
    """Rank the methods by ``RULE``, and recommend the consensus of all or the first method.

    Args:
        criteria: of ``criteria_of_methods``.
        with_consensus: whether there is a consensus; it then is recommended.

    Returns:
        ``criteria`` with the columns ``rank`` (from 1; methods without a value of ``RULE`` last),
        ``recommended`` and ``reason``, in this order; the consensus, if any, is the first row.
    """
    order = criteria[RULE].rank(ascending=False, method="first", na_option="bottom").astype(int)
    table = criteria.assign(rank=order, recommended=False).sort_values("rank")
    table["reason"] = [_reason(criteria, method) for method in table.index]
    if with_consensus:
        first = pd.DataFrame(index=pd.Index([CONSENSUS], name=table.index.name))
        first = first.assign(rank=0, recommended=True, reason="the consensus of all methods")
        return pd.concat([first.reindex(columns=table.columns), table])
    table["recommended"] = table["rank"] == 1
    return table


def _reason(criteria: pd.DataFrame, method: str) -> str:
    """The place of a method under each criterion that is known."""
    parts = []
    for name, title in CRITERIA.items():
        known = criteria[name].dropna()
        if method in known.index and len(known) > 1:
            place = int(known.rank(ascending=False, method="min")[method])
            parts.append(f"{title}: {place} of {len(known)}")
    return "; ".join(parts)


def with_regret(
    table: pd.DataFrame, maps: Mapping[str, np.ndarray], truth: np.ndarray | None
) -> pd.DataFrame:
    """Add ``ARI`` and ``regret``, the best ARI of a method minus that of a row; NaN without truth.

    Args:
        table: of ``recommend``, which has not seen the truth.
        maps: (n_cells,) by method, and of the consensus.
        truth: (n_cells,) codes, -1 = not labeled.
    """
    values = pd.Series(np.nan, index=table.index)
    if truth is not None:
        labeled = truth >= 0
        for name in table.index:
            values[name] = ari(truth[labeled], maps[name][labeled])
    best = values.drop(CONSENSUS, errors="ignore").max()
    return table.assign(ARI=values, regret=best - values)
