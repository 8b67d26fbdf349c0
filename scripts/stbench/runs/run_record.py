"""results/<name>/run.json: record of the latest run of a configuration, for other programs.

It contains the resolved configuration, the fits of the run, the number of parallel jobs, and the
times of start and end. During a run the modification time of the file is updated, which
distinguishes a running from a killed run.
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
from stbench.config.values import merged
from stbench.runs.fit_status import Key

SILENCE = 120  # seconds without an update after which a run counts as killed


@dataclass(frozen=True)
class RunNote:
    """The latest run.

    Attributes:
        config: the resolved configuration.
        fits: fits that the run trains, including those trained again.
        jobs: number of parallel jobs.
        started, ended: seconds since 1970; ``ended`` None if no end was recorded.
        seen: time of the last update.
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
    """Record the start of a run."""
    now = time.time()
    note = RunNote(
        *(config, frozenset(fits), jobs, now, None, now),
        host=socket.gethostname(),
        pid=os.getpid(),
    )
    _write(layout, note)
    return note


def note_end(layout: Layout, note: RunNote, *, failed: bool) -> None:
    """Record the end of a run."""
    now = time.time()
    _write(layout, replace(note, ended=now, seen=now, failed=failed))


def renew(layout: Layout) -> None:
    """Mark the run as alive; needs no disk space."""
    os.utime(layout.run)


def layout_of_run(root: Path, configuration: Path | None) -> Layout:
    """The layout of the latest run of a configuration file; of any configuration without one.

    Raises:
        InputError: no run has been started.
    """
    if configuration is not None:
        given = read_configuration(configuration)
        own = configuration.resolve() == (CONFIG / "config.yaml").resolve()
        return Layout(root, configuration_name(given, [] if own else [configuration]))
    run = Layout(root).names_run()
    if not run:
        raise InputError(f"{root}: no run has been started here yet: make run")
    return Layout(root, run[0])


def read_run(layout: Layout) -> RunNote:
    """The latest run of a configuration.

    Raises:
        InputError: no run has been started, or the file is broken.
    """
    path = layout.run
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        fits = frozenset(Key(*fit) for fit in record["fits"])
        times = record["started"], record["ended"], path.stat().st_mtime
        process = {name: record[name] for name in ("host", "pid") if name in record}
        return RunNote(record["config"], fits, record["jobs"], *times, record["failed"], **process)
    except FileNotFoundError:
        raise InputError(f"{path}: no run has been started here yet: make run") from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not readable ({error}); delete it and run again") from error


def config_of_run(root: Path, configuration: Path | None) -> Mapping[str, Any]:
    """The configuration of the latest run, as it was resolved.

    Without any run that made scores, as after ``make fetch``, the configuration file as it is.

    Args:
        root: the results folder.
        configuration: file of the run; None for the latest run of any.
    """
    if configuration is None and Layout(root).names_run():
        return read_run(layout_of_run(root, None)).config
    file = configuration or CONFIG / "config.yaml"
    layout = layout_of_run(root, file)
    if layout.run.is_file():
        return read_run(layout).config
    default = read_configuration(CONFIG / "config.yaml")
    return {**merged(default, read_configuration(file)), "name": layout.name}


def read_configuration(file: Path) -> dict[str, Any]:
    """A configuration file as it is; empty for an empty file.

    Raises:
        InputError: it is no file of keys and values.
    """
    try:
        given = load_yaml(file)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: not a readable YAML file ({error})") from error
    if not isinstance(given, dict | None):
        raise InputError(f"{file}: not a configuration; it must have keys, such as datasets")
    return given or {}


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
    record = {
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
    write_json(layout.run, record)
