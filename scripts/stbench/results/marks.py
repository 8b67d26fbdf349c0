"""The sentences that explain the marks of titles."""

from __future__ import annotations

import pandas as pd

from stbench.results.budget import budget_note
from stbench.results.shipped import shipped_note


def marks_note(results: pd.DataFrame) -> str:
    """What the marks mean: fewer epochs, shipped; empty if no title has one.

    Args:
        results: of ``stbench.results.assembly.assemble``.
    """
    return " ".join(filter(None, [budget_note(results), shipped_note(results)]))
