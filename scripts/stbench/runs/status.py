"""Progress of a run as text: in total, by method and dataset, and the latest failures."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import chain

from stbench.common.constants import FAILED
from stbench.common.text import columns, shortened
from stbench.config.benchmark import Benchmark
from stbench.config.layout import Layout
from stbench.config.tasks import FITTED, TASKS
from stbench.runs.fit_status import FitState, count
from stbench.runs.progress import duration, line, time_left
from stbench.runs.run_record import RunNote

LAST = 5  # failures shown
COLUMNS_AT_A_TIME = 16


def status_text(
    layout: Layout,
    benchmark: Benchmark,
    run: RunNote,
    states: Sequence[FitState],
    seconds: Mapping[tuple[str, str], float],
) -> str:
    """The text that ``make status`` prints.

    Args:
        layout: of the results.
        benchmark: of the run.
        run: the latest run.
        states: of every fit of the benchmark.
        seconds: predicted for a fit, by dataset and method.
    """
    now = time.time()
    left = time_left(states, seconds, run, now) if run.alive else None
    parts = [
        f"{_life(run, now)}\n{line(count(states), left)}\n{_scored(layout, benchmark)}",
        *_tables(benchmark, states),
        _failures(states),
    ]
    return "\n\n".join(filter(None, parts))


def _life(run: RunNote, now: float) -> str:
    start = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started))
    if run.alive:
        jobs = f"{run.jobs} job{'s' * (run.jobs > 1)} at a time"
        return f"running since {start}, {duration(now - run.started)} so far, {jobs}"
    if run.ended is None:
        time_alive = duration(run.seen - run.started)
        return f"interrupted after {time_alive} (started {start}); rerun the command to resume"
    took = duration(run.ended - run.started)
    return f"ended {'with failed jobs ' * run.failed}after {took} (started {start})"


def _scored(layout: Layout, benchmark: Benchmark) -> str:
    files = benchmark.score_files(layout, *FITTED)
    scored = sum(path.is_file() for path in files)
    return f"{scored} of {len(files)} entries are scored (make tables shows them)"


def _tables(benchmark: Benchmark, states: Sequence[FitState]) -> list[str]:
    """For each task, methods by datasets: number of ok fits, and letters for other states."""
    by_entry: dict[tuple[str, str], list[FitState]] = {}
    for state in states:
        by_entry.setdefault((state.key.dataset, state.key.method), []).append(state)
    tables = []
    for task in [task for task in FITTED if benchmark.datasets_of(task)]:
        names, methods = benchmark.datasets_of(task), benchmark.chosen(task)
        for start in range(0, len(names), COLUMNS_AT_A_TIME):
            block = names[start : start + COLUMNS_AT_A_TIME]
            rows = [(f"{TASKS[task].title}: ok of all fits", *block, "all")]
            for method in [*methods, "all"]:
                chosen = methods if method == "all" else [method]
                row = [
                    [state for m in chosen for state in by_entry.get((name, m), [])]
                    for name in block
                ]
                rows.append((method, *map(_entry, row), _entry(list(chain.from_iterable(row)))))
            tables.append(columns(rows))
    legend = "r running, f failed, n not applicable; all others are left"
    return [*tables[:-1], f"{tables[-1]}\n{legend}"]


def _entry(states: Sequence[FitState]) -> str:
    """``3/5 1f 1r``; empty if there are none."""
    if not states:
        return ""
    counted = count(states)
    letters = {"failed": "f", "not_applicable": "n", "running": "r"}
    others = [f"{counted[name]}{letter}" for name, letter in letters.items() if counted[name]]
    return " ".join([f"{counted['ok']}/{len(states)}", *others])


def _failures(states: Sequence[FitState]) -> str:
    """Number of failed fits by status, and the latest of them with their reasons."""
    failed = sorted((s for s in states if s.state == "failed"), key=lambda s: -s.ended)
    if not failed:
        return ""
    numbers = {name: sum(s.status == name for s in failed) for name in FAILED}
    summary = ", ".join(f"{number} {name}" for name, number in numbers.items() if number)
    rows = [
        (s.key.dataset, s.key.method, f"seed {s.key.seed}", s.status, shortened(s.reason, 100))
        for s in failed[:LAST]
    ]
    return f"failed: {summary}; the latest:\n{columns(rows, left=range(5))}\nmake retry resets them"
