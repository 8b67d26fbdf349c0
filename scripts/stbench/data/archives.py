"""Unpacking of untrusted archives: never outside the folder, never without a size limit."""

from __future__ import annotations

import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from stbench.common.errors import MACHINE_ERRORS, InputError

MAX_FILES = 10_000
MAX_RATIO = 1000  # above the compression of real data files; the limit of gzip is 1032
_CHUNK = 1 << 20
_BROKEN = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(EOFError, RuntimeError, OSError),
)


@dataclass(frozen=True)
class _Member:
    name: str
    size: int  # as stated in the archive; checked during unpacking
    regular: bool
    stream: IO[bytes] | None


def unpack(archive: Path, folder: Path, max_bytes: int) -> list[Path]:
    """Unpack a .zip or .tar (plain, gz, bz2 or xz) into an empty folder.

    Args:
        archive: the file.
        folder: the output; after an error it may contain parts of the archive.
        max_bytes: limit of the total size of the unpacked files.

    Returns:
        The unpacked files, sorted.

    Raises:
        InputError: not an archive or a broken one; a path outside the folder; a link or a device;
            more or larger files than allowed.
    """
    files: list[Path] = []
    written = 0
    packed = archive.stat().st_size
    try:
        for member in _members(archive):
            target = _target(member, folder, archive)
            if member.stream is None:
                target.mkdir(parents=True, exist_ok=True)
                continue
            if target in files:
                raise InputError(f"{archive}: contains {member.name!r} twice; not unpacked")
            if len(files) == MAX_FILES:
                raise InputError(f"{archive}: more than {MAX_FILES} files; not unpacked")
            limit = min(max_bytes, MAX_RATIO * packed) - written
            written += _copy(member, target, limit, archive)
            files.append(target)
    except _BROKEN as error:
        if isinstance(error, OSError) and error.errno in MACHINE_ERRORS:
            raise  # a full disk is not the archive's fault
        raise InputError(f"{archive}: cannot be unpacked ({error}); download it again") from error
    return sorted(files)


def _members(archive: Path) -> Iterator[_Member]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            for info in packed.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)
                regular = kind in (0, stat.S_IFREG, stat.S_IFDIR)
                if info.is_dir() or not regular:
                    yield _Member(info.filename, 0, regular, None)
                    continue
                with packed.open(info) as stream:
                    yield _Member(info.filename, info.file_size, regular, stream)
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive) as tar:
            for entry in tar:
                regular = entry.isreg() or entry.isdir()
                content = tar.extractfile(entry) if entry.isreg() else None
                yield _Member(entry.name, entry.size, regular, content)
    else:
        raise InputError(f"{archive}: neither a zip nor a tar archive; download it again")


def _target(member: _Member, folder: Path, archive: Path) -> Path:
    """The output path of a member, always below ``folder``."""
    name = PurePosixPath(member.name)
    bad = name.is_absolute() or ".." in name.parts or "\\" in member.name or "\0" in member.name
    if bad:
        raise InputError(f"{archive}: {member.name!r} is outside the folder; not unpacked")
    if not member.regular:
        raise InputError(f"{archive}: {member.name!r} is a link or a device; not unpacked")
    return folder / name


def _copy(member: _Member, target: Path, limit: int, archive: Path) -> int:
    """Copy a member and count its unpacked bytes."""
    assert member.stream is not None
    if member.size > limit:
        raise _too_large(archive, member)
    target.parent.mkdir(parents=True, exist_ok=True)
    done = 0
    with target.open("xb") as file:
        while chunk := member.stream.read(_CHUNK):
            done += len(chunk)
            if done > limit:
                raise _too_large(archive, member)
            file.write(chunk)
    return done


def _too_large(archive: Path, member: _Member) -> InputError:
    return InputError(
        f"{archive}: its unpacked size up to {member.name!r} is more than allowed or plausible; "
        "not unpacked"
    )
