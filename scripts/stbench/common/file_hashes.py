"""Hashes of files that every start of the workflow needs, computed once for each content."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from stbench.common.checksums import all_files, file_hash
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
        """The hash of the content of a file, or of all files in a folder.

        Raises:
            OSError: the file cannot be read.
        """
        file = Path(path).absolute()
        name, state = str(file), _state(file)
        entry = self._known.get(name)
        if isinstance(entry, list) and entry[:-1] == state and isinstance(entry[-1], str):
            return entry[-1]
        digest = file_hash(file)
        self._known[name] = [*state, digest]
        with suppress(OSError):
            write_json(self._memory, self._known)
        return digest


def _state(path: Path) -> list[object]:
    """What changes if a file, or a file in a folder, is replaced."""
    if path.is_dir():
        states = [[str(file.relative_to(path)), _state(file)] for file in all_files(path)]
        return [hashlib.sha256(json.dumps(states).encode()).hexdigest()]
    stat = path.stat()
    return [stat.st_size, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns]
