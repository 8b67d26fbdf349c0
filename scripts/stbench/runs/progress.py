"""How far a run is, in one line: fits that ended, failed, run and are left, and the time left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from stbench.config.layout import Layout
from stbench.runs.fit_status import FitState, Key, count, fit_states
from stbench.runs.live_line import LiveLine
from stbench.runs.run_record import RunNote, renew

Seconds = Mapping[tuple[str, str], float]  # predicted for a fit, by dataset and method

FASTEST = 4.0  # times as fast as predicted, on every core: no pace is believed beyond it


def time_left(
    states: Iterable[FitState], seconds: Seconds, run: RunNote, now: float
) -> float | None:
    """Seconds until the last fit ends, at the pace of this run so far.

    The pace is the predicted work of the fits that succeeded in this run (half of that of running
    ones) over the time since its start, which takes in everything else the run does; before the
    first has ended it is one second of work per second on every core. A method that was not
    applicable wherever it ended, as where its environment is missing, is expected to take no time.

    Args:
        states: all fits.
        seconds: what each was predicted to take.
        run: the run that makes them.
        now: seconds since 1970.

    Returns:
        None where nothing is left.
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
    """The methods, by task, that did not apply wherever they ended."""
    ended = [((s.key.task, s.key.method), s.status) for s in states if s.ended]
    applied = {method for method, status in ended if status != "not_applicable"}
    return {method for method, _ in ended} - applied


def duration(seconds: float) -> str:
    """A time as people say it: ``40 s``, ``12 min``, ``3.5 h``, ``2.1 d``."""
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
    told = f"{fits - waiting} of {fits} fits: {', '.join(words)}"
    if waiting:
        told += f"; {counted['running']} running, {counted['left']} left"
    return told + (f", about {duration(left)}" if left is not None else "")


class ProgressLine(threading.Thread):
    """Counts fits as long as a run goes on, shows that, and marks the run as alive."""

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
            run: what runs.
            keys: all fits of the configuration.
            predict: gives the predicted seconds; called once, in this thread.
            shown: the line that shows how far the fits are.
        """
        super().__init__(name="progress", daemon=True)
        self.note = run
        self._layout, self._keys = layout, keys
        self._predict, self._shown = predict, shown
        self._look_every = 5.0
        self._blind = False
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
        """The fits as they are; none where the results cannot be looked at, which is said once."""
        run = self.note
        try:
            renew(self._layout)
            return fit_states(
                self._layout, self._keys, alive=True, again=run.fits, since=run.started
            )
        except OSError as error:  # results that were removed, or a file system that is away
            if not self._blind:
                self._shown.say(f"progress: {self._layout.root} cannot be read ({error.strerror})")
            self._blind = True
            return []
