"""Pack the finished datasets of a run into a folder of shipped results.

The folder has scores.parquet (every score with its fit, as results.parquet), labels.h5 (the labels
of one training seed of each entry) and manifest.json (what, when, on which machine, and the keys by
which an entry is known to be stale). Datasets of which any entry is not scored are left out and
listed. `make compare` shows a new method beside them.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from stbench.common.errors import InputError, run_cli


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", required=True, type=json.loads, help="configuration, as JSON")
    parser.add_argument("--config-dir", required=True, type=Path, help="folder of methods.yaml")
    parser.add_argument("--results", required=True, type=Path, help="results folder")
    parser.add_argument("--output", required=True, type=Path, help="folder to write")
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()

    from stbench.common.io import atomic_directory
    from stbench.config.benchmark import load_benchmark
    from stbench.config.keys import layout_of
    from stbench.verdict.packing import finished_datasets, pack

    benchmark = load_benchmark(args.config, args.config_dir, need_files=False)
    layout = layout_of(benchmark, args.results)
    datasets = finished_datasets(benchmark, layout)
    if not datasets:
        raise InputError("no dataset is finished: some entry of each is not scored yet")
    made = datetime.now(UTC).date().isoformat()
    with atomic_directory(args.output) as folder:
        pack(benchmark, layout, datasets, made, folder)
    size = sum(path.stat().st_size for path in args.output.iterdir()) / 1e6
    print(f"{args.output}: {len(datasets)} datasets, {size:.1f} MB")
    if rest := [name for name in benchmark.datasets if name not in datasets]:
        print(f"not finished: {', '.join(rest)}")


if __name__ == "__main__":
    run_cli(main)
