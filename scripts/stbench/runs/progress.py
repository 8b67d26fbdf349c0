"""Progress of a run in one line: fits that ended, failed, run and are left, and the time left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from stbench.config.layout import Layout
from stbench.runs.fit_status import FitState, Key, count, fit_states
from stbench.runs.live_line import LiveLine
from stbench.runs.run_record import RunNote, renew

Seconds = Mapping[tuple[str, str], float]  # predicted for a fit, by dataset and method

FASTEST = 4.0  # upper limit of the pace, relative to the prediction on every core


def time_left(
    states: Iterable[FitState], seconds: Seconds, run: RunNote, now: float
) -> float | None:
    """Seconds until the last fit ends, at the pace of this run so far.

    The pace is the predicted work of the fits that succeeded in this run (plus half of that of
    running ones) divided by the time since its start, which includes all other jobs; before the
    first fit has ended it is one second of work per second on every core. A method that was not
    applicable in all ended fits, such as one without its environment, is expected to take no time.

    Args:
        states: of all fits.
        seconds: predicted for each fit.
        run: the run.
        now: seconds since 1970.

    Returns:
        None if nothing is left.
    """
    states = list(states)
    idle = _never_applicable(states)
    ended, running, left = 0.0, 0.0, 0.0
    for state in states:
        method = state.key.method
        work = 0.0 if (state.key.task, method) in idle else seconds[state.key.dataset, method]
        if state.status == "running":
            running += work
        elif state.status == "left":
            left += work
        elif state.status == "ok" and state.key in run.fits and state.ended >= run.started:
            ended += work
    if not running + left:
        return None
    pace = float(run.jobs)
    if ended and now > run.started:
        seen = (ended + running / 2) / (now - run.started)
        pace = min(seen, FASTEST * run.jobs)
    return (left + running / 2) / pace


def _never_applicable(states: Iterable[FitState]) -> set[tuple[str, str]]:
    """Methods, as (task, method), that were not applicable in all ended fits."""
    ended = [((s.key.task, s.key.method), s.status) for s in states if s.ended]
    applied = {method for method, status in ended if status != "not_applicable"}
    return {method for method, _ in ended} - applied


def duration(seconds: float) -> str:
    """A duration as text: ``40 s``, ``12 min``, ``3.5 h``, ``2.1 d``."""
    for size, unit in ((86400, "d"), (3600, "h")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"


def line(counted: Mapping[str, int], left: float | None) -> str:
    """``31 of 48 fits: 28 ok, 1 not applicable, 2 failed; 3 running, 14 left, about 6 min``."""
    fits = sum(counted.values())
    ended = [(counted[name], name.replace("_", " ")) for name in ("not_applicable", "failed")]
    words = [f"{counted['ok']} ok", *(f"{number} {name}" for number, name in ended if number)]
    waiting = counted["running"] + counted["left"]
    text = f"{fits - waiting} of {fits} fits: {', '.join(words)}"
    if waiting:
        text += f"; {counted['running']} running, {counted['left']} left"
    return text + (f", about {duration(left)}" if left is not None else "")


class ProgressLine(threading.Thread):
    """Updates the progress line during a run, and marks the run as alive."""

    def __init__(
        self,
        layout: Layout,
        run: RunNote,
        keys: Sequence[Key],
        predict: Callable[[], Seconds],
        shown: LiveLine,
    ) -> None:
        """Watch the fits ``keys``.

        Args:
            layout: of the results.
            run: record of the run.
            keys: all fits of the configuration.
            predict: returns the predicted seconds; called once, in this thread.
            shown: the line that shows the progress.
        """
        super().__init__(name="progress", daemon=True)
        self.note = run
        self._layout, self._keys = layout, keys
        self._predict, self._shown = predict, shown
        self._look_every = 5.0
        self._warned = False
        self._over = threading.Event()

    def run(self) -> None:
        seconds = self._predict()
        while True:
            if states := self._look():
                left = time_left(states, seconds, self.note, time.time())
                self._shown.fits(line(count(states), left))
            if self._over.wait(self._look_every):
                return

    def end(self) -> None:
        """Stop, and print the last line."""
        self._over.set()
        self.join(timeout=10)
        if states := self._look():
            took = duration(time.time() - self.note.started)
            self._shown.fits(f"{line(count(states), None)}; took {took}")
        self._shown.end()

    def _look(self) -> list[FitState]:
        """Current states of the fits; none if the results cannot be read (reported once)."""
        run = self.note
        try:
            renew(self._layout)
            return fit_states(
                self._layout, self._keys, alive=True, again=run.fits, since=run.started
            )
        except OSError as error:  # the results were removed, or the file system is not available
            if not self._warned:
                self._shown.say(f"progress: {self._layout.root} cannot be read ({error.strerror})")
            self._warned = True
            return []
