"""The recommended number of domains and its alternatives, from the curves of the criteria.

The rule is fixed and has no settings:

* Each criterion has a choice of its own: the number with the largest value; for the gap the first
  number whose gap is not below the next one minus its standard error (Tibshirani et al. 2001).
* Recommended is the number from ``LEAST`` on with the largest agreement, the mean of the agreement
  between resamples and, where methods were trained with several seeds, between seeds.
* Two domains are recommended only if the agreement is largest at two and the gap and the
  silhouette choose two as well: any split along the main axis of a tissue can be repeated.
* Alternatives are the other local maxima of the agreement from ``LEAST`` on, the largest first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from stbench.choosing.number_criteria import GAP, RESAMPLES, SEEDS, SILHOUETTE

LEAST = 3  # the least number that agreement alone can recommend
MOST_ALTERNATIVES = 2


@dataclass(frozen=True)
class NumberChoice:
    """A choice of the number of domains.

    Attributes:
        recommended: the number; None if the agreement is not known at any number.
        alternatives: further numbers, the best first.
        of_criteria: the choice of each criterion.
    """

    recommended: int | None
    alternatives: list[int]
    of_criteria: dict[str, int]


def choose_number(curves: pd.DataFrame) -> NumberChoice:
    """Choose from the curves of ``stbench.choosing.number_criteria.curves``."""
    of_criteria = {}
    for name, curve in curves.dropna(subset=["value"]).groupby("criterion", sort=False):
        of_criteria[str(name)] = _first_gap(curve) if name == GAP else _largest(curve)
    agreement = agreement_curve(curves)
    if agreement.empty:
        return NumberChoice(None, [], of_criteria)
    supported = of_criteria.get(GAP) == of_criteria.get(SILHOUETTE) == 2
    two = int(agreement.idxmax()) == 2 and supported
    candidates = agreement if two or agreement.index[-1] < LEAST else agreement.loc[LEAST:]
    recommended = int(candidates.idxmax())
    others = [k for k in _local_maxima(agreement) if k >= LEAST and k != recommended]
    others = sorted(others, key=lambda k: -agreement[k])[:MOST_ALTERNATIVES]
    return NumberChoice(recommended, others, of_criteria)


def agreement_curve(curves: pd.DataFrame) -> pd.Series:
    """The mean agreement by number of domains, ascending; without unknown values."""
    agreements = curves[curves["criterion"].isin([SEEDS, RESAMPLES])]
    return agreements.groupby("n_domains")["value"].mean().dropna()


def _largest(curve: pd.DataFrame) -> int:
    return int(curve["n_domains"].to_numpy()[np.argmax(curve["value"])])


def _first_gap(curve: pd.DataFrame) -> int:
    """The first number that the rule accepts, else the last."""
    numbers, values = curve["n_domains"].to_numpy(), curve["value"].to_numpy()
    enough = values[:-1] >= values[1:] - curve["error"].to_numpy()[1:]
    return int(numbers[:-1][enough][0]) if enough.any() else int(numbers[-1])


def _local_maxima(curve: pd.Series) -> list[int]:
    """Numbers between two others whose value is larger than that of both."""
    values = curve.to_numpy()
    inner = (values[1:-1] > values[:-2]) & (values[1:-1] > values[2:])
    return [int(k) for k in curve.index[1:-1][inner]]
