"""Hashes of files that every start of the workflow needs, computed once for each content."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from stbench.common.checksums import file_hash
from stbench.common.io import write_json


class FileHashes:
    """SHA-256 of files, cached in a file until the files change.

    A hash is valid while path, size, inode, modification time and ``ctime`` are unchanged. So a
    file that is replaced by one with an older modification time is read again: ``mv`` changes the
    inode, ``cp -p`` and ``rsync`` change the ``ctime``.

    Args:
        memory: JSON file of the cache; if it is not readable or writable, hashes are computed.
    """

    def __init__(self, memory: Path) -> None:
        self._memory = memory
        self._known: dict[str, list[object]] = {}
        with suppress(OSError, ValueError):
            hashes = json.loads(memory.read_text(encoding="utf-8"))
            if isinstance(hashes, dict):
                self._known = hashes

    def __call__(self, path: str | Path) -> str:
        """The hash of a file's content.

        Raises:
            OSError: the file cannot be read.
        """
        file = Path(path).absolute()
        name, stat = str(file), file.stat()
        state = [stat.st_size, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns]
        entry = self._known.get(name)
        if isinstance(entry, list) and entry[:-1] == state and isinstance(entry[-1], str):
            return entry[-1]
        digest = file_hash(file)
        self._known[name] = [*state, digest]
        with suppress(OSError):
            write_json(self._memory, self._known)
        return digest
