"""Get the raw files of one dataset of the registry.

Each file is looked for in the mirror folders (--mirror, else the variable STBENCH_MIRROR; then
resources/mirror of this project), then at the registry's URLs, and its checksum is verified
wherever it came from. The output is a folder with the files and status.json, written whole or not
at all.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from stbench.common.errors import InputError, attempt, run_cli
from stbench.common.paths import CONFIG, RESOURCES
from stbench.config.registry import dataset_entry, load_registry, origins
from stbench.data.download import Downloader
from stbench.data.fetch import fetch_dataset, write_failure


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", required=True, help="id in the registry")
    parser.add_argument("--output", required=True, type=Path, help="folder to write")
    parser.add_argument("--registry", type=Path, default=CONFIG / "datasets.yaml")
    parser.add_argument(
        "--mirror", nargs="*", default=None, help="folders with raw files, looked at before any URL"
    )
    parser.add_argument(
        "--record-failure",
        action="store_true",
        help="where the data cannot be had, write a folder with only status.json that says why",
    )
    return parser.parse_args()


def mirror_folders(given: list[str] | None) -> list[Path]:
    """The user's mirror folders, then the project's own.

    Raises:
        InputError: a folder that was named does not exist.
    """
    named = given if given is not None else [os.environ.get("STBENCH_MIRROR", "")]
    folders = [Path(folder) for folder in named if folder]
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"mirror {folder}: no such folder; correct --mirror or STBENCH_MIRROR")
    return [*folders, RESOURCES / "mirror"]


def main() -> None:
    args = arguments()
    registry = load_registry(args.registry)
    entry = dataset_entry(args.dataset, registry)
    if entry["origin"] != "files":
        raise InputError(f"{args.dataset}: is simulated, there is nothing to download")
    downloader = Downloader(origins(registry))

    def fetched() -> None:
        status = fetch_dataset(entry, args.output, mirror_folders(args.mirror), downloader)
        names = ", ".join(file["name"] for file in status["files"])
        print(f"{args.dataset}: {names} from {status['source']}")

    attempt(
        args.dataset,
        fetched,
        lambda reason: write_failure(args.output, reason),
        record=args.record_failure,
    )


if __name__ == "__main__":
    run_cli(main)
