"""Checksums of files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

_CHUNK = 1 << 20


def file_hash(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal; of a folder, of the names and hashes of all its files."""
    if path.is_dir():
        lines = [
            f"{file.relative_to(path).as_posix()} {file_hash(file)}" for file in all_files(path)
        ]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def all_files(folder: Path) -> list[Path]:
    """The files in a folder and in all folders below it, sorted."""
    return sorted(file for file in folder.rglob("*") if file.is_file())


def combined_hash(paths: Sequence[Path]) -> str:
    """SHA-256 of one file, or of the hashes of several in order."""
    hashes = [file_hash(path) for path in paths]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def git_blob_id(path: Path) -> str:
    """Git's id of a file's content: SHA-1 of ``blob <size>``, a zero byte and the content."""
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
