"""Errors that are written for people: one line that says what is wrong, where, and what to do."""

from __future__ import annotations

import sys
from collections.abc import Callable


class InputError(Exception):
    """The user's input is wrong. The message is one line: where, what, what to do."""


class NotApplicableError(Exception):
    """A method cannot be run on this dataset by its nature; the message is the reason."""


def one_line(message: object) -> str:
    """Fold any text into a single line."""
    return " ".join(str(message).split())


def run_cli(main: Callable[[], None]) -> None:
    """Run a command-line program: an ``InputError`` becomes one line on stderr and exit code 1."""
    try:
        main()
    except (InputError, NotApplicableError) as error:
        sys.exit(f"error: {one_line(error)}")
