"""Whether two halves of the pairs of ligand and receptor support the same edges.

Where cells interact, several pairs should act along the same edges. Each half gives every edge a
score, and the scores of the two halves are correlated. Cells with many transcripts raise both, so
the correlation is compared with that on rewired edges, which have the same cells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.stats import rankdata

from stbench.interactions.rewiring import oriented, rewired

MIN_PAIRS = 5  # of each half
_VALUES_AT_ONCE = 8_000_000
DRAWS = 200  # at most: each scores all edges by all pairs


class Halves(NamedTuple):
    """The agreement of two halves of the resource.

    Attributes:
        correlation: Spearman's, over edges, of the mean products of the two halves, each pair
            divided by the mean that the numbers of edges of the cells give it.
        expected: its mean over rewired edges.
        p: the share of rewired graphs that reach it (one-sided, counting the graph itself).
        edges, pairs: their numbers.
    """

    correlation: float
    expected: float
    p: float
    edges: int
    pairs: int


def between_halves(
    edges: pd.DataFrame,
    value: Callable[[str], np.ndarray],
    pairs: Sequence[tuple[str, str]],
    codes: np.ndarray,
    shuffles: int,
    seed: int,
) -> Halves | None:
    """Compare the halves; a ligand belongs to one of them, with all its receptors.

    Args:
        edges: source and target (positions of cells), each edge once.
        value: returns the expression (n,) of a gene or complex.
        pairs: k pairs of ligand and receptor that are expressed at the edges.
        codes: (n,) cell types.
        shuffles: number of rewired graphs, at most ``DRAWS``.
        seed: of the split and the draws.

    Returns:
        None if a half has fewer than ``MIN_PAIRS`` pairs, or a score does not vary.
    """
    rng = np.random.default_rng(seed)
    in_first = np.array([in_first_half(ligand, seed) for ligand, _ in pairs])
    if min(in_first.sum(), (~in_first).sum()) < MIN_PAIRS:
        return None
    source, target = (edges[end].to_numpy(dtype=np.int64) for end in ("source", "target"))
    source, target, groups = oriented(source, target, codes, rng)
    names = list(dict.fromkeys(gene for pair in pairs for gene in pair))
    values = np.column_stack([value(name) for name in names]).astype(np.float32)
    ligand, receptor = (np.array([names.index(pair[role]) for pair in pairs]) for role in (0, 1))
    weights = _weights(values, ligand, receptor, np.concatenate([source, target]))
    # The sum over pairs is a bilinear form of the values of both ends.
    forms = [
        sp.csr_matrix(
            (weights[half].astype(np.float32), (ligand[half], receptor[half])), (len(names),) * 2
        )
        for half in (in_first, ~in_first)
    ]
    sent = [np.asarray(values @ form) for form in forms]

    def correlation(partner: np.ndarray) -> float:
        ranks = np.vstack([rankdata(_scores(of_half, values, source, partner)) for of_half in sent])
        return float(np.corrcoef(ranks)[0, 1]) if (np.ptp(ranks, axis=1) > 0).all() else np.nan

    observed = correlation(target)
    draws = np.array(
        [
            correlation(partners)
            for new_targets, _ in rewired(source, target, groups, min(shuffles, DRAWS), rng)
            for partners in new_targets.T
        ]
    )
    if np.isnan(observed) or np.isnan(draws).all():
        return None
    reached = int((np.nan_to_num(draws, nan=-1) >= observed - 1e-12).sum())
    p = (1 + reached) / (1 + len(draws))
    return Halves(observed, float(np.nanmean(draws)), p, len(source), len(pairs))


def in_first_half(ligand: str, seed: int) -> bool:
    """By the name alone, so that every method and section has the same halves."""
    return hashlib.sha256(f"{seed} {ligand}".encode()).digest()[-1] % 2 == 0


def _scores(
    sent: np.ndarray, values: np.ndarray, source: np.ndarray, target: np.ndarray
) -> np.ndarray:
    """The sum over pairs of ligand times receptor in both directions, (edges,)."""
    scores = np.empty(len(source))
    step = max(1, _VALUES_AT_ONCE // values.shape[1])
    for start in range(0, len(source), step):
        one, other = source[start : start + step], target[start : start + step]
        scores[start : start + step] = np.einsum("eg,eg->e", sent[one], values[other]) + np.einsum(
            "eg,eg->e", sent[other], values[one]
        )
    return scores


def _weights(
    values: np.ndarray, ligand: np.ndarray, receptor: np.ndarray, ends: np.ndarray
) -> np.ndarray:
    """One over the mean of ligand times receptor if partners were random, (pairs,).

    It depends on the number of edges of every cell, which rewiring keeps, and not on who the
    partners are. The mean over the observed edges would make a pair without a product there decide
    every rewired graph, and no graph would look like the observed one.
    """
    means = np.bincount(ends, minlength=len(values)) @ values.astype(np.float64) / len(ends)
    expected = means[ligand] * means[receptor]
    return np.divide(1, expected, out=np.zeros_like(expected), where=expected > 0)
