"""Attribution of the scores of a learned graph to genes.

Integrated gradients (Sundararajan, Taly and Yan, ICML 2017) of the score of a set of edges with
respect to expression. In the baseline, every gene has its mean over cells in all cells. There all
cells are alike and the cosine of any pair is near 1, so the mean score of the edges alone would
mostly decrease along the path and reflect the noise that separates cells. Therefore a CONTRAST is
explained: the mean score of the edges minus the mean score of other pairs, for example the
candidates of the same cells below the threshold. The check is occlusion: one gene is set to its
mean in all cells, and the decrease of the contrast is measured.
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
    """Two sets of pairs; the difference between their scores is explained.

    Attributes:
        members: (m,) bool, the pairs of the set; at least one.
        others: (m,) bool, the pairs for comparison; if there are none, the mean score of
            ``members`` is explained.
    """

    members: np.ndarray
    others: np.ndarray


@dataclass(frozen=True)
class Attribution:
    """The attribution for one trained graph.

    Attributes:
        edge_sets: names of the sets.
        genes: (g,) names.
        attribution: (sets, g) contribution of a gene to the contrast; positive values increase it.
        occlusion: (sets, g) decrease of the contrast without the gene, NaN where not computed.
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
    occluded: int = 60,
    seed: int = 0,
) -> Attribution:
    """Attribute the contrast of every set of edges to genes.

    Time: steps x (1 + sets) + occluded passes through the learner. Memory: that of one training
    step, and sets x genes.

    Args:
        scorer: the trained graph; it scores m pairs.
        edge_sets: by name.
        steps: points of the integral.
        occluded: number of occluded genes. If there are more genes, one half are those with the
            best rank in any set, and the other half are drawn from the rest.
        seed: of this draw.

    Raises:
        ValueError: a set is empty.
        FloatingPointError: a score is not finite.
    """
    contrasts = torch.from_numpy(
        np.stack([_contrast(name, *edges) for name, edges in edge_sets.items()])
    )
    x = scorer.expression.detach()
    # The mean in float64: in float32, a constant gene may get a share because of rounding.
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


def ranked_genes(attributions: Sequence[Attribution]) -> pd.DataFrame:
    """The genes of every set by size of their attribution, means over training seeds.

    Args:
        attributions: one per seed, of the same genes. A set is averaged over its seeds.

    Returns:
        edge_set, rank (from 1; ties in the order of the genes), gene, attribution, share (its size
        over the sum of sizes; 0 where all are 0), occlusion (over the seeds that have it).
    """
    tables = []
    for name in dict.fromkeys(name for one in attributions for name in one.edge_sets):
        rows = [(one, one.edge_sets.index(name)) for one in attributions if name in one.edge_sets]
        attribution = np.mean([one.attribution[row] for one, row in rows], axis=0)
        occlusion = pd.DataFrame([one.occlusion[row] for one, row in rows]).mean().to_numpy()
        order = np.argsort(-np.abs(attribution), kind="stable")
        share = np.abs(attribution) / (np.abs(attribution).sum() or 1.0)
        columns = {
            "edge_set": name,
            "rank": np.arange(1, len(order) + 1),
            "gene": attributions[0].genes[order],
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
        contrasts: (sets, m) float64 weights of the scores of pairs.
        baseline: (g,) expression of every cell at the start of the path; its end is the real data.
        steps: points of the path, by the midpoint rule in the square root of its length: cosines
            change most near the baseline, where the points are dense.

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
