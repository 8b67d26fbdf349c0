"""Errors with a message of one line for the user: location, fault and remedy."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from typing import TypeVar

from stbench.common.shutdown import end_quickly

T = TypeVar("T")

CRASH = "STBENCH_CRASH"  # set by scripts/run_stage.py: how the program crashed before

_WRONG_PATH = (
    errno.ENOENT,
    errno.EEXIST,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EACCES,
    errno.EPERM,
)
_IN_USE = (errno.EAGAIN, errno.EBUSY)  # another program has the file open, as HDF5 files may be
# Faults of the machine, not of the data or the method: retried, never recorded.
MACHINE_ERRORS = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ESTALE),
    *(errno.EMFILE, errno.ENFILE, *_IN_USE),
)


class InputError(Exception):
    """The user's input is wrong. The message is one line: location, fault, remedy."""


class NotApplicableError(Exception):
    """A method is not applicable to a dataset; the message is the reason."""


def is_machine_fault(error: BaseException) -> bool:
    """Whether an exception is the fault of the machine, not of the data or the method."""
    return isinstance(error, OSError) and error.errno in MACHINE_ERRORS


def one_line(message: object) -> str:
    """Any text as a single line."""
    return " ".join(str(message).split())


def read_or_refuse(read: Callable[[], T], fault: str, remedy: str) -> T:
    """Call a parser, which may raise any error for a broken file.

    Args:
        read: returns what the file holds.
        fault: what is wrong if it fails, such as ``a.h5ad: not readable as AnnData``.
        remedy: what to do.

    Raises:
        InputError: the file is broken.
        MemoryError, OSError: the machine is at fault, not the file.
    """
    try:
        return read()
    except (InputError, MemoryError):
        raise
    except Exception as error:
        if is_machine_fault(error):
            raise
        kind = type(error).__name__
        raise InputError(f"{fault} ({kind}: {one_line(error)[:200]}); {remedy}") from error


def attempt(
    name: str,
    make: Callable[[], T],
    failed: Callable[[str], T],
    *,
    record: bool = True,
) -> T:
    """Call ``make``; if it fails, report the reason on stderr and return a placeholder.

    So the failure of one dataset or entry does not affect the others. Possible faults of the
    machine are raised, because another attempt may succeed: lack of memory or disk space, a killed
    worker, an error of the system or of the HDF5 library.

    Args:
        name: id of the result, which is removed from the reason.
        make: returns the result.
        failed: returns the placeholder, given the reason.
        record: whether to record a failure; otherwise it is raised.
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
    """An exception as one line; for an unexpected one the traceback is printed as well."""
    if isinstance(error, (InputError, NotApplicableError)):
        return one_line(error)
    traceback.print_exception(error)
    return one_line(f"{type(error).__name__}: {error}")[:500]


def run_cli(main: Callable[[], None]) -> None:
    """Run a command-line program: an ``InputError`` becomes one line on stderr and exit code 1.

    The same applies to faults of the machine (a full, read-only or broken disk, a file in use) and
    to files that do not exist or must not be written.
    """
    end_quickly()
    try:
        main()
    except (InputError, NotApplicableError) as error:
        sys.exit(f"error: {one_line(error)}")
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        what = one_line(error.strerror or error).partition(" (")[0]
        if where and error.errno in _WRONG_PATH:
            sys.exit(f"error: {where}{what}")
        if error.errno not in MACHINE_ERRORS:
            raise
        if error.errno in _IN_USE:
            sys.exit(f"error: {where}{what}; close the program that uses it and run again")
        sys.exit(f"error: {where}{what}; fix the disk and run again")
