"""Fetch the raw files of a dataset from mirror folders, else by HTTP; every file is checked."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from stbench.common.checksums import file_hash, git_blob_id
from stbench.common.errors import MACHINE_ERRORS, InputError, one_line
from stbench.common.io import atomic_directory, atomic_file, write_json
from stbench.common.paths import RESOURCES
from stbench.config.registry import is_checked
from stbench.data.download import Downloader, FetchError


class HashMismatchError(Exception):
    """A file differs from the published bytes; the message names both hashes."""


def fetch_dataset(
    entry: Mapping[str, Any], output: Path, mirrors: Sequence[Path], downloader: Downloader
) -> dict[str, Any]:
    """Write the folder of raw files of a dataset, with ``status.json``, atomically.

    A folder that has all files of a source with the published bytes is kept. Otherwise the sources
    of the dataset are tried in order; the first with all files available is used. A file is
    searched in the mirror folders, among the files that were fetched for other datasets, then at
    its URLs. A file without a published checksum is pinned (in ``.pins`` of the folder of all
    datasets) at its first download.

    Args:
        entry: description of the dataset (``stbench.config.registry.dataset_entry``).
        output: the folder to write, ``<folder of all datasets>/<dataset>/<key>``.
        mirrors: folders with files under their registry names, in order.
        downloader: downloads from URLs.

    Returns:
        The content of ``status.json``: status ``ok``, the name of the source, the skipped sources
        with reasons, and for each file name, bytes, sha256 and source.

    Raises:
        InputError: no source is available; the line explains how to get the files.
    """
    if status := _checked_status(entry, output):
        return status
    problems: list[Exception] = []
    skipped: list[dict[str, str]] = []
    for source in entry["sources"]:
        try:
            with atomic_directory(output) as folder:
                status = {
                    "status": "ok",
                    "reason": "",
                    "source": source["name"],
                    "skipped": skipped,
                    "files": [
                        _fetch_file(file, folder, output, mirrors, downloader)
                        for file in source["files"]
                    ],
                }
                write_json(folder / "status.json", status)
            return status
        except (HashMismatchError, FetchError) as error:
            problems.append(error)
            skipped.append({"source": source["name"], "reason": one_line(error)})
    # Wrong bytes are reported before missing files.
    problems.sort(key=lambda problem: not isinstance(problem, HashMismatchError))
    mismatch = isinstance(problems[0], HashMismatchError)
    lead = "" if mismatch else "data not available: "
    raise InputError(f"{entry['id']}: {lead}{'; or '.join(one_line(p) for p in problems)}")


def read_status(folder: Path) -> dict[str, Any]:
    """``status.json`` of a folder of raw files.

    Raises:
        InputError: it is missing or broken.
    """
    path = folder / "status.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError(f"{path}: missing or broken; run download.py again") from None


def write_failure(output: Path, reason: str) -> None:
    """Record that a dataset is not available: a folder with only ``status.json``.

    Raises:
        InputError: the folder has data, which are kept.
    """
    if _status_or_empty(output).get("status") == "ok":
        raise InputError(f"{output}: its data are kept, but fetching them again failed: {reason}")
    with atomic_directory(output) as folder:
        write_json(folder / "status.json", {"status": "error", "reason": reason, "files": []})


def _checked_status(entry: Mapping[str, Any], output: Path) -> dict[str, Any]:
    """``status.json`` of a folder in which all files have the published bytes; else empty."""
    status = _status_or_empty(output)
    for source in entry["sources"]:
        if source["name"] == status.get("source") and is_checked(source):
            files = [(file, output / Path(file["name"]).name) for file in source["files"]]
            if all(_matches(file, path) for file, path in files):
                return status
    return {}


def _status_or_empty(folder: Path) -> dict[str, Any]:
    try:
        return read_status(folder)
    except InputError:
        return {}


def _fetch_file(
    file: Mapping[str, Any],
    folder: Path,
    output: Path,
    mirrors: Sequence[Path],
    downloader: Downloader,
) -> dict[str, Any]:
    """Put one file into ``folder``, from the first place with the right bytes."""
    name = file["name"]
    target = folder / Path(name).name
    wrong: list[str] = []
    absent: list[str] = []
    for place, get in _places(file, target, output, mirrors, downloader):
        try:
            get()
            _check(file, target)
            _check_pin(file, target, _store(output) / ".pins")
        except HashMismatchError as error:
            wrong.append(f"{name} from {place}: {error}")
            print(f"{name} from {place}: {error}; not used", file=sys.stderr)
        except FetchError as error:
            absent.append(str(error))
        except OSError as error:
            if error.errno in MACHINE_ERRORS:
                raise
            absent.append(f"{place}: {error.strerror}")
        else:
            sha256 = file_hash(target)
            size = target.stat().st_size
            return {"name": target.name, "bytes": size, "sha256": sha256, "source": place}
        target.unlink(missing_ok=True)
    if wrong:
        raise HashMismatchError("; ".join([*wrong, *absent]))
    how = f"put {name} into a mirror folder (--mirror or STBENCH_MIRROR)"
    if "get" in file:
        how += f": {file['get']}"
    elif file.get("url"):
        how += f", or give this machine access to {file['url'][0]}"
    raise FetchError(how + (f" ({'; '.join(absent)})" if absent else ""))


def _places(
    file: Mapping[str, Any],
    target: Path,
    output: Path,
    mirrors: Sequence[Path],
    downloader: Downloader,
) -> Iterator[tuple[str, Callable[[], object]]]:
    """The places of the file, in order, each with a call that copies it to ``target``."""
    for mirror in mirrors:
        path = mirror / file["name"]
        if path.is_file():
            yield f"mirror:{file['name']}", partial(shutil.copyfile, path, target)
    if "sha256" in file or "blob" in file:  # only a checksum shows that a file is the same
        store = _store(output)
        for path in sorted(store.glob(f"[!.]*/*/{target.name}")):
            if path.parent != output and _matches(file, path):
                yield (
                    f"raw:{path.relative_to(store).parts[0]}",
                    partial(shutil.copyfile, path, target),
                )
    for url in file.get("url", []):
        yield url, partial(downloader.download, url, target, file.get("bytes"))


def _store(output: Path) -> Path:
    """The folder of the raw files of all datasets."""
    return output.absolute().parents[1]


def _check(file: Mapping[str, Any], path: Path) -> None:
    for kind, compute in (("sha256", file_hash), ("blob", git_blob_id)):
        if kind in file and (actual := compute(path)) != file[kind]:
            raise HashMismatchError(f"wrong bytes: {kind} is {actual}, expected {file[kind]}")


def _check_pin(file: Mapping[str, Any], path: Path, pins: Path) -> None:
    """Compare a file without a published checksum with its first download."""
    if "sha256" in file or "blob" in file or not file.get("url"):
        return
    pin, actual = pins / f"{file['name'].replace('/', '+')}.sha256", file_hash(path)
    if not pin.is_file():
        with atomic_file(pin) as temporary:
            temporary.write_text(f"{actual}\n", encoding="utf-8")
    elif (first := pin.read_text(encoding="utf-8").strip()) != actual:
        raise HashMismatchError(
            f"wrong bytes: sha256 is {actual}, but {first} at the first download; if the new "
            f"file is correct, delete {pin}"
        )


def mirror_folders(given: Sequence[str] | None) -> list[Path]:
    """Folders with raw files: those given, else ``STBENCH_MIRROR``; then that of the project.

    Raises:
        InputError: a given folder does not exist.
    """
    names = given if given is not None else [os.environ.get("STBENCH_MIRROR", "")]
    folders = [Path(folder) for folder in names if folder]
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"mirror {folder}: no such folder; correct --mirror or STBENCH_MIRROR")
    return [*folders, RESOURCES / "mirror"]


def _matches(file: Mapping[str, Any], path: Path) -> bool:
    try:
        _check(file, path)
    except (HashMismatchError, OSError):
        return False
    return True
