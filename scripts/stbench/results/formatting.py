"""Formats of numbers in tables and sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

Row = Mapping[str, Any]


def number(value: float) -> str:
    """A score: .79, -.04, 1.00."""
    text = f"{round(value, 2) + 0:.2f}"  # + 0: no minus before a zero
    return text.replace("0.", ".", 1) if abs(value) < 0.995 else text


def signed(value: float) -> str:
    """A difference: +.03, -.10."""
    return f"{'-' if value < 0 else '+'}{number(abs(value))}"


def mean_and_sd(row: Row) -> str:
    """``.79 +- .03``, without the sd if there is a single seed."""
    return number(row["mean"]) + ("" if pd.isna(row["sd"]) else f" +- {number(row['sd'])}")


def seeds(n: int) -> str:
    return f"{n} seed{'s' * (n != 1)}"


def interval(row: Row) -> str:
    """`` [-.01, +.07]``; empty if there is none."""
    return "" if pd.isna(row["low"]) else f" [{signed(row['low'])}, {signed(row['high'])}]"
