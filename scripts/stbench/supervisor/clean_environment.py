"""The environment of every job, independent of the user's shell."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from contextlib import suppress

from stbench.supervisor.runtime_folder import runtime_folder

# They make shells and Python run or import code that is not part of a job, or skip code.
_SHELL = ("BASH_ENV", "ENV", "SHELLOPTS", "BASHOPTS", "CDPATH")
_HARMLESS = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
_SET = {
    "PYTHONNOUSERSITE": "1",
    "PYTHONUTF8": "1",
    "LC_ALL": "C.UTF-8",  # texts, their order and R's messages are the same in every locale
    "MPLBACKEND": "Agg",
}


def cleaned(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without variables that change the code, repository or language of a job.

    ``HOME`` and ``USER`` are set if the user has none, as in a container with a numeric user:
    libraries need them.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if name in _HARMLESS or not (name in _SHELL or name.startswith(("PYTHON", "GIT_")))
    }
    kept.pop("LANGUAGE", None)
    if "HOME" not in kept and not _has_passwd_entry():
        with suppress(OSError):
            kept["HOME"] = str(runtime_folder())
        kept.setdefault("USER", str(os.getuid()))
    return {**kept, **_SET}


def _has_passwd_entry() -> bool:
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        return False
    return True
