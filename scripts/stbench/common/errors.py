"""Errors that are written for people: one line that says what is wrong, where, and what to do."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from typing import TypeVar

T = TypeVar("T")

CRASH = "STBENCH_CRASH"  # set by scripts/stage.py: how the program crashed before

_IN_USE = (errno.EAGAIN, errno.EBUSY)  # another program has the file open, as HDF5 files may be
# The machine, not the data or the method, is at fault: to be tried again, never recorded.
MACHINE_ERRORS = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ESTALE),
    *(errno.EMFILE, errno.ENFILE, *_IN_USE),
)


class InputError(Exception):
    """The user's input is wrong. The message is one line: where, what, what to do."""


class NotApplicableError(Exception):
    """A method cannot be run on this dataset by its nature; the message is the reason."""


def is_machine_fault(error: BaseException) -> bool:
    """Whether an exception is the fault of the machine, not of the data or the method."""
    return isinstance(error, OSError) and error.errno in MACHINE_ERRORS


def one_line(message: object) -> str:
    """Fold any text into a single line."""
    return " ".join(str(message).split())


def attempt(
    name: str,
    make: Callable[[], T],
    failed: Callable[[str], T],
    *,
    record: bool = True,
) -> T:
    """Make something; where that fails, report the reason on stderr and return a stand-in.

    So one dataset or entry never takes the tables of all others with it. What may be a fault of the
    machine is raised, since another attempt may succeed: lack of memory or disk, a worker that was
    killed, an error of the system or of the HDF5 library.

    Args:
        name: id of what is made, which is not repeated in the reason.
        make: returns it.
        failed: returns from the reason what takes its place.
        record: whether to; without it a failure is an error of the program.
    """
    try:
        if crash := os.environ.get(CRASH):
            raise InputError(crash)
        return make()
    except Exception as error:
        if not record or _may_succeed_again(error):
            raise
        reason = reason_of(error).removeprefix(f"{name}: ")
        print(f"{name}: {reason}", file=sys.stderr)
        return failed(reason)


def _may_succeed_again(error: Exception) -> bool:
    if isinstance(error, (OSError, MemoryError, BrokenExecutor)):
        return True
    frames = traceback.extract_tb(error.__traceback__)  # a full disk is a RuntimeError of HDF5
    return isinstance(error, RuntimeError) and "h5py" in frames[-1].filename


def reason_of(error: Exception) -> str:
    """An exception as one line; of one that nobody expected the traceback is printed, too."""
    if isinstance(error, (InputError, NotApplicableError)):
        return one_line(error)
    traceback.print_exception(error)
    return one_line(f"{type(error).__name__}: {error}")[:500]


def run_cli(main: Callable[[], None]) -> None:
    """Run a command-line program: an ``InputError`` becomes one line on stderr and exit code 1.

    So does a failure of the machine: a full, read-only or broken disk, a file that is in use.
    """
    try:
        main()
    except (InputError, NotApplicableError) as error:
        sys.exit(f"error: {one_line(error)}")
    except OSError as error:
        if error.errno not in MACHINE_ERRORS:
            raise
        where = f"{error.filename}: " if error.filename else ""
        what = one_line(error.strerror or error).partition(" (")[0]
        if error.errno in _IN_USE:
            sys.exit(f"error: {where}{what}; close what has the file open and run again")
        sys.exit(f"error: {where}{what}; fix the disk and run again")
