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
    from stbench.verdict.packing import finished_datasets, pack

    benchmark = load_benchmark(args.config, args.config_dir, need_files=False)
    layout = layout_of(benchmark, args.results)
    datasets = finished_datasets(benchmark, layout)
    if not datasets:
        raise InputError("no dataset is finished: some entry of each is not scored yet")
    made = datetime.now(UTC).date().isoformat()
    with TemporaryDirectory(dir=args.output) as temporary:
        pack(benchmark, layout, datasets, made, Path(temporary))
        files = sorted(Path(temporary).iterdir())
        size = sum(path.stat().st_size for path in files) / 1e6
        for path in files:  # files of different runs do not match the manifest
            path.replace(args.output / path.name)
    print(f"{args.output}: {len(datasets)} datasets, {size:.1f} MB")
    if rest := [name for name in benchmark.datasets if name not in datasets]:
        print(f"not finished: {', '.join(rest)}")


if __name__ == "__main__":
    run_cli(main)
