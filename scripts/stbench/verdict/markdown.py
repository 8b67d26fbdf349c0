"""Tables in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


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
