"""Which genes make a learned graph score its edges as it does.

Integrated gradients (Sundararajan, Taly and Yan, ICML 2017) of the score of a set of edges with
respect to expression, from the baseline at which every gene has its mean over cells in all cells.
There all cells are alike and the cosine of any pair is near 1, so the mean score of the edges alone
would mostly fall on the way and point at the noise that pulls cells apart. Explained is therefore a
CONTRAST: the mean score of the edges minus the mean score of other pairs, such as the candidates
that the same cells have below the threshold. The check is occlusion: one gene at its mean in all
cells, and how far the contrast drops.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from scipy.stats import spearmanr
from torch import Tensor

from stbench.fitting.edge_scorer import EdgeScorer


class EdgeSet(NamedTuple):
    """What is explained: why ``members`` score higher than ``others``.

    Attributes:
        members: (m,) bool, the pairs of the set; at least one.
        others: (m,) bool, the pairs they are compared with; if there are none, the plain mean score
            of the members is explained.
    """

    members: np.ndarray
    others: np.ndarray


@dataclass(frozen=True)
class Attribution:
    """What was found for one trained graph.

    Attributes:
        edge_sets: names of the sets.
        genes: (g,) names.
        attribution: (sets, g) part of a gene in the contrast; positive raises it.
        occlusion: (sets, g) drop of the contrast without the gene, NaN where not computed.
        checks: edge_set, edges, others, score (mean over the edges), contrast, contrast_baseline,
            completeness_error (the sum of attributions minus the difference of these two),
            occluded (number of genes) and spearman (attribution and occlusion over these).
    """

    edge_sets: list[str]
    genes: np.ndarray
    attribution: np.ndarray
    occlusion: np.ndarray
    checks: pd.DataFrame


def attribute_genes(
    scorer: EdgeScorer,
    edge_sets: Mapping[str, EdgeSet],
    *,
    steps: int = 16,
    occluded: int = 200,
    seed: int = 0,
) -> Attribution:
    """Attribute the contrast of every set of edges to genes.

    Time: steps x (1 + sets) + occluded passes through the learner. Memory: that of one training
    step, and sets x genes.

    Args:
        scorer: the trained graph; it scores m pairs.
        edge_sets: by name.
        steps: points of the integral.
        occluded: genes that are occluded: all if there are no more; else one half those of the
            best rank in any set, the other half drawn from the rest.
        seed: of that draw.

    Raises:
        ValueError: a set is empty.
        FloatingPointError: a score is not finite.
    """
    contrasts = torch.from_numpy(
        np.stack([_contrast(name, *edges) for name, edges in edge_sets.items()])
    )
    x = scorer.expression.detach()
    # The mean in float64: in float32 that of a constant gene may be off, and gets a share.
    baseline = x.mean(0, dtype=torch.float64).to(x.dtype)
    real, start = _scores(scorer, x), _scores(scorer, baseline.repeat(len(x), 1))
    value, value_start = (contrasts @ real).numpy(), (contrasts @ start).numpy()

    attribution = integrated_gradients(scorer, contrasts, baseline, steps)
    chosen = _genes_to_occlude(attribution, occluded, seed)
    occlusion = np.full(attribution.shape, np.nan)
    for gene in chosen:
        without = x.clone()
        without[:, gene] = baseline[gene]
        occlusion[:, gene] = value - (contrasts @ _scores(scorer, without)).numpy()

    pairs = zip(attribution[:, chosen], occlusion[:, chosen], strict=True)
    checks = {
        "edge_set": list(edge_sets),
        "edges": [int(edges.members.sum()) for edges in edge_sets.values()],
        "others": [int(edges.others.sum()) for edges in edge_sets.values()],
        "score": [float(real.numpy()[edges.members].mean()) for edges in edge_sets.values()],
        "contrast": value,
        "contrast_baseline": value_start,
        "completeness_error": attribution.sum(1) - (value - value_start),
        "occluded": len(chosen),
        "spearman": [_spearman(*pair) for pair in pairs],
    }
    return Attribution(list(edge_sets), scorer.genes, attribution, occlusion, pd.DataFrame(checks))


def ranked_genes(found: Sequence[Attribution]) -> pd.DataFrame:
    """The genes of every set by size of their attribution, means over training seeds.

    Args:
        found: one per seed, of the same genes. A set that a seed lacks is averaged over the others.

    Returns:
        edge_set, rank (from 1; ties in the order of the genes), gene, attribution, share (its size
        over the sum of sizes; 0 where all are 0), occlusion (over the seeds that have it).
    """
    tables = []
    for name in dict.fromkeys(name for one in found for name in one.edge_sets):
        rows = [(one, one.edge_sets.index(name)) for one in found if name in one.edge_sets]
        attribution = np.mean([one.attribution[row] for one, row in rows], axis=0)
        occlusion = pd.DataFrame([one.occlusion[row] for one, row in rows]).mean().to_numpy()
        order = np.argsort(-np.abs(attribution), kind="stable")
        share = np.abs(attribution) / (np.abs(attribution).sum() or 1.0)
        columns = {
            "edge_set": name,
            "rank": np.arange(1, len(order) + 1),
            "gene": found[0].genes[order],
            "attribution": attribution[order],
            "share": share[order],
            "occlusion": occlusion[order],
        }
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def integrated_gradients(
    scorer: EdgeScorer, contrasts: Tensor, baseline: Tensor, steps: int
) -> np.ndarray:
    """Integrated gradients of weighted sums of scores, summed over cells.

    Args:
        contrasts: (sets, m) float64 weights of the pairs' scores.
        baseline: (g,) expression of every cell where the path starts; it ends at the real data.
        steps: points of the path, by the midpoint rule in the square root of the way: cosines
            change most near the baseline, and few points do there.

    Returns:
        (sets, g) float64; a row's sum approaches the sum at the end minus that at the start.
    """
    x = scorer.expression.detach()
    deviation = x - baseline
    total = torch.zeros(len(contrasts), x.shape[1], dtype=torch.float64)
    for u in (np.arange(steps) + 0.5) / steps:
        here = (baseline + float(u * u) * deviation).requires_grad_()
        scores = scorer.score(here)
        for row, weights in enumerate(contrasts.to(scores.dtype)):
            more = row + 1 < len(contrasts)
            (gradient,) = torch.autograd.grad(scores, here, weights, retain_graph=more)
            total[row] += 2 * u * (deviation * gradient).sum(0, dtype=torch.float64)
    return total.numpy() / steps


def _contrast(name: str, members: np.ndarray, others: np.ndarray) -> np.ndarray:
    if not members.any():
        raise ValueError(f"the set of edges {name!r} is empty")
    weights = members / members.sum()
    return weights - others / others.sum() if others.any() else weights


@torch.no_grad()
def _scores(scorer: EdgeScorer, x: Tensor) -> Tensor:
    scores = scorer.score(x).double()
    if not torch.isfinite(scores).all():
        raise FloatingPointError("scores of edges are not finite: look for NaN in the expression")
    return scores


def _genes_to_occlude(attribution: np.ndarray, wanted: int, seed: int) -> np.ndarray:
    n_genes = attribution.shape[1]
    if n_genes <= wanted:
        return np.arange(n_genes)
    best_rank = np.argsort(np.argsort(-np.abs(attribution), axis=1), axis=1).min(axis=0)
    order = np.argsort(best_rank, kind="stable")
    top, rest = np.split(order, [wanted // 2])
    drawn = np.random.default_rng(seed).choice(np.sort(rest), wanted - len(top), replace=False)
    return np.sort(np.concatenate([top, drawn]))


def _spearman(one: np.ndarray, other: np.ndarray) -> float:
    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(spearmanr(one, other).statistic)
