"""How methods ranked on the labeled tissues of earlier runs."""

from __future__ import annotations

import pandas as pd

COLUMNS = ["dataset", "unit", "technology", "method", "ARI"]


def mean_ranks(scores: pd.DataFrame, technology: str, unit: str = "") -> pd.Series:
    """Mean rank of each method on tissues of a technology, of all tissues if it has none.

    Ranks are scaled: 0 for the best method of a tissue, 1 for the worst. They are averaged over
    the tissues of a unit (a study), then over units.

    Args:
        scores: final ARI with the columns ``COLUMNS``.
        technology: of the tissue for which a method is chosen.
        unit: its own unit, which is left out.

    Returns:
        By method; empty without any other unit.
    """
    others = scores[scores["unit"] != unit].dropna(subset=["ARI"])
    alike = others[others["technology"] == technology]
    used = alike if len(alike) else others
    ranks = used.groupby("dataset")["ARI"].rank(ascending=False) - 1
    worst = used.groupby("dataset")["ARI"].transform("count") - 1
    scaled = used.assign(rank=ranks / worst.clip(lower=1))
    return scaled.groupby(["unit", "method"])["rank"].mean().groupby("method").mean()
