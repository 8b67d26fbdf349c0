"""Say of every dataset whether its raw files are there, and how to get those that are not.

Reads the folders that download.py wrote; exit code 1 where a dataset is missing.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from stbench.common.errors import InputError, run_cli
from stbench.data.fetch import read_status


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, help="folders of raw files")
    return parser.parse_args()


def line(folder: Path) -> tuple[bool, str]:
    """Whether the files are there, and what to say of them."""
    status = read_status(folder)
    if status["status"] != "ok":
        return False, f"{folder.name}: {status['reason']}"
    megabytes = sum(file["bytes"] for file in status["files"]) / 1e6
    return True, f"{folder.name}: {megabytes:.1f} MB from {status['source']}"


def main() -> None:
    lines = [line(folder) for folder in arguments().folders]
    for _, text in sorted(lines, key=lambda item: not item[0]):
        print(text)
    missing = sum(not there for there, _ in lines)
    if missing:
        raise InputError(
            f"{missing} of {len(lines)} datasets cannot be had; get them as said above, "
            "then `make retry` and run again"
        )


if __name__ == "__main__":
    run_cli(main)
