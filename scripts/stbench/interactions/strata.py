"""Metrics within strata of candidate pairs: what a score says beyond distance and cell types.

Interacting cells are near, and of certain types. A score that only knows this has an AUROC of .5
within strata of pairs that are equally far apart and of the same types. Strata without a true or
without a false pair are left out. AUROCs of strata are weighted by the number of comparisons, true
times false pairs; average precisions by the number of true pairs.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np

from stbench.interactions.candidate_pairs import Candidates

# With 10, distance alone still has an AUROC of .6 within the bins where contacts act; with 40 about
# .5 (docs/planted-interactions.md), and most true pairs are in strata that have false ones, too.
DISTANCE_BINS = 40
_NO_STRATUM = "no stratum has pairs that interact and pairs that do not"
_NO_SIGNAL = "the scores are constant within strata: no signal to rank"
SCHEMES = ("distance", "types", "distance and types")


class NoSignal(ValueError):
    """The scores are constant within every stratum, so that there is no order to judge."""


def strata_of(candidates: Candidates, types: np.ndarray | None) -> dict[str, np.ndarray]:
    """The stratum (m,) of every pair, by scheme.

    Args:
        candidates: the pairs.
        types: (n,) names of cell types; None: only the scheme ``distance`` is possible.
    """
    cuts = np.quantile(candidates.distances, np.linspace(0, 1, DISTANCE_BINS + 1)[1:-1])
    near = np.searchsorted(cuts, candidates.distances)
    if types is None:
        return {"distance": near}
    _, codes = np.unique(types, return_inverse=True)
    first, second = np.sort(codes[candidates.pairs], axis=1).T
    kind = first * (codes.max() + 1) + second
    return dict(zip(SCHEMES, (near, kind, kind * DISTANCE_BINS + near), strict=True))


def judged(truth: np.ndarray, stratum: np.ndarray) -> np.ndarray:
    """Pairs in strata that have true and false pairs, (m,) bool."""
    _, place = np.unique(stratum, return_inverse=True)
    n, n_true = np.bincount(place), np.bincount(place, truth)
    return ((n_true > 0) & (n_true < n))[place]


def within(truth: np.ndarray, scores: np.ndarray, stratum: np.ndarray) -> Mapping[str, float]:
    """AUROC and average precision within strata.

    Args:
        truth: (m,) bool.
        scores: (m,) finite.
        stratum: (m,) of ``strata_of``.

    Raises:
        ValueError: no stratum has true and false pairs.
        NoSignal: the scores are constant within every stratum.
    """
    from scipy.stats import rankdata

    kept = judged(truth, stratum)
    if not kept.any():
        raise ValueError(_NO_STRATUM)
    order, edges = _by_stratum(scores, stratum, kept)
    truth, scores = truth[order], scores[order]
    constant, wins, comparisons, precision = True, 0.0, 0.0, 0.0
    for true, values in zip(np.split(truth, edges), np.split(scores, edges), strict=True):
        n_true, n = int(true.sum()), len(true)
        constant &= values[0] == values[-1]
        wins += rankdata(values)[true].sum() - n_true * (n_true + 1) / 2
        comparisons += n_true * (n - n_true)
        precision += n_true * _average_precision(true, values)
    if constant:
        raise NoSignal(_NO_SIGNAL)
    total = int(truth.sum())
    return {"AUROC": wins / comparisons, "AUPRC": precision / total}


def _average_precision(truth: np.ndarray, ascending: np.ndarray) -> float:
    """As of scikit-learn: ties are one step."""
    last = np.append(np.flatnonzero(np.diff(ascending[::-1])), len(ascending) - 1)
    hits = np.cumsum(truth[::-1])[last]
    return float((np.diff(hits, prepend=0) * hits / (last + 1)).sum() / hits[-1])


def permuted_within(
    truth: np.ndarray, scores: np.ndarray, stratum: np.ndarray, seed: int, times: int = 20
) -> float:
    """Mean AUROC within strata against truth permuted within strata: .5 if nothing is biased.

    Raises:
        ValueError, NoSignal: as ``within``.
    """
    from scipy.stats import rankdata

    kept = judged(truth, stratum)
    if not kept.any():
        raise ValueError(_NO_STRATUM)
    order, edges = _by_stratum(scores, stratum, kept)
    by_stratum = np.split(scores[order], edges)
    if all(values[0] == values[-1] for values in by_stratum):
        raise NoSignal(_NO_SIGNAL)
    ranks = np.concatenate([rankdata(values) for values in by_stratum])
    truth, stratum = truth[order], stratum[order]
    n_true = np.array([part.sum() for part in np.split(truth, edges)])
    n = np.array([len(values) for values in by_stratum])
    least, comparisons = (n_true * (n_true + 1) / 2).sum(), (n_true * (n - n_true)).sum()
    rng = generator_for(truth, seed)
    wins = []
    for _ in range(times):
        # The strata are contiguous, so their random order is a permutation within each.
        permuted = truth[np.lexsort((rng.random(len(truth)), stratum))]
        wins.append(ranks[permuted].sum() - least)
    return float(np.mean(wins) / comparisons)


def generator_for(truth: np.ndarray, seed: int) -> np.random.Generator:
    """Of permutations of this truth: others for every tissue, and others than those of scores."""
    return np.random.default_rng((seed, zlib.crc32(np.packbits(truth).tobytes())))


def _by_stratum(
    scores: np.ndarray, stratum: np.ndarray, kept: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The kept pairs by stratum, and by score within it; and where the next strata begin."""
    rows = np.flatnonzero(kept)
    order = rows[np.lexsort((scores[rows], stratum[rows]))]
    return order, np.flatnonzero(np.diff(stratum[order])) + 1
