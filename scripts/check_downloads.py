"""Report for every dataset whether its raw files are available, and how to get missing ones.

Reads the folders that download.py wrote. The exit code is 1 if a dataset is missing; with
--lenient, only if all are missing.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stbench.common.errors import InputError, run_cli
from stbench.data.fetch import read_status


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "folders", nargs="*", type=Path, help="folders of raw files, <dataset>/<key>"
    )
    parser.add_argument(
        "--lenient", action="store_true", help="fail only if all datasets are missing"
    )
    return parser.parse_args()


def line(name: str, status: Mapping[str, Any]) -> str:
    """The line about a dataset."""
    if status["status"] != "ok":
        return f"{name}: {status['reason']}"
    megabytes = sum(file["bytes"] for file in status["files"]) / 1e6
    return f"{name}: {megabytes:.1f} MB from {status['source']}"


def main() -> None:
    args = arguments()
    statuses = {folder.absolute().parent.name: read_status(folder) for folder in args.folders}
    missing = [name for name, status in statuses.items() if status["status"] != "ok"]
    for name in sorted(statuses, key=lambda name: name not in missing):
        print(line(name, statuses[name]))
    if not missing:
        return
    text = f"{len(missing)} of {len(statuses)} datasets are not available"
    if args.lenient and len(missing) < len(statuses):
        print(f"{text}; the others are used, and the tables give the reasons above")
        return
    raise InputError(f"{text}; get them, then `make retry` (with the same CONFIG) and run again")


if __name__ == "__main__":
    run_cli(main)
