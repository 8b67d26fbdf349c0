"""Pack raw files, and with --wheels Python packages, into one tar for a machine without a network.

    python scripts/bundle.py --output stbench-bundle.tar results/raw/*/*

On the other machine: unpack it, run `sha256sum -c SHA256SUMS` in its folder, and set
STBENCH_MIRROR=<unpacked>/mirror. With wheels, also set PIP_NO_INDEX=1 and
PIP_FIND_LINKS=<unpacked>/wheels for `make setup`. MANIFEST.tsv contains the dataset, license and
source of each file. The same files give the same bytes.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stbench.common.checksums import file_hash
from stbench.common.errors import InputError, run_cli
from stbench.common.io import atomic_file
from stbench.common.paths import CONFIG, PROJECT
from stbench.config.registry import load_registry, source_entry

LOCKS = ("requirements.lock", "requirements-r.lock", "requirements-dev.lock")
HEAD = "path\tbytes\tsha256\tdataset\tlicence\tsource"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "folders", nargs="+", type=Path, help="folders written by download.py, <dataset>/<key>"
    )
    parser.add_argument("--output", required=True, type=Path, help="tar to write")
    parser.add_argument("--registry", type=Path, default=CONFIG / "datasets.yaml")
    parser.add_argument(
        "--wheels",
        metavar="TORCH",
        help="add the wheels of the lock files and of this torch==version",
    )
    return parser.parse_args()


def raw_files(folder: Path, registry: Mapping[str, Any]) -> dict[str, tuple[Path, str]]:
    """Files of a dataset by their path in the bundle, each with its line of the manifest.

    Raises:
        InputError: the folder was not written by download.py, or a file has changed.
    """
    name = folder.absolute().parent.name
    try:
        status = json.loads((folder / "status.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError(f"{folder}: no readable status.json; download it again") from None
    if status["status"] != "ok":
        print(f"{name}: not included: {status['reason']}", file=sys.stderr)
        return {}
    if "source" not in status:  # STAGUE's archive; its files are also in folders of datasets
        return {}
    try:
        entry = source_entry(name, status["source"], registry)
    except InputError as error:  # fetched when the registry had it
        print(f"not included: {error}", file=sys.stderr)
        return {}
    known = {Path(file["name"]).name: file for file in entry["files"]}
    files = {}
    for file in status["files"]:
        path, now = folder / file["name"], known.get(file["name"])
        if now is None or now.get("sha256", file["sha256"]) != file["sha256"]:
            print(f"not included: {path}: the registry has other files now", file=sys.stderr)
            return {}
        if not path.is_file() or file_hash(path) != file["sha256"]:
            raise InputError(f"{path}: differs from the fetched file; download it again")
        place = f"mirror/{now['name']}"
        facts = (place, file["bytes"], file["sha256"], name, entry["licence"])
        files[place] = (path, "\t".join(map(str, (*facts, file["source"]))))
    return files


def wheels(folder: Path, torch: str) -> dict[str, tuple[Path, str]]:
    """Download the wheels of all lock files, and of torch with its dependencies."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "-q"]
    locked = [word for lock in LOCKS for word in ("-r", str(PROJECT / lock))]
    for packages in ([torch], ["--no-deps", *locked]):
        if subprocess.run([*pip, "-d", str(folder), *packages]).returncode:
            raise InputError("pip could not download all wheels (see above); run without --wheels")
    return {
        f"wheels/{path.name}": (
            path,
            f"wheels/{path.name}\t{path.stat().st_size}\t{file_hash(path)}\t\t\tpip",
        )
        for path in sorted(folder.iterdir())
    }


def write_tar(path: Path, files: Mapping[str, tuple[Path, str]]) -> None:
    """Write the tar with its manifest; the bytes depend neither on the user nor on the time."""
    lines = [files[place][1] for place in sorted(files)]
    sums = ["  ".join((line.split("\t")[2], line.split("\t")[0])) for line in lines]
    texts = {"MANIFEST.tsv": [HEAD, *lines], "SHA256SUMS": sums}
    with atomic_file(path) as temporary, tarfile.open(temporary, "w") as tar:
        for name, text in texts.items():
            content = "".join(f"{line}\n" for line in text).encode()
            _add(tar, name, len(content), io.BytesIO(content))
        for place in sorted(files):
            with files[place][0].open("rb") as stream:
                _add(tar, place, files[place][0].stat().st_size, stream)


def _add(tar: tarfile.TarFile, name: str, size: int, stream: Any) -> None:
    info = tarfile.TarInfo(f"stbench-bundle/{name}")
    info.size, info.mode = size, 0o644
    tar.addfile(info, stream)


def main() -> None:
    args = arguments()
    registry = load_registry(args.registry)
    files: dict[str, tuple[Path, str]] = {}
    for folder in args.folders:
        files |= raw_files(folder, registry)
    if not files:
        raise InputError("no dataset to pack: fetch the data first (make fetch)")
    with tempfile.TemporaryDirectory() as scratch:
        if args.wheels:
            files |= wheels(Path(scratch), args.wheels)
        write_tar(args.output, files)
    size = args.output.stat().st_size / 1e6
    print(f"{args.output}: {len(files)} files, {size:.1f} MB, with MANIFEST.tsv and SHA256SUMS")


if __name__ == "__main__":
    run_cli(main)
