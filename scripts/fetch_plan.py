"""Print what fetching datasets means, before anything is fetched: licences, sizes, disk needed.

Exit code 1 where the disk has less room than the files are known to need.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stbench.common.errors import InputError, run_cli
from stbench.common.io import free_bytes
from stbench.common.paths import CONFIG
from stbench.config.layout import Layout
from stbench.config.registry import choose_sources, dataset_entry, load_registry


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("datasets", nargs="*", help="ids in the registry")
    parser.add_argument(
        "--sources", type=json.loads, default={}, help="JSON: the chosen source of a dataset"
    )
    parser.add_argument("--registry", type=Path, default=CONFIG / "datasets.yaml")
    parser.add_argument("--raw", type=Path, default=Layout().all_raw, help="where files will go")
    return parser.parse_args()


def size(files: list[Mapping[str, Any]]) -> str:
    """Size of files, as far as it is published."""
    megabytes = sum(file.get("bytes", 0) for file in files) / 1e6
    unknown = sum("bytes" not in file for file in files)
    if not unknown:
        return f"{megabytes:.1f} MB"
    return f"{megabytes:.1f} MB and {unknown} of unknown size" if megabytes else "unknown size"


def line(entry: Mapping[str, Any]) -> str:
    """What the first source of a dataset is, under which licence, and how large."""
    source = entry["sources"][0]
    hosts = {urlsplit(url).hostname for file in source["files"] for url in file.get("url", [])}
    place = ", ".join(sorted(filter(None, hosts))) or "by hand: no URL"
    licence = source.get("licence", entry["licence"])
    return f"{entry['id']}: {source['name']}, licence: {licence}, {size(source['files'])}, {place}"


def main() -> None:
    args = arguments()
    registry = choose_sources(load_registry(args.registry), args.sources)
    entries = [dataset_entry(name, registry) for name in args.datasets]
    entries = [entry for entry in entries if entry["origin"] == "files"]
    for entry in entries:
        print(line(entry))
    files = [file for entry in entries for file in entry["sources"][0]["files"]]
    once = list({file["name"]: file for file in files}.values())
    free = free_bytes(args.raw)
    print(f"{len(once)} files to get: {size(once)}")
    print(f"disk needed in {args.raw}, where every dataset has its own copies: {size(files)}")
    print(f"disk free there: {free / 1e9:.1f} GB")
    if sum(file.get("bytes", 0) for file in files) > free:
        raise InputError(f"{args.raw}: too little disk; make room, or use --directory")


if __name__ == "__main__":
    run_cli(main)
