"""One row of the scores of interactions: a scorer, a metric, and the value or why there is none."""

from __future__ import annotations

from typing import NamedTuple

NO_SEED = -1  # of scorers that do not depend on a seed


class Scorer(NamedTuple):
    """The scorer, its method if it has one, and the training seed."""

    scorer: str
    method: str = ""
    seed: int = NO_SEED


class Cause(NamedTuple):
    """Why there is no value."""

    status: str
    reason: str


OK = Cause("ok", "")


def row(scorer: Scorer, metric: str, value: float | None, cause: Cause = OK) -> dict:
    """A row of the table; the ``cause`` counts only if there is no value."""
    status, reason = OK if value is not None else cause
    number = float("nan") if value is None else value
    return {
        **scorer._asdict(),
        "metric": metric,
        "value": number,
        "status": status,
        "reason": reason,
    }
