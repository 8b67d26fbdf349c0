"""The threshold for edges: a fixed score, a quantile of the scores, or a quantile of the null."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stbench.common.errors import InputError, NotApplicableError

KINDS = ("value", "quantile", "null_quantile")
DISTANCE_BINS = 40  # as many as the strata that interactions are scored in
_FEWEST_IN_BIN = 100  # null scores, so that a quantile of .95 has five above it


class Null(NamedTuple):
    """The scores that a network gives without real structure.

    Attributes:
        scores: (k,).
        distances: (k,) of the pairs of cells that they belong to, or None.
    """

    scores: np.ndarray
    distances: np.ndarray | None = None


def thresholds(
    number: float,
    kind: str,
    scores: np.ndarray,
    distances: np.ndarray,
    nulls: Sequence[Null | None] = (),
) -> np.ndarray:
    """The score that each edge must exceed, (m,).

    Args:
        number: the score, or the quantile.
        kind: ``value``, ``quantile`` (of ``scores``), or ``null_quantile``: of the null scores of
            pairs that are as far apart, or of all if their distances are not known.
        scores, distances: (m,) of the edges.
        nulls: of every training seed that ``scores`` come from. With several seeds, whose scores
            are means, the mean of the thresholds of the seeds is used. Means vary less than single
            scores, so this threshold is strict.

    Raises:
        InputError: the kind is unknown, or the number is not valid.
        NotApplicableError: the null is wanted and a seed has no null scores.
    """
    if kind not in KINDS:
        raise InputError(
            f"interactions: threshold_by: {kind!r} is not valid; use one of {', '.join(KINDS)}"
        )
    real = isinstance(number, int | float) and not isinstance(number, bool)
    if not real or not np.isfinite(number):
        raise InputError(f"interactions: threshold: {number!r} is not a number")
    if kind == "value":
        return np.full(len(scores), float(number))
    if not 0 <= number <= 1:
        raise InputError(f"interactions: threshold: {number} is not between 0 and 1 ({kind})")
    if kind == "quantile":
        return np.full(len(scores), np.quantile(scores, number) if len(scores) else np.inf)
    if not nulls or any(null is None or not len(null.scores) for null in nulls):
        raise NotApplicableError(
            "the fit has no null scores for this graph; "
            "set interactions: threshold_by: to value or quantile"
        )
    return np.mean([_quantiles(number, distances, null) for null in nulls if null], axis=0)


def _quantiles(number: float, distances: np.ndarray, null: Null) -> np.ndarray:
    """The quantile of the null scores in the bin of distance of every edge; bins of equal size."""
    n_bins = min(DISTANCE_BINS, len(null.scores) // _FEWEST_IN_BIN)
    if null.distances is None or n_bins < 2:
        return np.full(len(distances), np.quantile(null.scores, number))
    cuts = np.quantile(null.distances, np.linspace(0, 1, n_bins + 1)[1:-1])
    of_null = np.searchsorted(cuts, null.distances)
    filled = np.unique(of_null)  # on a lattice many pairs are equally far apart
    cut_of_bin = [np.quantile(null.scores[of_null == place], number) for place in filled]
    of_edge = np.searchsorted(filled, np.searchsorted(cuts, distances))
    return np.array(cut_of_bin)[np.minimum(of_edge, len(filled) - 1)]
