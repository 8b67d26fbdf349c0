"""Fetch the raw files of one dataset of the registry.

Each file is searched in the mirror folders (--mirror, else the variable STBENCH_MIRROR; then
resources/mirror of this project), then at the URLs of the registry; its checksum is always
verified. The output is a folder with the files and status.json, written atomically.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from stbench.common.errors import InputError, attempt, run_cli
from stbench.common.paths import CONFIG
from stbench.config.registry import choose_sources, dataset_entry, load_registry, origins
from stbench.data.download import Downloader
from stbench.data.fetch import fetch_dataset, mirror_folders, write_failure


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", required=True, help="id in the registry")
    parser.add_argument("--source", default="", help="the only source to use (default: in order)")
    parser.add_argument("--output", required=True, type=Path, help="folder to write")
    parser.add_argument("--registry", type=Path, default=CONFIG / "datasets.yaml")
    parser.add_argument(
        "--mirror", nargs="*", default=None, help="folders with raw files, searched before any URL"
    )
    parser.add_argument(
        "--record-failure",
        action="store_true",
        help="if the data are not available, write a folder with only status.json and the reason",
    )
    return parser.parse_args()


def main() -> None:
    args = arguments()
    chosen = {args.dataset: args.source} if args.source else {}
    registry = choose_sources(load_registry(args.registry), chosen)
    entry = dataset_entry(args.dataset, registry)
    if entry["origin"] != "files":
        raise InputError(f"{args.dataset}: is simulated and cannot be downloaded")
    downloader = Downloader(origins(registry), partial=args.output.parent / ".partial")

    def fetch() -> None:
        status = fetch_dataset(entry, args.output, mirror_folders(args.mirror), downloader)
        names = ", ".join(file["name"] for file in status["files"])
        print(f"{args.dataset}: {names} from {status['source']}")
        for other in status["skipped"]:
            print(f"{args.dataset}: {other['source']} was not used: {other['reason']}")

    attempt(
        args.dataset,
        fetch,
        lambda reason: write_failure(args.output, reason),
        record=args.record_failure,
    )


if __name__ == "__main__":
    run_cli(main)
