"""Write the report: one page with all results of a run, which can be opened without a network.

It shows the completed and missing entries, a leaderboard to sort and filter, statistical
conclusions, figures, inferred interactions and other studies if available, and the citations of
methods and data. Every score is linked to its runs.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from stbench.common.errors import InputError, run_cli


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--results", type=Path, default=Path("results"), help="results folder; default: results"
    )
    parser.add_argument("--config", required=True, help="the run's configuration, as JSON")
    parser.add_argument(
        "--config-dir", required=True, type=Path, help="folder of methods.yaml and datasets.yaml"
    )
    parser.add_argument("--citation", required=True, type=Path, help="CITATION.cff")
    parser.add_argument("--output", required=True, type=Path, help="page to write (.html)")
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()
    try:
        config = json.loads(args.config)
    except ValueError as error:
        raise InputError(f"--config: not valid JSON ({error})") from error

    from stbench.common.io import atomic_file
    from stbench.config.benchmark import load_benchmark
    from stbench.config.keys import layout_of
    from stbench.config.schema import load_yaml
    from stbench.config.tasks import DOMAINS
    from stbench.report.page import Sources, report_page
    from stbench.results.assembly import read_results
    from stbench.summary.run import read_run

    benchmark = load_benchmark(config, args.config_dir, need_files=False)
    layout = layout_of(benchmark, args.results)
    run = None
    if DOMAINS in benchmark.tasks:
        run = read_run(read_results(layout.results), layout.tables, config["rank_by"])
    sources = Sources(
        layout=layout,
        datasets=benchmark.datasets,
        methods=benchmark.methods,
        config=config,
        citation=load_yaml(args.citation),
    )
    page = report_page(run, sources)
    with atomic_file(args.output) as temporary:
        temporary.write_text(page, encoding="utf-8")
    print(f"{args.output}: {len(page.encode()) / 1e6:.1f} MB")


if __name__ == "__main__":
    run_cli(main)
