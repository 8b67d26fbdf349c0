"""A copy of the project in which one file at a time is changed and tested."""

from __future__ import annotations

import fnmatch
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

from mutants.mutations import Mutation

LEAST_LIMIT = 60  # seconds; a busy machine must not kill a mutant
SLOWER = 10  # times the unchanged code, after which a mutant is killed
_MARK = "STBENCH_MUTANT"


class Trial:
    """Runs tests in a copy of a project, which is never changed itself.

    Attributes:
        folder: where the copy is made; it must not exist.
    """

    def __init__(self, project: Path, folder: Path) -> None:
        self.folder = folder

        def left_out(path: str, names: list[str]) -> set[str]:
            """Of the folder of the project itself also what is made in it, or hidden."""
            made = fnmatch.filter(names, ".*") + ["results"] if Path(path) == project else []
            return {"__pycache__", *made}

        shutil.copytree(project, folder, ignore=left_out)
        if (environment := project / ".venv").exists():
            (folder / ".venv").symlink_to(environment.resolve())
        self._seconds: dict[tuple[str, ...], float] = {}

    def seconds(self, tests: tuple[str, ...]) -> float:
        """How long tests take with the unchanged code; measured once.

        Raises:
            SystemExit: they fail.
        """
        if tests not in self._seconds:
            begin = time.monotonic()
            if code := self._pytest(tests, None):
                sys.exit(f"error: pytest {' '.join(tests)}: exit code {code} without a mutant")
            self._seconds[tests] = time.monotonic() - begin
        return self._seconds[tests]

    def kills(self, path: str, mutation: Mutation, tests: tuple[str, ...]) -> bool:
        """Whether tests fail, or take too long, with a mutation of one file."""
        limit = max(LEAST_LIMIT, SLOWER * self.seconds(tests))
        file = self.folder / path
        source, status = file.read_bytes(), file.stat()
        file.write_bytes(mutation.apply(source))
        try:
            return self._pytest(tests, limit) != 0
        finally:
            file.write_bytes(source)
            # With the old time, what Python compiled of the unchanged file is valid again.
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))

    def _pytest(self, tests: tuple[str, ...], limit: float | None) -> int:
        """Exit code of the tests; -1 if they take longer than the limit."""
        command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider"]
        mark = f"{os.getpid()}-{time.monotonic_ns()}"
        environment = {**os.environ, "OMP_NUM_THREADS": "1", _MARK: mark}
        environment.pop("PYTHONPATH", None)
        if limit is not None:  # else nothing that was compiled of the mutant would be left
            environment["PYTHONDONTWRITEBYTECODE"] = "1"
        process = subprocess.Popen(
            [*command, *tests],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # R would stop a job in the background of a terminal
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            return -1
        finally:
            _end(mark)
            process.wait()


def _end(mark: str) -> None:
    """Kill what tests have started and left, wherever it is in the tree of processes."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(_MARK) == mark:
                process.kill()
