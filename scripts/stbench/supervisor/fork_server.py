"""Run programs in copies of a process that has loaded their libraries.

Most of the time of a small job is the import of libraries. A server loads them once and makes a
copy of itself (fork) for each program. The program has the standard streams, folder, environment
and options that it would have in a process of its own, and ends with the process that asked for it.

Only the standard library is used. Linux only: elsewhere there is no server.
"""

from __future__ import annotations

import array
import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import struct
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from stbench.supervisor.processes import die_with_parent

SOCKET = "STBENCH_FORK_SERVER"  # in the environment of jobs: the path of the server's socket
_STREAMS = 3
_LENGTH, _STATUS = struct.Struct("!I"), struct.Struct("!i")


def run_in_copy(words: Sequence[str], environment: Mapping[str, str]) -> int | None:
    """Run a Python program in a copy of the server.

    Args:
        words: the program, then its options.
        environment: of the program. Its ``STBENCH_FORK_SERVER`` is the socket of the server.

    Returns:
        The exit status of the program; negative: the number of the signal that ended it. None if no
        server can run it: there is no server or no program, or the program has another Python,
        further folders of modules, or several threads, which the loaded libraries do not have.
    """
    path = environment.get(SOCKET, "")
    alike = environment.get("OMP_NUM_THREADS") == "1" and "PYTHONPATH" not in environment
    if not path or not alike or not Path(words[0]).is_file():
        return None
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)
        except OSError:  # it is still loading, or has ended
            return None
        request = {
            "python": sys.executable,
            "words": list(map(str, words)),
            "folder": str(Path.cwd()),
            # As of the server: numba refuses another number once its threads have been started.
            "environment": {**environment, "NUMBA_NUM_THREADS": "1"},
        }
        content = json.dumps(request).encode()
        rights = array.array("i", range(_STREAMS))
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)]
        try:
            connection.sendmsg([_LENGTH.pack(len(content))], ancillary)
            connection.sendall(content)
            answer = connection.recv(_STATUS.size)
        except OSError:
            answer = b""
    if len(answer) != _STATUS.size:  # another Python, or the server has ended with the program
        return None
    return _STATUS.unpack(answer)[0]


def serve(path: Path) -> NoReturn:
    """Answer ``run_in_copy`` until this process is ended. Libraries must have been loaded."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(64)
        gc.collect()
        gc.freeze()  # a collection in a copy would write to all pages
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # copies that answer are not waited for
        while True:
            connection, _ = listener.accept()
            if not os.fork():
                listener.close()
                _answer(connection)
            connection.close()


def _answer(connection: socket.socket) -> NoReturn:
    """Start the program, and send its status or end it with the client; in a process of its own."""
    try:
        die_with_parent()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        request, streams = _received(connection)
        if request["python"] != sys.executable:
            os._exit(0)  # no answer: the client runs the program itself
        program = os.fork()
        if not program:
            connection.close()
            _become(request, streams)
        for stream in streams:
            os.close(stream)
        ended = os.pidfd_open(program)
        ready, *_ = select.select([connection.fileno(), ended], [], [])
        if ended not in ready:  # the client has ended
            os.kill(program, signal.SIGKILL)
        _, status = os.waitpid(program, 0)
        connection.sendall(_STATUS.pack(os.waitstatus_to_exitcode(status)))
    finally:
        os._exit(0)


def _received(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    space = socket.CMSG_LEN(_STREAMS * array.array("i").itemsize)
    head, ancillary, *_ = connection.recvmsg(_LENGTH.size, space)
    streams = array.array("i")
    for *_, data in ancillary:
        streams.frombytes(data)
    (length,) = _LENGTH.unpack(head)
    content = b""
    while len(content) < length:
        part = connection.recv(length - len(content))
        if not part:
            raise ValueError("the client has ended")
        content += part
    return json.loads(content), list(streams)


def _become(request: Mapping[str, Any], streams: Sequence[int]) -> NoReturn:
    """Run the program in this process, as ``python <words>`` would."""
    code: Any = 1
    try:
        die_with_parent()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        tempfile.tempdir = None  # may be another one now
        for name in [name for name in sys.modules if name.partition(".")[0] == "stbench"]:
            del sys.modules[name]  # the program's own, which may be edited
        program, *_ = sys.argv = list(request["words"])
        sys.path[0] = str(Path(program).parent)
        runpy.run_path(program, run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
    if isinstance(code, str):
        print(code, file=sys.stderr)
    atexit._run_exitfuncs()
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))
