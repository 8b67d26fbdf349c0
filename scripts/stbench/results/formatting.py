"""Formats of numbers in tables and sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

Row = Mapping[str, Any]
HIDDEN = 0.005  # a smaller sd is written as .00


def number(value: float) -> str:
    """A score: .79, -.04, 1.00."""
    text = f"{round(value, 2) + 0:.2f}"  # + 0: no minus before a zero
    return text.replace("0.", ".", 1) if abs(value) < 0.995 else text


def signed(value: float) -> str:
    """A difference: +.03, -.10."""
    return f"{'-' if value < 0 else '+'}{number(abs(value))}"


def mean_and_sd(row: Row) -> str:
    """``.79 +- .03``; with ``sd_of_starts`` in brackets if there is one: ``.76 (+- .08)``."""
    if pd.notna(starts := sd_of_starts(row)):
        return f"{number(row['mean'])} (+- {number(starts)})"
    return number(row["mean"]) + ("" if pd.isna(row["sd"]) else f" +- {number(row['sd'])}")


def sd_of_starts(row: Row) -> float:
    """The sd over clusterings of one embedding, if the sd over training seeds hides it.

    It is hidden if there is one seed, or if the sd over seeds rounds to .00, as for a method that
    ignores its seed.

    Args:
        row: with ``sd`` and ``sd_clustering``; either may be NaN.

    Returns:
        NaN if it is not hidden, rounds to .00 itself, or there is one clustering.
    """
    hides = pd.isna(row["sd"]) or row["sd"] < HIDDEN
    starts = float(row["sd_clustering"])
    return starts if hides and starts >= HIDDEN else float("nan")


def count(n: int, what: str, several: str = "") -> str:
    """``1 dataset``, ``2 datasets``; ``several`` is the plural where it does not end with an s."""
    return f"{n} {what if n == 1 else several or f'{what}s'}"


def joined(texts: Sequence[str]) -> str:
    """``A``, ``A and B``, ``A, B and C``."""
    return " and ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))


def seeds(n: int) -> str:
    return count(n, "seed")


def interval(row: Row) -> str:
    """`` [-.01, +.07]``; empty if there is none."""
    return "" if pd.isna(row["low"]) else f" [{signed(row['low'])}, {signed(row['high'])}]"


def duration(seconds: float) -> str:
    """``8 s``, ``12 min``, ``3.5 h``."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def megabytes(value: float) -> str:
    """``593 MB``, ``3.0 GB``."""
    return f"{value:.0f} MB" if value < 1000 else f"{value / 1000:.1f} GB"
