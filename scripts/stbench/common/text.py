"""Text in aligned columns, for what is printed on a terminal."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def columns(rows: Sequence[tuple[str, ...]], left: Collection[int] = (0,)) -> str:
    """Rows of words as aligned columns: those in ``left`` to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            word.ljust(width) if place in left else word.rjust(width)
            for place, (word, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def shortened(text: str, most: int = 60) -> str:
    """The text, cut off with dots where it is longer than ``most`` characters."""
    return text if len(text) <= most else f"{text[: most - 3]}..."
