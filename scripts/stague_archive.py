"""Put the datasets of STAGUE's archive on Google Drive into a mirror folder.

    python scripts/stague_archive.py --mirror /data/mirror [--archive FILE]

Without --archive it is downloaded with gdown, which has its own environment (make setup-archive).
No checksum of it is published: the checksum of the first archive is recorded in
<mirror>/STAGUE_archive/archive.json, and archives with another checksum are refused. The contents
are printed and compared with config/datasets.yaml; if they differ, no file is kept without
--accept. The exit code is 1 if no dataset of the registry is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stbench.common.checksums import file_hash
from stbench.common.errors import InputError, one_line, run_cli
from stbench.common.io import atomic_directory, atomic_file, free_bytes, write_json
from stbench.common.paths import CONFIG
from stbench.config.registry import load_registry
from stbench.data.archives import unpack
from stbench.data.fetch import write_failure
from stbench.data.stague_archive import DRIVE_ID, Found, absent, inspect

BY_HAND = (
    f"download it in a browser (https://drive.google.com/uc?id={DRIVE_ID}) and provide it with "
    "--archive"
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    mirror = os.environ.get("STBENCH_MIRROR") or None
    parser.add_argument(
        "--mirror", default=mirror, required=not mirror, type=Path, help="default: STBENCH_MIRROR"
    )
    parser.add_argument("--archive", type=Path, help="the archive, if it is downloaded already")
    parser.add_argument(
        "--gdown", default=sys.executable, help="a Python with gdown (default: this one)"
    )
    parser.add_argument("--registry", type=Path, default=CONFIG / "datasets.yaml")
    parser.add_argument(
        "--record-failure",
        action="store_true",
        help="if it is not available, write a folder with only status.json and the reason",
    )
    parser.add_argument("--accept", action="store_true", help="also keep files that differ")
    parser.add_argument(
        "--max-gb", type=float, default=50, help="total size of all unpacked files (default 50)"
    )
    return parser.parse_args()


def download(target: Path, python: str) -> None:
    """Download the archive with the gdown of another Python.

    Raises:
        InputError: gdown or the network is missing; the line explains a manual download.
    """
    with atomic_file(target) as temporary:
        command = [python, "-m", "gdown", DRIVE_ID, "-O", str(temporary)]
        try:
            process = subprocess.run(
                command, stderr=subprocess.PIPE, text=True, check=False, encoding="utf-8"
            )
        except OSError as error:
            raise InputError(
                f"{python}: {error.strerror}; make setup-archive, or {BY_HAND}"
            ) from None
        if "No module named gdown" in process.stderr:
            raise InputError(f"gdown is not installed: make setup-archive, or {BY_HAND}")
        if process.returncode or not temporary.is_file():
            reason = one_line(process.stderr)[-300:] or f"exit code {process.returncode}"
            raise InputError(f"STAGUE's archive cannot be downloaded ({reason}); {BY_HAND}")


def check_pin(archive: Path, sha256: str, pin: Path) -> None:
    """Refuse an archive that differs from the first one."""
    if pin.is_file() and (noted := json.loads(pin.read_text(encoding="utf-8"))["sha256"]) != sha256:
        raise InputError(
            f"{archive}: sha256 is {sha256}, the first one had {noted}; if the new one is "
            f"correct, delete {pin.parent}"
        )


def describe(found: list[Found]) -> int:
    """Print the inventory; returns the number of surprises."""
    for file in found:
        print(f"{file.dataset}: {file.summary}, sha256 {file.sha256}")
        for surprise in file.surprises:
            print(f"  differs: {surprise}")
    return sum(len(file.surprises) for file in found)


def to_keep(found: Sequence[Found], registry: Mapping[str, Any], archive: Path) -> list[Found]:
    """One file of each dataset of the registry.

    Raises:
        InputError: it contains none.
    """
    datasets: dict[str, Found] = {}
    for file in found:
        if file.dataset in registry:
            datasets.setdefault(file.dataset, file)
    if not datasets:
        names = ", ".join(file.dataset for file in found[:5]) or "no h5ad file"
        raise InputError(
            f"{archive}: contains no dataset of config/datasets.yaml; nothing was kept. Contents: "
            f"{names}{', ...' if len(found) > 5 else ''}"
        )
    return list(datasets.values())


def main() -> None:
    args = arguments()
    try:
        put_into_mirror(args)
    except InputError as error:
        if not args.record_failure:
            raise
        write_failure(args.mirror / "STAGUE_archive", one_line(error))
        print(one_line(error), file=sys.stderr)


def put_into_mirror(args: argparse.Namespace) -> None:
    """Download, unpack and inspect the archive, and keep the datasets of the registry.

    Raises:
        InputError: it is not available, differs from the registry, or contains none of its data.
    """
    registry = load_registry(args.registry)
    archive = args.archive or args.mirror / "STAGUE_archive.download"
    if args.archive is None and not archive.is_file():
        download(archive, args.gdown)
    if not archive.is_file():
        raise InputError(f"{archive}: no such file")
    output = args.mirror / "STAGUE_archive"
    sha256 = file_hash(archive)
    check_pin(archive, sha256, output / "archive.json")
    with atomic_directory(output) as folder:
        unpacked = folder / "unpacked"
        unpack(archive, unpacked, min(int(args.max_gb * 1e9), free_bytes(args.mirror)))
        found = inspect(unpacked, registry)
        differing = describe(found)
        missing = absent(found, registry)
        for name in missing:
            print(f"{name}: not in the archive")
        kept = to_keep(found, registry, archive)
        if differing and not args.accept:
            raise InputError(
                f"{archive}: {differing} differences to config/datasets.yaml (see above); nothing "
                "was kept: correct the registry, or run again with --accept"
            )
        for file in kept:
            (folder / file.dataset).mkdir()
            file.path.rename(folder / file.dataset / "adata.h5ad")
        shutil.rmtree(unpacked)
        files = {f"{file.dataset}/adata.h5ad": file.sha256 for file in kept}
        write_json(folder / "archive.json", {"sha256": sha256, "files": files})
        write_json(folder / "status.json", {"status": "ok", "reason": "", "files": []})
    text = f"{len(kept)} datasets are in {output}"
    if missing or differing:
        print(f"{text}; keep {archive}: it lacks some of the expected data")
    else:
        print(f"{text}; {archive} is no longer needed")


if __name__ == "__main__":
    run_cli(main)
