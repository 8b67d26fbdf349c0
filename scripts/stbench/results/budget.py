"""The mark of methods that ``budget: cpu`` cuts short, and the line that explains it."""

from __future__ import annotations

import pandas as pd

MARK = "†"  # at the end of their titles


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
    return f"{MARK} trained for fewer epochs than by default (budget: cpu): {', '.join(named)}."
