"""Stages that run in copies of one process: like processes of their own, and they end with them."""

import os
import signal
import subprocess
import sys
import time

import pytest

from stbench.common.paths import SCRIPTS
from stbench.supervisor.fork_server import SOCKET, run_in_copy

REPORT = """\
import json, os, sys
json.dump([sys.argv[1:], os.getcwd(), os.environ["WORD"], sys.path[0]], sys.stdout)
print("to stderr", file=sys.stderr)
assert "anndata" in sys.modules
sys.exit(int(sys.argv[1]))
"""
COMPILES = """\
import sys
assert "numba" in sys.modules, "not a copy of the server"
import numba
from numba.np.ufunc.parallel import _launch_threads
_launch_threads()
print(numba.njit(lambda: 7)())
"""
SLEEP = """\
import os, sys, time
print(os.getpid(), flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The environment of a client of a server that is ready."""
    path = tmp_path_factory.mktemp("server") / "socket"
    server = subprocess.Popen([sys.executable, SCRIPTS / "fork_server.py", path])
    while not path.exists():
        assert server.poll() is None
        time.sleep(0.05)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    yield {**environment, SOCKET: str(path), "OMP_NUM_THREADS": "1", "WORD": "word"}
    server.kill()
    server.wait()


def stage(program, *words, folder, environment, **more):
    command = [sys.executable, SCRIPTS / "run_stage.py", program, *words]
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


@pytest.fixture
def program(tmp_path):
    def write(text):
        path = tmp_path / "program.py"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize("code", [0, 3])
def test_a_program_runs_as_in_a_process_of_its_own(program, server, tmp_path, code):
    path = program(REPORT)
    done = stage(path, str(code), folder=tmp_path, environment=server)
    printed, errors = done.communicate()
    assert done.returncode == code
    assert printed == f'[["{code}"], "{tmp_path}", "word", "{tmp_path}"]'
    assert errors == "to stderr\n"


@pytest.mark.parametrize("given", [{}, {"NUMBA_NUM_THREADS": "4"}])
def test_numba_keeps_the_number_of_threads_that_it_was_loaded_with(program, tmp_path, given):
    """With another number numba refuses to compile anything once it has started its threads."""
    (tmp_path / "loaded.py").write_text(
        "import sys, numba\nfrom pathlib import Path\nsys.path[:0] = [sys.argv[2]]\n"
        "from stbench.supervisor.fork_server import serve\nserve(Path(sys.argv[1]))\n"
    )
    unset = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA")}
    path = tmp_path / "socket"
    command = [sys.executable, tmp_path / "loaded.py", path, SCRIPTS]
    server = subprocess.Popen(command, env={**unset, "NUMBA_NUM_THREADS": "1"})
    try:
        while not path.exists():
            assert server.poll() is None
            time.sleep(0.05)
        environment = {**unset, SOCKET: str(path), "OMP_NUM_THREADS": "1", **given}
        environment.pop("PYTHONPATH", None)
        done = stage(program(COMPILES), folder=tmp_path, environment=environment)
        printed, errors = done.communicate()
    finally:
        server.kill()
        server.wait()
    assert printed == "7\n", errors


def test_a_crash_is_the_signal_and_a_traceback_is_printed(program, server, tmp_path):
    crash = program("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    assert run_in_copy([crash], server) == -signal.SIGSEGV
    done = stage(program("1 / 0"), folder=tmp_path, environment=server)
    assert "ZeroDivisionError" in done.communicate()[1] and done.returncode == 1


def test_a_program_ends_with_the_process_that_asked_for_it(program, server, tmp_path):
    asking = stage(program(SLEEP), folder=tmp_path, environment=server)
    pid = int(asking.stdout.readline())
    os.kill(pid, 0)
    asking.kill()
    asking.communicate()
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the program goes on")


def test_what_the_server_cannot_run_gets_a_process_of_its_own(program, server, tmp_path):
    path = program("pass")
    assert run_in_copy([path], server) == 0
    assert run_in_copy([tmp_path / "missing.py"], server) is None
    assert run_in_copy([path], {**server, "OMP_NUM_THREADS": "2"}) is None
    assert run_in_copy([path], {**server, "PYTHONPATH": str(tmp_path)}) is None
    assert run_in_copy([path], {**server, SOCKET: str(tmp_path / "none")}) is None
    without = {name: value for name, value in server.items() if name != SOCKET}
    assert run_in_copy([path], without) is None


def test_no_code_of_the_project_is_kept_between_programs(program, server, tmp_path):
    """So that an edit during a run is what the next job runs."""
    module = tmp_path / "stbench"
    module.mkdir()
    path = program("import stbench; print(stbench.VALUE)")
    for value in ("1", "22"):  # of another size, so that nothing compiled is valid
        (module / "__init__.py").write_text(f"VALUE = {value}")
        done = stage(path, folder=tmp_path, environment=server)
        assert done.communicate()[0] == f"{value}\n"


STARTED = """\
import os, signal, sys, time
from pathlib import Path
from stbench.common.paths import PROJECT
from stbench.runs.fork_server import start_fork_server
from stbench.supervisor.fork_server import SOCKET

start_fork_server(PROJECT)
path = os.environ[SOCKET]
start_fork_server(PROJECT)
assert os.environ[SOCKET] == path  # one for each run
while not Path(path).exists():
    time.sleep(0.05)
print(path, flush=True)
if sys.argv[1:]:
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("killed", [[], ["killed"]])
def test_the_server_of_a_run_ends_with_it(killed, tmp_path):
    program = tmp_path / "run.py"
    program.write_text(STARTED)
    environment = {name: value for name, value in os.environ.items() if name != SOCKET}
    done = subprocess.run(
        [sys.executable, program, *killed],
        env={**environment, "PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == (-signal.SIGKILL if killed else 0), done.stderr
    path = done.stdout.strip()
    assert os.path.exists(path) == bool(killed)  # a killed run leaves a socket without a server
    nothing = tmp_path / "nothing.py"
    nothing.write_text("pass")
    for _ in range(200):
        if run_in_copy([nothing], {SOCKET: path, "OMP_NUM_THREADS": "1"}) is None:
            return
        time.sleep(0.05)
    pytest.fail("the server goes on")
