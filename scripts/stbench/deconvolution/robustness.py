"""Robustness of deconvolution to degraded spots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stbench.deconvolution.metrics import METRICS
from stbench.deconvolution.scoring import ALL_TYPES
from stbench.results.assembly import in_order
from stbench.results.studies import area_under, at_levels

# SSIM is left out: its windows move with the positions.
SHOWN = ("pearson_type", "rmse_type", "jsd", "auroc")
CURVE = ["dataset", "method", "metric", "better", "way"]
SCORE = ["mean", "low", "high", "sd_seeds", "n_seeds", "n_spots", "status", "reason"]


def split_derived(
    scores: pd.DataFrame, derived: Mapping[str, Mapping[str, Any]]
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Scores of the original pairs, and tables of the scores of degraded pairs.

    Args:
        scores: of ``stbench.deconvolution.tables.read_scores``.
        derived: by pair ``of``, ``way`` and ``level`` (``stbench.config.degradation.levels_of``).

    Returns:
        The rows of ``scores`` of the original pairs. By file name, empty without derived pairs:
        ``deconvolution_robustness_curves``: for every pair, method, metric, way and level,
        including the unchanged one, the mean with its interval, status and reason; ``better`` is
        ``higher`` or ``lower``. ``deconvolution_robustness_area``: for each curve ``area`` (mean
        height, levels evenly spaced) and ``kept``, the area over the height at the unchanged
        level; for an error, above 1 means a larger error.
    """
    original = scores[~scores["dataset"].isin(derived)]
    if not derived:
        return original, {}
    means = scores[(scores["type"] == ALL_TYPES) & scores["metric"].isin(SHOWN)]
    better = means["metric"].map(lambda name: METRICS[name].better)
    curves = at_levels(means.assign(better=better), derived)[[*CURVE, "level", *SCORE]]
    areas = [
        {**dict(zip(CURVE, key, strict=True)), **area_under(curve, str(key[4]))}
        for key, curve in curves.groupby(CURVE, sort=False)
    ]
    return original, {
        "deconvolution_robustness_curves": in_order(curves, [*CURVE, "level"]),
        "deconvolution_robustness_area": in_order(pd.DataFrame(areas), CURVE),
    }
