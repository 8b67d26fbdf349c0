"""Which edges of learned graphs count: those above a threshold, or above their own null."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pandas as pd

from stbench.common.errors import InputError, NotApplicableError
from stbench.common.io import read_h5ad
from stbench.fitting.edge_scorer import edge_scorer
from stbench.interactions.edge_chance import SHUFFLES, Chance, chance_of_edges
from stbench.interactions.edge_genes import read_weights
from stbench.interactions.threshold import check, threshold
from stbench.interactions.tissue import LearnedGraph


class Edges(NamedTuple):
    """Edges of the mean graph of all training seeds, and of every seed (with a column seed)."""

    consensus: pd.DataFrame
    by_seed: pd.DataFrame


def mark(
    edges: Edges,
    graphs: Sequence[LearnedGraph],
    module: ModuleType | None,
    preprocessed: Path,
    number: float,
    kind: str,
) -> tuple[Edges, str]:
    """Add a column ``above``: whether the edge counts, which differs between seeds.

    By the null of each edge (``chance_of_edges``) there is a column ``p``, too.
    """
    check(number, kind)
    mean, seeds = edges
    chance = chance_by_edge(mean, graphs, module, preprocessed) if kind == "null_quantile" else None
    if chance is None:
        nulls = [g.null_scores for g in graphs]
        cut = threshold(number, kind, mean["score"].to_numpy(), nulls)
        of_seeds = {g.seed: threshold(number, kind, g.scores, [g.null_scores]) for g in graphs}
        marked = Edges(
            mean.assign(above=mean["score"] > cut),
            seeds.assign(above=seeds["score"] > seeds["seed"].map(of_seeds)),
        )
        return marked, f"score above {cut:.4g} ({kind} {number:g})"
    most = 1 - 1 / (1 + SHUFFLES)
    if number > most:
        raise InputError(
            f"interactions: threshold: {number} needs more than {SHUFFLES} shuffles; "
            f"use at most {most:g}"
        )
    ends = ["source", "target"]
    by_seed = pd.concat(
        mean[ends].assign(seed=graph.seed, p=p)
        for graph, p in zip(graphs, chance.by_seed, strict=True)
    )
    seeds = seeds.merge(by_seed, on=[*ends, "seed"], validate="one_to_one")
    limit = 1 - number + 1e-9  # rounding of 1 - number
    marked = Edges(
        mean.assign(p=chance.of_mean, above=chance.of_mean <= limit),
        seeds.assign(above=seeds["p"] <= limit),
    )
    reason = f"score reached by at most {1 - number:.2g} of {SHUFFLES} shuffles"
    return marked, f"{reason}; {limit * len(mean):.0f} edges are expected by chance"


def chance_by_edge(
    mean: pd.DataFrame,
    graphs: Sequence[LearnedGraph],
    module: ModuleType | None,
    preprocessed: Path,
) -> Chance | None:
    """p of the edges of the mean graph, in its order; None if their scores cannot be repeated."""
    weights = [read_weights(graph.fit) for graph in graphs]
    if not hasattr(module, "edge_scorer") or any(one is None for one in weights):
        return None
    if any(len(graph.pairs) != len(mean) for graph in graphs):  # seeds with other candidates
        return None
    adata, pairs = read_h5ad(preprocessed), mean[["source", "target"]].to_numpy()
    order = np.lexsort(pairs.T[::-1])  # of the pairs of every graph
    scorers, scores = [], np.empty((len(graphs), len(pairs)), np.float32)
    for row, graph, of_fit in zip(scores, graphs, weights, strict=True):
        row[order] = graph.scores
        scorers.append(edge_scorer(module, adata, graph.params, of_fit, pairs))
    repeated = [scorer.score(scorer.expression).numpy() for scorer in scorers]
    return chance_of_edges(scorers, scores) if np.allclose(repeated, scores, atol=1e-3) else None


def edges_above(edges: Edges) -> tuple[pd.DataFrame, str]:
    """The edges of the mean graph above the threshold.

    Raises:
        NotApplicableError: there are no such edges.
    """
    table = edges.consensus
    chosen = table[table["above"]].reset_index(drop=True)
    if chosen.empty:
        best = table["score"].max()
        raise NotApplicableError(
            f"none of {len(table)} edges is above the threshold (the highest score is {best:.4g})"
        )
    return chosen, f"{len(chosen)} of {len(table)} edges"
