"""The mark of methods that a budget cuts short, and the line that explains it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

MARK = "†"  # at the end of their titles


def budget_word(config: Mapping[str, Any]) -> str:
    """The budget of a configuration in a word or two."""
    budget = config.get("budget", "full")
    return budget if isinstance(budget, str) else f"cpu for {', '.join(budget)}"


def budget_note(results: pd.DataFrame) -> str:
    """A sentence that explains the mark; empty if no method has it.

    Args:
        results: of ``stbench.results.assembly.assemble``.
    """
    cut = results[results["budget"] != ""].drop_duplicates("method").sort_values("title")
    if not len(cut):
        return ""
    named = [
        f"{title.replace(MARK, '')} {words}"
        for title, words in zip(cut["title"], cut["budget"], strict=True)
    ]
    return f"{MARK} trained for fewer epochs than by default: {', '.join(named)}."
