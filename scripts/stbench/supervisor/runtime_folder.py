"""A private folder of the user on this machine, the same for every run."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

SHARED = Path("/tmp")  # noqa: S108 - the owner of the folder in it is checked


def runtime_folder() -> Path:
    """The first of ``/tmp/stbench-<uid>`` and ``XDG_RUNTIME_DIR/stbench`` that the user owns.

    ``/tmp`` comes first and ``TMPDIR`` is ignored: two runs of one user must find the same
    folder, and ``XDG_RUNTIME_DIR`` is removed at logout while a run may continue.

    Raises:
        OSError: another user has taken the first, and the second is not available.
    """
    user = os.getuid()
    first = SHARED / f"stbench-{user}"
    given = os.environ.get("XDG_RUNTIME_DIR")
    for folder in (first, *([Path(given) / "stbench"] if given else [])):
        if _is_own(folder, user):
            return folder
    reason = "not a folder of yours; set XDG_RUNTIME_DIR to a folder that only you can write to"
    raise PermissionError(errno.EACCES, reason, str(first))


def _is_own(folder: Path, user: int) -> bool:
    """Whether this is a folder, not a link, of the user; it is created if missing.

    Access of other users is removed.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != user:
            return False
        folder.chmod(0o700)
    except OSError:
        return False
    return True
