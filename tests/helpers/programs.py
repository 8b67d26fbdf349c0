"""Programs run inside the test's own process, so that what they import is loaded once."""

import io
import os
import runpy
import subprocess
import sys
import traceback
from contextlib import chdir, redirect_stderr, redirect_stdout
from functools import partial
from unittest.mock import patch


def run_here(program, *arguments, cwd=None):
    """What ``subprocess.run`` of a Python program gives: exit code and both outputs as text.

    The program is loaded as ``__main__``, with its own treatment of errors. Where a process of its
    own is what a test is about (signals, memory, other hash seeds), start one instead.
    """
    load = partial(runpy.run_path, str(program), run_name="__main__")
    return run_main(load, program, *arguments, cwd=cwd)


def run_apart(program, *arguments, python=sys.executable):
    """The same in a process of its own, of another Python if given."""
    words = [str(word) for word in (python, program, *arguments)]
    return subprocess.run(words, capture_output=True, text=True)


def run_main(main, *words, cwd=None):
    """The same of a function that reads these words from the command line."""
    words = [str(word) for word in words]
    output, errors = io.StringIO(), io.StringIO()
    code = 0
    with (
        patch.object(sys, "argv", words),
        patch.dict(os.environ),
        chdir(cwd or os.curdir),
        redirect_stdout(output),
        redirect_stderr(errors),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
            if isinstance(code, str):
                print(code, file=sys.stderr)
                code = 1
        except Exception:
            traceback.print_exc()
            code = 1
    return subprocess.CompletedProcess(words, code, output.getvalue(), errors.getvalue())
