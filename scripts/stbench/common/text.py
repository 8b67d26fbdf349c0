"""Text for a terminal: aligned columns, wrapped paragraphs."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Sequence

WIDTH = 100  # of a line of text


def columns(rows: Sequence[Sequence[str]], left: Collection[int] = (0,)) -> str:
    """Rows of strings as aligned columns.

    Args:
        rows: of the same length, including the header.
        left: columns that are left-aligned; the others are right-aligned.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            word.ljust(width) if place in left else word.rjust(width)
            for place, (word, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def wrapped(text: str, first: str = "", hanging: str = "") -> str:
    """A paragraph of lines no longer than ``WIDTH``, except for longer words.

    Args:
        first: prefix of the first line.
        hanging: prefix of all other lines.
    """
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def shortened(text: str, most: int = 60) -> str:
    """The text, truncated with dots if it is longer than ``most`` characters."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def markdown(text: object) -> str:
    """Any text in one line, without a meaning in GitHub's Markdown."""
    return re.sub(r"([\\`*_|<>\[\]~])", r"\\\1", " ".join(str(text).split()))
