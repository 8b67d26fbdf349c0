"""Print sources, licenses, sizes and the required disk space of datasets before they are fetched.

The exit code is 1 if the free disk space is below the known size of the files.
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
        "--sources", type=json.loads, default={}, help="chosen source by dataset (JSON)"
    )
    parser.add_argument("--fetched", nargs="*", default=[], help="ids that need no disk any more")
    parser.add_argument("--registry", type=Path, default=CONFIG / "datasets.yaml")
    parser.add_argument("--raw", type=Path, default=Layout().all_raw, help="folder of raw files")
    return parser.parse_args()


def size(files: list[Mapping[str, Any]]) -> str:
    """The total published size of files."""
    megabytes = sum(file.get("bytes", 0) for file in files) / 1e6
    unknown = sum("bytes" not in file for file in files)
    if not unknown:
        return f"{megabytes:.1f} MB"
    return f"{megabytes:.1f} MB and {unknown} of unknown size" if megabytes else "unknown size"


def line(entry: Mapping[str, Any]) -> str:
    """The first source of a dataset with its license, size and hosts."""
    source = entry["sources"][0]
    hosts = {urlsplit(url).hostname for file in source["files"] for url in file.get("url", [])}
    place = ", ".join(sorted(filter(None, hosts))) or "no URL, manual download"
    terms = source.get("licence", entry["licence"])
    return f"{entry['id']}: {source['name']}, license: {terms}, {size(source['files'])}, {place}"


def main() -> None:
    args = arguments()
    registry = choose_sources(load_registry(args.registry), args.sources)
    entries = [dataset_entry(name, registry) for name in args.datasets]
    entries = [entry for entry in entries if entry["origin"] == "files"]
    for entry in entries:
        print(line(entry))
    missing = [entry for entry in entries if entry["id"] not in args.fetched]
    files = [file for entry in missing for file in entry["sources"][0]["files"]]
    distinct = list({file["name"]: file for file in files}.values())
    free = free_bytes(args.raw)
    print(f"{len(distinct)} files to fetch: {size(distinct)}")
    print(f"disk needed in {args.raw}, with separate copies for each dataset: {size(files)}")
    print(f"disk free: {free / 1e9:.1f} GB")
    if sum(file.get("bytes", 0) for file in files) > free:
        raise InputError(f"{args.raw}: too little disk space; free some, or use --directory")


if __name__ == "__main__":
    run_cli(main)
