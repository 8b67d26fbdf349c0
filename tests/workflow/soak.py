"""A benchmark that is struck at random moments: processes killed, the disk filled."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from workflow.conftest import Workflow

PATIENCE = 600  # seconds for one run, which takes a twentieth of that
PROGRAMS = {
    "fit": ("fit.py",),
    "supervisor": ("run_fit.py",),
    "stage": ("simulate.py", "preprocess.py", "cluster.py", "score.py", "aggregate.py"),
}
LAST_JOB = 6  # of eight; a later moment is hard to meet


@contextmanager
def small_disk(folder: Path, megabytes: int = 48) -> Iterator[bool]:
    """Make the folder a disk of its own that can be filled; whether that was allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


@dataclass
class Soak:
    """Runs a workflow, strikes it, resumes it; a run that ends is checked and a new one begun.

    Attributes:
        flow: the workflow, in a folder of its own.
        config, args: what every run is given.
        expected: tables of an undisturbed run.
        rng: chooses the moments.
        told: what was done, a line for each strike.
        finished: how often a run came to its end; its tables were those expected.
    """

    flow: Workflow
    config: tuple[str, ...]
    args: tuple[str, ...]
    expected: dict[str, bytes]
    rng: random.Random
    told: list[str] = field(default_factory=list)
    finished: int = 0
    _process: subprocess.Popen | None = None
    _began: float = 0
    _struck: bool = False

    def strike(self, kind: str) -> None:
        """Strike once: a process of that kind, or everything when a few more jobs are done."""
        blow = {
            "snakemake": self._kill_snakemake,
            "power": self._cut_power,
            "disk": self._fill_disk,
        }.get(kind, lambda: self._kill_program(PROGRAMS[kind]))
        goal = min(self._jobs_done() + self.rng.randrange(2), LAST_JOB)
        pause = self.rng.uniform(0, 1.5)
        while True:
            self._keep_running()
            ripe = self._running(PROGRAMS[kind]) if kind in PROGRAMS else self._jobs_done() >= goal
            if ripe:
                time.sleep(pause)
                if self._process.poll() is None and (said := blow()):
                    break
            time.sleep(0.02)
        self._struck = True
        self.told.append(f"{said}, {self._jobs_done()} jobs done")

    def finish(self) -> None:
        """Let the benchmark come to its end, undisturbed from now on."""
        before = self.finished
        while self.finished == before:
            self._keep_running()
            time.sleep(0.05)

    def clear(self) -> None:
        """End what still runs in the folder and empty it."""
        self._kill(self._here())
        for name in ("results", ".snakemake"):
            shutil.rmtree(self.flow.folder / name, ignore_errors=True)

    def _keep_running(self) -> None:
        """Start a run where none is, after a look at how the last one ended."""
        if self._process is not None:
            if self._process.poll() is None:
                assert time.monotonic() - self._began < PATIENCE, f"a run hangs:\n{self._log()}"
                return
            if self._process.returncode == 0:
                assert self.flow.tables() == self.expected, f"other tables:\n{self._log()}"
                self.finished += 1
                self.clear()
            else:
                assert self._struck, f"failed though nothing was done to it:\n{self._log()}"
        if any((self.flow.folder / ".snakemake/locks").glob("*")):
            assert self.flow.run(*self.config, args=("--unlock",)).returncode == 0
        with (self.flow.folder.parent / "run.log").open("w") as log:
            self._process = subprocess.Popen(
                self.flow.command(*self.config, args=self.args),
                cwd=self.flow.folder,
                env=self.flow.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._began, self._struck = time.monotonic(), False

    def _jobs_done(self) -> int:
        made = ("data/*", "preprocessed/*", "fits/*/*/*", "labels/*/*", "scores/*/*")
        results = self.flow.folder / "results"
        return sum(len(list(results.glob(f"{pattern}/[!.]*"))) for pattern in made)

    def _here(self) -> list[psutil.Process]:
        """Processes in the run's folder, orphans among them."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.cwd() == str(self.flow.folder):
                    found.append(process)
        return found

    def _log(self) -> str:
        return (self.flow.folder.parent / "run.log").read_text()[-6000:]

    def _kill(self, processes: list[psutil.Process]) -> None:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def _kill_snakemake(self) -> str:
        self._process.kill()
        self._process.wait()
        return "snakemake killed, its jobs live on"

    def _cut_power(self) -> str:
        self._kill([psutil.Process(self._process.pid), *self._here()])
        self._process.wait()
        return "everything killed"

    def _kill_program(self, programs: tuple[str, ...]) -> str:
        victims = self._running(programs)
        if not victims:
            return ""
        program, victim = self.rng.choice(victims)
        self._kill([victim])
        return f"{program} killed"

    def _running(self, programs: tuple[str, ...]) -> list[tuple[str, psutil.Process]]:
        """Processes of the run that are Pythons with one of these programs."""
        found = []
        with suppress(psutil.Error):
            for process in psutil.Process(self._process.pid).children(recursive=True):
                with suppress(psutil.Error):
                    words = process.cmdline()[:2]
                    if len(words) == 2 and "python" in words[0]:
                        name = Path(words[1]).name
                        found += [(name, process)] * (name in programs)
        return found

    def _fill_disk(self) -> str:
        seconds = self.rng.uniform(0.5, 3)
        ballast = self.flow.folder / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 12))
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=seconds)
        ballast.unlink()
        return f"disk full for {seconds:.1f} s"
