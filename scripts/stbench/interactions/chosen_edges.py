"""Which edges of learned graphs count: those above a threshold, or above their own null."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from stbench.common.errors import InputError, NotApplicableError
from stbench.fitting.edge_scorer import edge_scorer
from stbench.interactions.edge_chance import SHUFFLES, Chance, calibrated, chance_of_edges
from stbench.interactions.edge_genes import read_weights
from stbench.interactions.edges import pair_distances
from stbench.interactions.structureless import Structureless
from stbench.interactions.threshold import check, threshold
from stbench.interactions.tissue import LearnedGraph, Tissue

_ENDS = ["source", "target"]


class Edges(NamedTuple):
    """Edges of a method in a tissue.

    Attributes:
        consensus: of the mean graph of all training seeds.
        by_seed: of every seed, with a column ``seed``.
        without_structure: of every seed, trained on shuffled cells: source, target, score,
            distance, seed, and the value that orders them (``order``). None: not trained.
    """

    consensus: pd.DataFrame
    by_seed: pd.DataFrame
    without_structure: pd.DataFrame | None = None


def mark(
    edges: Edges,
    graphs: Sequence[LearnedGraph],
    tissue: Tissue,
    number: float,
    kind: str,
    *,
    module: ModuleType | None,
    adata: Any,
    structureless: Structureless | None,
) -> tuple[Edges, str]:
    """Add a column ``above``: whether the edge counts, which differs between seeds.

    By the null of each edge (``chance_of_edges``) there is a column ``p``, too.
    """
    check(number, kind)
    mean, seeds, _ = edges
    weights = [read_weights(graph.fit) for graph in graphs]
    of_edges = partial(chance_by_edge, mean, module, tissue.sections)
    chance, why_not, null = None, "", None
    if kind == "null_quantile":
        chance, why_not = of_edges(adata, graphs, weights)
    if chance is not None and structureless is not None:
        null, _ = of_edges(*structureless)
    noise = None if structureless is None else _ordered(structureless, mean, null, tissue.coords)
    if chance is None:
        nulls = [g.null_scores for g in graphs]
        cut = threshold(number, kind, mean["score"].to_numpy(), nulls)
        of_seeds = {g.seed: threshold(number, kind, g.scores, [g.null_scores]) for g in graphs}
        marked = Edges(
            mean.assign(above=mean["score"] > cut),
            seeds.assign(above=seeds["score"] > seeds["seed"].map(of_seeds)),
            noise,
        )
        note = f"; no p of single edges: {why_not}" if why_not else ""
        return marked, f"score above {cut:.4g} ({kind} {number:g}){note}"
    most = 1 - 1 / (1 + SHUFFLES)
    if number > most:
        raise InputError(
            f"interactions: threshold: {number} needs more than {SHUFFLES} shuffles; "
            f"use at most {most:g}"
        )
    if null is not None:
        chance = calibrated(chance, null, mean["distance"].to_numpy())
    by_seed = pd.concat(
        mean[_ENDS].assign(seed=graph.seed, p=p) for graph, p in zip(graphs, chance.p, strict=True)
    )
    seeds = seeds.merge(by_seed, on=[*_ENDS, "seed"], validate="one_to_one")
    limit = 1 - number + 1e-9  # rounding of 1 - number
    marked = Edges(
        mean.assign(p=chance.p_of_mean, above=chance.p_of_mean <= limit),
        seeds.assign(above=seeds["p"] <= limit),
        noise,
    )
    expected = f"{limit * len(mean):.0f} edges are expected by chance"
    if null is None:
        kept = f"score reached by at most {1 - number:.2g} of {SHUFFLES} shuffles"
        return marked, f"{kept}; {expected}, and more because the network was trained on these data"
    kept = f"p at most {1 - number:.2g} by networks trained on shuffled cells"
    fitted = (null.p_of_mean <= limit).mean()
    return marked, f"{kept} ({fitted:.0%} of their edges are above their own shuffles); {expected}"


def chance_by_edge(
    mean: pd.DataFrame,
    module: ModuleType | None,
    sections: np.ndarray,
    adata: Any,
    graphs: Sequence[LearnedGraph],
    weights: Sequence[Mapping[str, np.ndarray] | None],
) -> tuple[Chance | None, str]:
    """The edges of the mean graph, in its order; None and why if scores cannot be repeated."""
    if not hasattr(module, "edge_scorer"):
        return None, "the method does not give them as a function of expression"
    if any(one is None for one in weights):
        return None, "the weights of a seed are missing"
    pairs = mean[_ENDS].to_numpy()
    order = np.lexsort(pairs.T[::-1])  # of the pairs of every graph
    if not all(np.array_equal(graph.pairs, pairs[order]) for graph in graphs):
        return None, "the seeds have different candidates"
    scorers, scores = [], np.empty((len(graphs), len(pairs)), np.float32)
    for row, graph, of_fit in zip(scores, graphs, weights, strict=True):
        row[order] = graph.scores
        scorers.append(edge_scorer(module, adata, graph.params, of_fit, pairs))
    repeated = [scorer.score(scorer.expression).numpy() for scorer in scorers]
    if not np.allclose(repeated, scores, atol=1e-3):
        return None, "the scores could not be repeated from the weights"
    return chance_of_edges(scorers, scores, sections), ""


def _ordered(
    structureless: Structureless, mean: pd.DataFrame, null: Chance | None, coords: np.ndarray
) -> pd.DataFrame:
    """The edges of networks trained on shuffled cells, with what orders them: z, or the score."""
    tables = []
    for i, graph in enumerate(structureless.graphs):
        table = pd.DataFrame(graph.pairs, columns=_ENDS).assign(
            score=graph.scores,
            distance=pair_distances(coords, *graph.pairs.T),
            seed=graph.seed,
        )
        if null is None:
            tables.append(table.assign(order=table["score"]))
        else:
            tables.append(table.merge(mean[_ENDS].assign(order=null.z[i]), on=_ENDS))
    return pd.concat(tables, ignore_index=True)


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
            f"none of {len(table)} edges is above the threshold (the highest score is {best:.4g}); "
            "threshold_by: quantile takes the strongest edges, which are there by chance as well"
        )
    return chosen, f"{len(chosen)} of {len(table)} edges"
