"""A Python that has loaded libraries; each program is run by a copy of that process (fork).

Of the two CPU seconds of a start of Snakemake one loads its own modules.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, NoReturn


class Copies:
    """Starts the Python, which ends with this process; one program runs at a time.

    Args:
        load: statements that it executes first. They must not start threads.
    """

    def __init__(self, load: str) -> None:
        self._original = subprocess.Popen(
            [sys.executable, __file__, load],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            text=True,
        )
        atexit.register(self._original.communicate)

    def run(
        self, words: Sequence[str], cwd: Path, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess:
        """The exit code of ``python <words>``, and what it prints, errors included.

        Args:
            words: a program, or ``-m`` and a module, then its options.
        """
        assert self._original.stdin and self._original.stdout
        with NamedTemporaryFile() as output:
            request = (list(map(str, words)), output.name, str(cwd), dict(environment))
            print(json.dumps(request), file=self._original.stdin, flush=True)
            code = int(self._original.stdout.readline())
            printed = output.read().decode()
        return subprocess.CompletedProcess(words, code, printed)


def become(words: list[str], output: str, cwd: str, environment: dict[str, str]) -> None:
    """Run a program in this process."""
    file = os.open(output, os.O_WRONLY)
    for number, opened in enumerate((os.open(os.devnull, os.O_RDONLY), file, file)):
        os.dup2(opened, number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # may be another one now
    is_module = words[0] == "-m"
    sys.argv = words[is_module:]
    sys.path[0] = cwd if is_module else str(Path(words[0]).parent)
    run = runpy.run_module if is_module else runpy.run_path
    run(sys.argv[0], run_name="__main__", **({"alter_sys": True} if is_module else {}))


def end(run: Callable[[], None]) -> NoReturn:
    """Run and end this process without taking its libraries apart, which takes up to 2 seconds."""
    code: Any = 0
    try:
        run()
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    if isinstance(code, str):
        print(code, file=sys.stderr)
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main(load: str) -> None:
    exec(load)
    gc.freeze()
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            end(partial(become, *json.loads(line)))
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
