"""Strategies that choose a map without true labels, and what each loses against the best method.

A strategy that learns from other tissues gets those of other units (studies) only.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from stbench.choosing.previous_results import mean_ranks
from stbench.choosing.recommendation import CONSENSUS, CRITERIA, PREVIOUS
from stbench.results.statistics import Difference, mean_over_groups

BASELINE = "smoothed_pca"
ALWAYS_BEST, ALWAYS_BASELINE, RANDOM = "always the best on average", "always smoothed PCA", "random"
TITLES = {
    CONSENSUS: "consensus of methods",
    **CRITERIA,
    ALWAYS_BEST: ALWAYS_BEST,
    ALWAYS_BASELINE: ALWAYS_BASELINE,
    RANDOM: "a random method (expected)",
}


def with_previous(table: pd.DataFrame) -> pd.DataFrame:
    """The criterion ``PREVIOUS`` of every method, from the tissues of other units alone.

    Args:
        table: one row per dataset and method (and the consensus): dataset, unit, technology,
            method, ARI, and the other criteria.
    """
    scores = table[table["method"] != CONSENSUS]
    parts = []
    for _, rows in table.groupby("dataset", sort=False):
        about = rows.iloc[0]
        ranks = mean_ranks(scores, about["technology"], about["unit"])
        parts.append(rows.assign(**{PREVIOUS: -rows["method"].map(ranks).astype(float)}))
    return pd.concat(parts, ignore_index=True)


def regrets(table: pd.DataFrame) -> pd.DataFrame:
    """What each strategy loses on each dataset: best ARI of a method minus that of its map.

    Args:
        table: of ``with_previous``.

    Returns:
        One row per dataset, a column per strategy (``TITLES``); index (unit, dataset). A criterion
        that is known for no method of a dataset is NaN there.
    """
    rows = {}
    for (unit, dataset), of_tissue in table.groupby(["unit", "dataset"], sort=False):
        maps = of_tissue.set_index("method")
        methods = maps.drop(CONSENSUS, errors="ignore")
        aris = methods["ARI"]
        picks = {name: _pick(methods[name]) for name in CRITERIA}
        picks[ALWAYS_BEST] = _best_elsewhere(table, unit, list(methods.index))
        picks[ALWAYS_BASELINE] = BASELINE if BASELINE in aris.index else None
        found = {name: np.nan if pick is None else aris[pick] for name, pick in picks.items()}
        found[CONSENSUS] = maps["ARI"].get(CONSENSUS, np.nan)
        found[RANDOM] = aris.mean()
        rows[unit, dataset] = {name: aris.max() - found[name] for name in TITLES}
    made = pd.DataFrame.from_dict(rows, orient="index")
    made.index = pd.MultiIndex.from_tuples(list(rows), names=["unit", "dataset"])
    return made


def mean_regrets(table: pd.DataFrame) -> dict[str, Difference]:
    """Mean regret of each strategy over units, with its 95 % interval; of ``regrets``."""
    found = {}
    for name in table:
        groups = [g.dropna().to_numpy() for _, g in table[name].groupby(level="unit", sort=False)]
        if groups := [group for group in groups if len(group)]:
            found[str(name)] = mean_over_groups(groups)
    return found


def _pick(values: pd.Series) -> str | None:
    return None if values.isna().all() else str(values.idxmax())


def _best_elsewhere(table: pd.DataFrame, unit: str, methods: list[str]) -> str | None:
    """Of these methods the one with the highest mean ARI above that of a random method.

    The mean ARI of a tissue is subtracted, because not every method was run on every tissue.
    """
    others = table[(table["unit"] != unit) & (table["method"] != CONSENSUS)]
    if others.empty:
        return None
    above = others["ARI"] - others.groupby("dataset")["ARI"].transform("mean")
    means = above.groupby([others["unit"], others["method"]]).mean().groupby("method").mean()
    return _pick(means.reindex(methods))
