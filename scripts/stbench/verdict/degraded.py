"""What methods lose on degraded data: a section of the leaderboard."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from stbench.common.text import markdown
from stbench.config.degradation import AT_LEVEL, UNTOUCHED
from stbench.results.formatting import count, number, signed
from stbench.verdict.markdown import table_of

FILE = "robustness.csv"  # in the folder of shipped results
ENOUGH = 0.3  # ARI on the original data; a method with less has little to lose
_ORIGINAL = "original"


def robustness_section(curves: pd.DataFrame, rank_by: str, titles: Mapping[str, str]) -> str:
    """Sentences and a table for each dataset, as Markdown.

    Args:
        curves: ``robustness_curves`` of ``stbench.results.studies.robustness_tables``.
        rank_by: the clusterer that ranks.
        titles: display names of the methods, by id, in the order of the table; others are left out.
    """
    rows = curves[(curves["clusterer"] == rank_by) & curves["method"].isin(titles)]
    parts = []
    for dataset, here in rows.groupby("dataset", sort=False):
        scores = _scores(here).reindex([name for name in titles if name in set(here["method"])])
        lost = scores.iloc[:, 1:].rsub(scores[_ORIGINAL], axis=0)
        known = lost[scores[_ORIGINAL] >= ENOUGH]
        draws = count(int(here["n"].max()), "training seed")
        parts.append(
            f"{markdown(str(dataset))}, {draws}, each with its own draw. What the {len(known)} "
            f"methods and controls with an ARI of {number(ENOUGH)} or more on the original data "
            f"lose: {'; '.join(_range(known[level].dropna(), titles) for level in known)}."
        )
        body = [[markdown(titles[name]), *_cells(row)] for name, row in scores.iterrows()]
        parts.append(table_of(["method", *scores.columns], body, left=1))
    return "\n\n".join(parts)


def _scores(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean ARI by method, on the original data and at each level, in words."""
    untouched = rows["level"] == rows["way"].map(UNTOUCHED)
    words = [
        _ORIGINAL if same else AT_LEVEL[way].format(level)
        for same, way, level in zip(untouched, rows["way"], rows["level"], strict=True)
    ]
    table = rows.assign(words=words).drop_duplicates(["method", "words"])
    wide = table.pivot(index="method", columns="words", values="mean")
    return wide[[_ORIGINAL, *dict.fromkeys(word for word in words if word != _ORIGINAL)]]


def _range(lost: pd.Series, titles: Mapping[str, str]) -> str:
    """``with 25% of the counts .05 at the median, from -.01 (X) to .30 (Y)``."""
    if lost.empty:
        return f"{lost.name} not known"
    least, most = (
        f"{number(lost[m])} ({markdown(titles[m])})" for m in (lost.idxmin(), lost.idxmax())
    )
    return f"{lost.name} {number(lost.median())} at the median, from {least} to {most}"


def _cells(row: pd.Series) -> list[str]:
    """The score on the original data, and the others with their difference from it."""
    original = row[_ORIGINAL]
    shown = ["–" if pd.isna(original) else number(original)]
    for value in row.drop(_ORIGINAL):
        change = "" if pd.isna(original) else f" ({signed(value - original)})"
        shown.append("–" if pd.isna(value) else number(value) + change)
    return shown
