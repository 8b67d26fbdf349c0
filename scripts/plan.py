"""Print the entries, jobs, disk, hours and memory of a benchmark before it runs.

The costs are predicted from measured fits (resources/cost_model.csv and the fits in the results
folder); the error of the predictions is printed with them. Nothing is started.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from stbench.common.errors import run_cli
from stbench.common.paths import CONFIG, RESOURCES


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--config", required=True, type=json.loads, metavar="JSON", help="the configuration"
    )
    parser.add_argument("--results", type=Path, default=Path("results"), help="default: results")
    parser.add_argument(
        "--measured", type=Path, default=RESOURCES / "cost_model.csv", help="measured fits"
    )
    parser.add_argument("--mirror", nargs="*", default=[], help="folders with raw files")
    parser.add_argument("--jobs", type=int, default=1, help="jobs at a time (default 1)")
    parser.add_argument("--output", type=Path, help="csv to write, one row per entry")
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()

    from stbench.common.io import atomic_file
    from stbench.config.benchmark import load_benchmark
    from stbench.config.keys import layout_of
    from stbench.runs.plan import as_table, make_plan
    from stbench.runs.plan_text import as_text

    benchmark = load_benchmark(args.config, CONFIG)
    mirrors = [*map(Path, args.mirror), RESOURCES / "mirror"]
    plan = make_plan(benchmark, layout_of(benchmark, args.results), args.measured, mirrors)
    if args.output:
        with atomic_file(args.output) as temporary:
            as_table(plan).to_csv(temporary, index=False, lineterminator="\n")
    print(as_text(plan, args.jobs))
    if args.output:
        print(f"each entry: {args.output}")


if __name__ == "__main__":
    run_cli(main)
