"""Robustness of deconvolution to degraded spots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stbench.deconvolution.metrics import METRICS
from stbench.deconvolution.scoring import ALL_TYPES, mean_of_seeds
from stbench.results.aggregates import fold_reasons, fold_statuses
from stbench.results.assembly import in_order
from stbench.results.studies import area_under, at_levels

# SSIM is left out: its windows move with the positions.
SHOWN = ("pearson_type", "rmse_type", "jsd", "auroc")
CURVE = ["dataset", "method", "metric", "better", "way"]
LEVEL = [*CURVE, "level"]
SCORE = ["mean", "low", "high", "sd_seeds", "n_seeds", "n_spots", "status", "reason"]


def split_derived(
    scores: pd.DataFrame, derived: Mapping[str, Mapping[str, Any]]
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Scores of the original pairs, and tables of the scores of degraded pairs.

    Args:
        scores: of ``stbench.deconvolution.tables.read_scores``.
        derived: by pair ``of``, ``way``, ``level`` and ``draw``
            (``stbench.config.degradation.levels_of``).

    Returns:
        The rows of ``scores`` of the original pairs. By file name, empty without derived pairs:
        ``deconvolution_robustness_curves``: for every pair, method, metric, way and level,
        including the unchanged one, the mean over seeds, each with its own draw of the
        degradation, with its interval, status and reason; ``better`` is ``higher`` or ``lower``.
        ``deconvolution_robustness_area``: for each curve ``area`` (mean
        height, levels evenly spaced) and ``kept``, the area over the height at the unchanged
        level; for an error, above 1 means a larger error.
    """
    original = scores[~scores["dataset"].isin(derived)]
    if not derived:
        return original, {}
    means = scores[(scores["type"] == ALL_TYPES) & scores["metric"].isin(SHOWN)]
    better = means["metric"].map(lambda name: METRICS[name].better)
    one_draw = at_levels(means.assign(better=better), derived)
    curves = pd.DataFrame(
        [
            {**dict(zip(LEVEL, key, strict=True)), **_over_draws(str(key[2]), rows)}
            for key, rows in one_draw.groupby(LEVEL, sort=False)
        ]
    )[[*LEVEL, *SCORE]]
    areas = [
        {**dict(zip(CURVE, key, strict=True)), **area_under(curve, str(key[4]))}
        for key, curve in curves.groupby(CURVE, sort=False)
    ]
    return original, {
        "deconvolution_robustness_curves": in_order(curves, LEVEL),
        "deconvolution_robustness_area": in_order(pd.DataFrame(areas), CURVE),
    }


def _over_draws(metric: str, rows: pd.DataFrame) -> dict[str, Any]:
    """The score at one level from its draws, one row each; the undamaged pair has one row."""
    if len(rows) == 1:
        return rows.iloc[0][SCORE].to_dict()
    scored = rows[rows["mean"].notna()]
    summary = dict.fromkeys(("mean", "low", "high", "sd_seeds"), np.nan)
    if len(scored):
        # All draws are of one tissue, so the mean over draws has the noise of its spots.
        se_spots = float(np.sqrt((scored["se_spots"] ** 2).mean()))
        blocks = int(scored["blocks"].min())
        found = mean_of_seeds(metric, scored["mean"].to_numpy(), se_spots, blocks)
        summary = dict(zip(summary, found, strict=True))
    return {
        **summary,
        "n_seeds": int(scored["n_seeds"].sum()),
        "n_spots": round(rows["n_spots"].mean()),
        "status": fold_statuses(rows["status"].tolist()),
        "reason": fold_reasons(rows["draw"].tolist(), rows["reason"].tolist()),
    }
