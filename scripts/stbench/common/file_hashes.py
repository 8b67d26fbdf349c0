"""Hashes of files that every start of the workflow asks for, computed once for each content."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from stbench.common.checksums import file_hash
from stbench.common.io import write_json


class FileHashes:
    """SHA-256 of files, remembered in a file as long as nothing about them changes.

    A hash holds while path, size, inode and the times of the last change of the content and of
    the file's record (``ctime``) are the same. So a file that is replaced by one with an older time
    is read again: ``mv`` changes the inode, ``cp -p`` and ``rsync`` change the ``ctime``.

    Args:
        memory: JSON file that keeps them; where it cannot be read or written they are computed.
    """

    def __init__(self, memory: Path) -> None:
        self._memory = memory
        self._known: dict[str, list[object]] = {}
        with suppress(OSError, ValueError):
            known = json.loads(memory.read_text(encoding="utf-8"))
            if isinstance(known, dict):
                self._known = known

    def __call__(self, path: str | Path) -> str:
        """The hash of a file's content.

        Raises:
            OSError: the file cannot be read.
        """
        file = Path(path).absolute()
        name, stat = str(file), file.stat()
        state = [stat.st_size, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns]
        known = self._known.get(name)
        if isinstance(known, list) and known[:-1] == state and isinstance(known[-1], str):
            return known[-1]
        digest = file_hash(file)
        self._known[name] = [*state, digest]
        with suppress(OSError):
            write_json(self._memory, self._known)
        return digest
