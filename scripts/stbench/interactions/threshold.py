"""The threshold for edges: a fixed score, a quantile of the scores, or a quantile of the null.

Where a method gives its edges as a function of expression, its null is that of each edge
(``stbench.interactions.edge_chance``). Otherwise one threshold is for all edges.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stbench.common.errors import InputError, NotApplicableError

KINDS = ("value", "quantile", "null_quantile")


def threshold(
    number: float, kind: str, scores: np.ndarray, nulls: Sequence[np.ndarray | None] = ()
) -> float:
    """The score that an edge must exceed.

    Args:
        number: the score, or the quantile.
        kind: ``value``, ``quantile`` (of ``scores``), or ``null_quantile`` (of the scores that the
            method gives without real structure).
        scores: (m,) scores of the edges.
        nulls: null scores of every training seed that ``scores`` come from. With several seeds,
            whose scores are means, the mean of the quantiles of the seeds is used. Means vary less
            than single scores, so this threshold is strict.

    Raises:
        InputError: the kind is unknown, or the number is not valid.
        NotApplicableError: the null is wanted and a seed has no null scores.
    """
    check(number, kind)
    if kind == "value":
        return float(number)
    if kind == "quantile":
        return float(np.quantile(scores, number)) if len(scores) else np.inf
    if not nulls or any(null is None or not len(null) for null in nulls):
        raise NotApplicableError(
            "the fit has no null scores for this graph; "
            "set interactions: threshold_by: to value or quantile"
        )
    return float(np.mean([np.quantile(null, number) for null in nulls if null is not None]))


def check(number: float, kind: str) -> None:
    """Check the settings of a threshold.

    Raises:
        InputError: the kind is unknown, or the number is not valid.
    """
    if kind not in KINDS:
        raise InputError(
            f"interactions: threshold_by: {kind!r} is not valid; use one of {', '.join(KINDS)}"
        )
    real = isinstance(number, int | float) and not isinstance(number, bool)
    if not real or not np.isfinite(number):
        raise InputError(f"interactions: threshold: {number!r} is not a number")
    if kind != "value" and not 0 <= number <= 1:
        raise InputError(f"interactions: threshold: {number} is not between 0 and 1 ({kind})")
