"""Pack the finished datasets and methods of a run into a folder of shipped results.

The folder has scores.parquet (every score with its fit, as results.parquet), labels.h5 (the labels
of one training seed of each entry) and manifest.json (what, when, on which machine, and the keys by
which an entry is known to be stale). Entries that the folder has already, and that the run does not
have, are kept unless the current code would fit them differently or their data changed; seeds and
clusterers must be the same. Of a run that is not finished, datasets and methods are left out until
nothing is missing, and are listed. `make compare` shows a new method beside them.
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
    from stbench.verdict.merging import kept_entries, united
    from stbench.verdict.packing import finished_part, left_out, pack

    config, former = args.config, None
    if (args.output / MANIFEST).is_file():
        try:
            former = args.output, read_shipped(args.output)
        except InputError as error:
            raise InputError(f"{error}; restore {args.output}, or remove its files") from error
        config = united(config, former[1])
    benchmark = load_benchmark(config, args.config_dir, need_files=False)
    layout = layout_of(benchmark, args.results)
    every = benchmark.entries(DOMAINS)
    scored = {entry for entry in every if layout.scores(*entry).is_file()}
    if not scored:
        raise InputError("nothing is scored yet")
    kept, changed = kept_entries(benchmark, layout, former[1]) if former else (set(), [])
    entries = finished_part(every, scored | kept)
    if not scored.intersection(entries):
        raise InputError(
            "no dataset or method of this run is finished; what is shipped already counts, too"
        )
    made = datetime.now(UTC).date().isoformat()
    with TemporaryDirectory(dir=args.output) as temporary:
        pack(benchmark, layout, entries, made, Path(temporary), former)
        files = sorted(Path(temporary).iterdir())
        size = sum(path.stat().st_size for path in files) / 1e6
        for path in files:  # files of different runs do not match the manifest
            path.replace(args.output / path.name)
    before = len(kept.intersection(entries))
    print(f"{args.output}: {len(entries)} entries ({before} shipped before), {size:.1f} MB")
    if changed:
        again = ", ".join(map("/".join, changed))
        print(f"run again, as code, data or parameters changed: {again}")
    for kind, names in left_out(benchmark, layout, entries, former[1] if former else None).items():
        if names:
            found = "; ".join(f"{name} ({scored})" for name, scored in names.items())
            print(f"{kind} not finished: {found}")


if __name__ == "__main__":
    run_cli(main)
