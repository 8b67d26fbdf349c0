"""Start the process whose copies run the stages of a run on this machine."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from stbench.supervisor.fork_server import SOCKET
from stbench.supervisor.processes import die_with_parent

FEWEST = 6  # stages; for fewer, loading the libraries once more takes longer than it saves


def start_fork_server(base: Path, *, graphs: bool = False) -> None:
    """Start a server and name its socket in the environment of all jobs; Linux only.

    It ends with this process. Jobs that start before it is ready load their libraries themselves.

    Args:
        base: the folder of the project.
        graphs: load the libraries for analyses of cell graphs, too, which takes seconds more.
    """
    if sys.platform != "linux" or os.environ.get(SOCKET):
        return
    folder = Path(tempfile.mkdtemp(prefix="stbench-"))  # only this user can read it
    path = folder / "socket"
    server = subprocess.Popen(
        [sys.executable, base / "scripts/fork_server.py", path, *["--graphs"] * graphs],
        env={**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # an interrupt from the terminal ends the jobs, and they end theirs
        preexec_fn=die_with_parent,
    )
    os.environ[SOCKET] = str(path)

    def end() -> None:
        server.kill()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
