"""Tables and texts in GitHub's Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def escaped(text: object) -> str:
    """Any text in one line, without a meaning in Markdown."""
    return re.sub(r"([\\`*_|<>\[\]~])", r"\\\1", " ".join(str(text).split()))


def table_of(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, left: int, right: int | None = None
) -> str:
    """A table of cells that are Markdown already.

    Args:
        head: titles of the columns.
        rows: as many cells each.
        left: number of the first columns, which are texts.
        right: number of the columns of numbers after them; default: all; the rest are texts.
    """
    end = len(head) if right is None else left + right
    sides = ["--:" if left <= place < end else ":--" for place in range(len(head))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, sides, *rows))
