"""results/run.json: what the latest run does, for whoever looks at it from outside.

It holds the resolved configuration, which fits the run makes, how many jobs it runs at a time, and
when it started and ended. While the run lives the file's time of change is renewed, so a run that
was killed is told from one that works.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stbench.common.errors import InputError
from stbench.common.io import write_json
from stbench.runs.fit_status import Key

NAME = "run.json"
SILENCE = 120  # seconds after which a run that did not end counts as dead


@dataclass(frozen=True)
class RunNote:
    """The latest run.

    Attributes:
        config: the resolved configuration.
        fits: those that the run makes, anew where they were there before.
        jobs: how many run at a time.
        started, ended: seconds since 1970; ``ended`` None where nobody noted an end.
        seen: when the run was last known to live.
        failed: whether jobs failed.
    """

    config: Mapping[str, Any]
    fits: frozenset[Key]
    jobs: int
    started: float
    ended: float | None
    seen: float
    failed: bool = False

    @property
    def alive(self) -> bool:
        return self.ended is None and time.time() - self.seen < SILENCE


def note_start(results: Path, config: Mapping[str, Any], fits: Iterable[Key], jobs: int) -> RunNote:
    """Note that a run starts."""
    now = time.time()
    note = RunNote(config, frozenset(fits), jobs, now, None, now)
    _write(results, note)
    return note


def note_end(results: Path, note: RunNote, *, failed: bool) -> None:
    """Note that the run ended."""
    now = time.time()
    _write(
        results, RunNote(note.config, note.fits, note.jobs, note.started, now, now, failed=failed)
    )


def renew(results: Path) -> None:
    """Show that the run lives; needs no space on the disk."""
    os.utime(results / NAME)


def read_run(results: Path) -> RunNote:
    """The latest run.

    Raises:
        InputError: there was none, or the file is broken.
    """
    path = results / NAME
    try:
        told = json.loads(path.read_text())
        fits = frozenset(Key(*fit) for fit in told["fits"])
        times = told["started"], told["ended"], path.stat().st_mtime
        return RunNote(told["config"], fits, told["jobs"], *times, failed=told["failed"])
    except FileNotFoundError:
        raise InputError(f"{path}: no run has been started here yet: make run") from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not readable ({error}); delete it and run again") from error


def _write(results: Path, note: RunNote) -> None:
    told = {
        "config": note.config,
        "jobs": note.jobs,
        "started": note.started,
        "ended": note.ended,
        "failed": note.failed,
        "fits": sorted(note.fits),
    }
    write_json(results / NAME, told)
