"""Run the program of a stage; if it crashes, run it again to record the crash as its result.

    python scripts/run_stage.py scripts/score.py --data D.h5ad --record-failure

Python cannot catch a segmentation fault in a library. The program therefore runs in a process of
its own, a copy of one that has loaded the libraries where there is such a one
(stbench.supervisor.fork_server). The second process is given the reason by STBENCH_CRASH. A process
that was killed from outside (SIGKILL, SIGTERM) has not crashed: the job fails and Snakemake retries
it.
Only the standard library is used.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys

from stbench.common.errors import CRASH, run_cli
from stbench.common.unchanged_code import check_unchanged
from stbench.supervisor.fork_server import run_in_copy
from stbench.supervisor.processes import die_with_parent

CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL)


def run(words: list[str], reason: str = "") -> int:
    """The exit status of a Python program; negative: the number of the signal that ended it."""
    environment = {**os.environ, **({CRASH: reason} if reason else {})}
    status = run_in_copy(words, environment)
    if status is not None:
        return status
    return subprocess.run(
        [sys.executable, *words], env=environment, preexec_fn=die_with_parent
    ).returncode


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program", help="Python program")
    parser.add_argument("options", nargs=argparse.REMAINDER, help="its options")
    args = parser.parse_args()
    words = [args.program, *args.options]
    check_unchanged(words)
    status = run(words)
    if -status in CRASHES:
        status = run(words, f"the program crashed ({signal.Signals(-status).name})")
    sys.exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    run_cli(main)
