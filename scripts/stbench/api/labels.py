"""All metrics of one labeling of a tissue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stbench.common.errors import InputError
from stbench.common.labels import categories
from stbench.scoring.metrics import TRUTH_METRICS
from stbench.scoring.spatial_metrics import SPATIAL_METRICS

if TYPE_CHECKING:
    import pandas as pd


def score(labels: Any, truth: Any = None, coords: Any = None) -> dict[str, float]:
    """Score the domains of cells.

    Args:
        labels: (n_cells,) found domains, of any type; none may be missing.
        truth: (n_cells,) true domains; cells whose label is missing (None, NaN, "unknown" and the
            like) do not count. None: the metrics that need a truth are left out.
        coords: (n_cells, 2) positions, in any unit. None: those of smoothness are left out.

    Returns:
        The value of each metric of ``METRICS`` by its name, as the benchmark computes it.

    Raises:
        InputError: an input has another number of cells, or there is nothing to compare with.
    """
    if truth is None and coords is None:
        raise InputError("score: give true domains, positions, or both")
    found = _domains(labels, "labels")
    if not len(found) or (found.codes < 0).any():
        raise InputError(f"score: {(found.codes < 0).sum()} of {len(found)} labels are missing")
    scores: dict[str, float] = {}
    if truth is not None:
        true = _domains(truth, "true domains")
        _same_cells("true domains", len(true), len(found))
        known = true.codes >= 0
        if not known.any():
            raise InputError("score: no cell has a true domain")
        for name, metric in TRUTH_METRICS.items():
            scores[name] = float(metric(true.codes[known], found.codes[known]))
    if coords is not None:
        positions = _positions(coords)
        _same_cells("positions", len(positions), len(found))
        for name, metric in SPATIAL_METRICS.items():
            scores[name] = float(metric(positions, found.codes))
    return scores


def _domains(values: Any, what: str) -> pd.Categorical:
    if np.ndim(values) != 1:
        raise InputError(f"score: {what} must be a sequence with one value for each cell")
    return categories(values)


def _positions(coords: Any) -> np.ndarray:
    wrong = InputError("score: positions must be finite numbers in two columns")
    try:
        positions = np.asarray(coords, dtype=np.float64)
    except (TypeError, ValueError):
        raise wrong from None
    if positions.ndim != 2 or positions.shape[1] != 2 or not np.isfinite(positions).all():
        raise wrong
    return positions


def _same_cells(what: str, number: int, expected: int) -> None:
    if number != expected:
        raise InputError(f"score: {number} {what} for {expected} labels")
