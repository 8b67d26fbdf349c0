"""The progress line of a run: updated in place on a terminal, repeated in a log."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from typing import TextIO

BAR = 20  # characters
EVERY = 60.0  # seconds between two lines of a log


class LiveLine:
    """Shows jobs and fits of a run in one line; other lines are printed around it.

    On a terminal, it is the last line, has a bar and is updated at every change. In a log, a new
    line is printed after a change, at most once a minute. Safe to use from several threads.
    """

    def __init__(self, stream: TextIO | None, every: float = EVERY) -> None:
        """Print to ``stream`` (None: nowhere); to a log at most once in ``every`` seconds."""
        self._stream, self._every = stream, every
        self._terminal = stream is not None and stream.isatty()
        self._lock = threading.Lock()
        self._jobs, self._fits = (0, 0), ""
        self._printed, self._when = "", float("-inf")
        self._ended = False

    def jobs(self, done: int, total: int) -> None:
        """Show the number of finished jobs of the run."""
        with self._lock:
            self._jobs = (done, total)
            self._refresh()

    def fits(self, text: str) -> None:
        """Show the progress of the fits."""
        with self._lock:
            self._fits = text
            self._refresh()

    def say(self, text: str) -> None:
        """Print lines that are not overwritten."""
        self.around(lambda: self._print(text))

    def around(self, write: Callable[[], object]) -> None:
        """Call a function that writes to the terminal, while the line is cleared."""
        with self._lock:
            self._clear()
            write()
            self._draw()

    def end(self) -> None:
        """Print the line for the last time; nothing is shown afterwards."""
        with self._lock:
            self._clear()
            if not self._ended and (text := self._text()) and text != self._printed:
                self._print(text)
            self._ended = True

    def _text(self) -> str:
        done, total = self._jobs
        jobs = f"{done} of {total} jobs" if total > 1 else ""  # a single job needs no progress
        return "; ".join(filter(None, [jobs, self._fits]))

    def _refresh(self) -> None:
        if self._terminal:
            self._draw()
            return
        text, now = self._text(), time.monotonic()
        started = self._jobs[0] > 0 or self._fits  # the first line waits for a number
        due = now - self._when >= self._every and not self._ended
        if started and due and text not in ("", self._printed):
            self._print(text)
            self._printed, self._when = text, now

    def _print(self, text: str) -> None:
        if self._stream is not None:
            print(text, file=self._stream, flush=True)

    def _draw(self) -> None:
        if not self._terminal or self._ended or not (text := self._text()):
            return
        done, total = self._jobs
        full = round(BAR * done / total) if total else 0
        line = f"[{'#' * full}{'-' * (BAR - full)}] {text}"
        width = shutil.get_terminal_size().columns - 1
        assert self._stream is not None
        print(f"\r{line[:width]}\033[K", end="", file=self._stream, flush=True)

    def _clear(self) -> None:
        if self._terminal and not self._ended:
            print("\r\033[K", end="", file=self._stream, flush=True)
