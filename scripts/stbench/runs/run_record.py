"""results/<name>/run.json: what the latest run of a configuration does, for other programs.

It holds the resolved configuration, which fits the run makes, how many jobs it runs at a time, and
when it started and ended. While the run lives the file's time of change is renewed, so a run that
was killed differs from one that works.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stbench.common.errors import InputError
from stbench.common.io import write_json
from stbench.common.paths import CONFIG
from stbench.config.layout import Layout, configuration_name
from stbench.config.schema import load_yaml
from stbench.runs.fit_status import Key

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
        host, pid: of the process that leads the run.
    """

    config: Mapping[str, Any]
    fits: frozenset[Key]
    jobs: int
    started: float
    ended: float | None
    seen: float
    failed: bool = False
    host: str = ""
    pid: int = 0

    @property
    def alive(self) -> bool:
        recent = self.ended is None and time.time() - self.seen < SILENCE
        return recent and (self.host != socket.gethostname() or _is_running(self.pid))


def note_start(
    layout: Layout, config: Mapping[str, Any], fits: Iterable[Key], jobs: int
) -> RunNote:
    """Note that a run starts."""
    now = time.time()
    process = {"host": socket.gethostname(), "pid": os.getpid()}
    note = RunNote(config, frozenset(fits), jobs, now, None, now, **process)
    _write(layout, note)
    return note


def note_end(layout: Layout, note: RunNote, *, failed: bool) -> None:
    """Note that the run ended."""
    now = time.time()
    _write(layout, replace(note, ended=now, seen=now, failed=failed))


def renew(layout: Layout) -> None:
    """Show that the run lives; needs no space on the disk."""
    os.utime(layout.run)


def layout_of_run(root: Path, configuration: Path | None) -> Layout:
    """The layout of the latest run of a configuration, by its file; of any without one.

    Raises:
        InputError: nothing has been run.
    """
    if configuration is not None:
        given = load_yaml(configuration)
        own = configuration.resolve() == (CONFIG / "config.yaml").resolve()
        return Layout(root, configuration_name(given or {}, [] if own else [configuration]))
    run = Layout(root).names_run()
    if not run:
        raise InputError(f"{root}: no run has been started here yet: make run")
    return Layout(root, run[0])


def read_run(layout: Layout) -> RunNote:
    """The latest run of a configuration.

    Raises:
        InputError: there was none, or the file is broken.
    """
    path = layout.run
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        fits = frozenset(Key(*fit) for fit in told["fits"])
        times = told["started"], told["ended"], path.stat().st_mtime
        process = {name: told[name] for name in ("host", "pid") if name in told}
        return RunNote(told["config"], fits, told["jobs"], *times, told["failed"], **process)
    except FileNotFoundError:
        raise InputError(f"{path}: no run has been started here yet: make run") from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not readable ({error}); delete it and run again") from error


def living_runs(root: Path) -> list[str]:
    """The configurations of which a run is working in a results folder."""
    return [name for name in Layout(root).names_run() if read_run(Layout(root, name)).alive]


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # of another user
        return True
    return True


def _write(layout: Layout, note: RunNote) -> None:
    told = {
        "config": note.config,
        "jobs": note.jobs,
        "started": note.started,
        "ended": note.ended,
        "failed": note.failed,
        "host": note.host,
        "pid": note.pid,
        "fits": sorted(note.fits),
    }
    layout.run.parent.mkdir(parents=True, exist_ok=True)
    write_json(layout.run, told)
