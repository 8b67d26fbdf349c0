"""Pack the finished datasets and methods of a run into a folder of shipped results.

The folder has scores.parquet (every score with its fit, as results.parquet), labels.h5 (the labels
of one training seed of each entry) and manifest.json (what, when, on which machine, and the keys by
which an entry is known to be stale). Entries that the folder has already, and that the run lacks,
are kept unless their fits would be others today. Of a run that is not finished, datasets and
methods are left out until nothing is missing, and are listed. `make compare` shows a new method
beside them.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from stbench.common.errors import InputError, run_cli


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", required=True, type=json.loads, help="configuration, as JSON")
    parser.add_argument("--config-dir", required=True, type=Path, help="folder of methods.yaml")
    parser.add_argument("--results", required=True, type=Path, help="results folder")
    parser.add_argument("--output", required=True, type=Path, help="existing folder")
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()

    from stbench.config.benchmark import load_benchmark
    from stbench.config.keys import layout_of
    from stbench.config.tasks import DOMAINS
    from stbench.results.shipped import MANIFEST, read_shipped
    from stbench.verdict.packing import (
        finished_part,
        kept_entries,
        left_out,
        pack,
        scored_by_other_code,
    )

    benchmark = load_benchmark(args.config, args.config_dir, need_files=False)
    layout = layout_of(benchmark, args.results)
    every = benchmark.entries(DOMAINS)
    scored = {entry for entry in every if layout.scores(*entry).is_file()}
    if not scored:
        raise InputError("nothing is scored yet")
    former, kept = None, set()
    if (args.output / MANIFEST).is_file():
        former = args.output, read_shipped(args.output)
        kept = kept_entries(benchmark, layout, former[1])
    entries = finished_part(every, scored | kept)
    if not scored.intersection(entries):
        raise InputError("no dataset or method of this run is finished yet")
    made = datetime.now(UTC).date().isoformat()
    with TemporaryDirectory(dir=args.output) as temporary:
        pack(benchmark, layout, entries, made, Path(temporary), former)
        files = sorted(Path(temporary).iterdir())
        size = sum(path.stat().st_size for path in files) / 1e6
        for path in files:  # files of different runs do not match the manifest
            path.replace(args.output / path.name)
    kept.intersection_update(entries)
    print(f"{args.output}: {len(entries)} entries ({len(kept)} shipped before), {size:.1f} MB")
    other = scored_by_other_code(layout, former[1], kept) if former else 0
    if other:
        print(f"{other} of those shipped before were clustered or scored by other code")
    for kind, names in left_out(benchmark, entries).items():
        if names:
            print(f"{kind} not finished: {'; '.join(names)}")


if __name__ == "__main__":
    run_cli(main)
