"""A benchmark that is struck at random moments: processes killed, disk filled, folder moved.

What is finished must be kept: a fit that is trained a second time is counted.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from workflow.conftest import Workflow

PATIENCE = 600  # seconds for one run, or one strike, which take a twentieth of that
SERVER = "fork_server.py"  # its copies run the stages
PROGRAMS = {"fit": ("fit.py",), "supervisor": ("run_fit.py",), "stage": (SERVER,)}
LAST_JOB = 6  # of eight; a later moment is hard to meet
OTHER = ("name=other", "params={sedr: {epochs: 3}}")  # a configuration that shares the data


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

    Some strikes cut the power and change something before the run is resumed: the folder is moved,
    the mirror variable changes, another configuration is run, failed entries are reset.

    Attributes:
        flow: the workflow, in a folder of its own.
        config, args: what every run is given.
        expected: tables of an undisturbed run.
        rng: chooses the moments.
        strikes: what was done, a line for each strike.
        finished: how often a run came to its end; its tables were those expected.
    """

    flow: Workflow
    config: tuple[str, ...]
    args: tuple[str, ...]
    expected: dict[str, bytes]
    rng: random.Random
    strikes: list[str] = field(default_factory=list)
    finished: int = 0
    trained_twice: list[str] = field(default_factory=list)
    _trained: dict[str, int] = field(default_factory=dict)
    _process: subprocess.Popen | None = None
    _began: float = 0
    _struck: bool = False

    def strike(self, kind: str) -> None:
        """Strike once: a process of that kind, or everything when a few more jobs are done."""
        blow = {
            "snakemake": self._kill_snakemake,
            "power": self._cut_power,
            "disk": self._fill_disk,
            "move": lambda: self._cut_power() + self._move(),
            "mirror": lambda: self._cut_power() + self._change_mirror(),
            "configuration": lambda: self._cut_power() + self._run_another_configuration(),
            "retry": lambda: self._cut_power() + self._reset_failed(),
        }.get(kind, lambda: self._kill_program(PROGRAMS[kind]))
        goal = min(self._jobs_done() + self.rng.randrange(2), LAST_JOB)
        pause = self.rng.uniform(0, 1.5)
        began = time.monotonic()
        while True:
            assert time.monotonic() - began < PATIENCE, f"no {kind} to strike:\n{self._log()}"
            self._keep_running()
            ripe = self._running(PROGRAMS[kind]) if kind in PROGRAMS else self._jobs_done() >= goal
            if ripe:
                time.sleep(pause)
                if self._process.poll() is None and (said := blow()):
                    break
                pause /= 2  # what was running has ended
            time.sleep(0.1)  # a look at every process takes long
        self._struck = True
        self._note_fits()
        self.strikes.append(f"{said}, {self._jobs_done()} jobs done")

    def finish(self) -> None:
        """Let the benchmark come to its end, undisturbed from now on."""
        before = self.finished
        while self.finished == before:
            self._keep_running()
            time.sleep(0.2)

    def clear(self) -> None:
        """End what still runs in the folder and empty it."""
        self._kill(self._here())
        self._trained.clear()
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
                self._note_fits()
                self.finished += 1
                self.clear()
            else:
                assert self._struck, f"failed though nothing was done to it:\n{self._log()}"
        self._unlock()
        with (self.flow.source.parent / "run.log").open("w") as log:
            self._process = subprocess.Popen(
                self.flow.command(*self.config, args=self.args),
                cwd=self.flow.folder,
                env=self.flow.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._began, self._struck = time.monotonic(), False

    def _unlock(self) -> None:
        if any((self.flow.folder / ".snakemake/locks").glob("*")):
            assert self.flow.run(*self.config, args=("--unlock",)).returncode == 0

    def _note_fits(self) -> None:
        """Remember finished fits by the time of their files, and count those that were replaced."""
        root = self.flow.folder / "results/fits"
        for path in root.glob("*/*/*/seed*/fit.h5ad"):
            fit, time_ns = str(path.parent.relative_to(root)), path.stat().st_mtime_ns
            if self._trained.setdefault(fit, time_ns) != time_ns:
                self.trained_twice.append(fit)
                self._trained[fit] = time_ns

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
        return (self.flow.source.parent / "run.log").read_text()[-6000:]

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

    def _move(self) -> str:
        places = {"here": "there", "there": "here"}
        folder = self.flow.folder.with_name(places[self.flow.folder.name])
        self.flow.folder.rename(folder)
        self.flow.folder = folder
        return ", the folder moved"

    def _change_mirror(self) -> str:
        if self.flow.environment.pop("STBENCH_MIRROR", None) is None:
            self.flow.environment["STBENCH_MIRROR"] = str(self.flow.folder / "no mirror")
        return ", another mirror"

    def _run_another_configuration(self) -> str:
        self._unlock()
        config = [entry for entry in self.config if not entry.startswith("params=")]
        targets = tuple(word.replace("default", "other") for word in self.args)
        run = self.flow.run(*config, *OTHER, args=targets)
        assert run.returncode == 0, run.stdout
        return ", another configuration run"

    def _reset_failed(self) -> str:
        command = [sys.executable, self.flow.source / "scripts/retry_failed.py", "--reset"]
        done = subprocess.run(command, cwd=self.flow.folder, capture_output=True, text=True)
        unstarted = "no run has been started" in done.stderr or "nothing has been" in done.stderr
        assert done.returncode == 0 or unstarted, done.stderr
        return ", failed entries reset"

    def _kill_program(self, programs: tuple[str, ...]) -> str:
        victims = self._running(programs)
        if not victims:
            return ""
        program, victim = self.rng.choice(victims)
        self._kill([victim])
        return f"{program} killed"

    def _running(self, programs: tuple[str, ...]) -> list[tuple[str, psutil.Process]]:
        """Processes in the run's folder that are Pythons with one of these programs."""
        found = []
        for process in self._here():
            with suppress(psutil.Error):
                name = _program(process)
                if name in programs and (name != SERVER or _runs_a_stage(process)):
                    found.append((name, process))
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


def _program(process: psutil.Process | None) -> str:
    """The program of a Python process; empty: it is not one."""
    words = process.cmdline()[:2] if process else []
    return Path(words[1]).name if len(words) == 2 and "python" in words[0] else ""


def _runs_a_stage(process: psutil.Process) -> bool:
    """Whether it is a copy of the server that runs a program, not one that waits for it."""
    parent = process.parent()
    return _program(parent) == SERVER and _program(parent.parent()) == SERVER
