"""Labels of cells in one form; one list of the spellings of a missing label."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

_MISSING = frozenset(
    (
        *("", "nan", "na", "n/a", "#n/a", "<na>", "none", "null"),
        *("unknown", "unassigned", "unlabeled", "unlabelled", "not assigned"),
    )
)


def is_missing(label: str) -> bool:
    """Whether a label says that there is none; case and surrounding spaces do not matter."""
    return label.strip().casefold() in _MISSING


def label_of(value: Any) -> str | None:
    """A label as a string, or None if it is missing; 1.0 is ``1``."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, bytes):
        value = value.decode()
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    text = str(value)
    return None if is_missing(text) else text


def categories(values: Any) -> pd.Categorical:
    """Labels as sorted categories of strings."""
    labels = [label_of(value) for value in np.asarray(values, dtype=object)]
    return pd.Categorical(
        labels, categories=sorted({label for label in labels if label is not None})
    )
