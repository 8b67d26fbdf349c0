"""Costs of programs, and tables of them: shared by the parts of the pipeline's benchmark."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
SCRIPTS = REPOSITORY / "scripts"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Spent:
    """CPU seconds and peak MiB of a process and its children, and its output."""

    cpu: float
    peak_mb: int
    output: str


def spend(
    command: Sequence[object],
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Spent:
    """Run a program with one thread, in a folder and with more variables, and measure it.

    Raises:
        RuntimeError: it failed; with the end of its output.
    """
    process = subprocess.Popen(
        list(map(str, command)),
        cwd=folder,
        env=os.environ | ONE_THREAD | dict(environment or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {output[-1500:]}")
    return Spent(used.ru_utime + used.ru_stime, used.ru_maxrss >> 10, output)


def script(name: str, *arguments: object) -> Spent:
    """Run a program of scripts/ and measure it."""
    return spend([sys.executable, SCRIPTS / name, *arguments])


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table, numbers to the right; floats with three significant digits."""
    body = [[_text(value) for value in row] for row in rows]
    rule = ["---", *["--:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *body])


def _text(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2g}" if value < 1 else f"{value:.2f}"
