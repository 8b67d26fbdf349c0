"""List what failed in the latest run and, with --reset, let the next run retry it.

Failures are fits with the status error, oom, timeout, nan or killed, labels, scores and analyses of
fits with the status error, datasets that were not available or not valid, tools for cell-cell
communication that failed, and all whose environment was missing and may exist now.
--reset deletes them and all files made of them: labels, scores, interactions, tables and figures.
Other fits are kept, so only failed ones are run again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from stbench.common.errors import InputError, run_cli
from stbench.common.paths import CONFIG


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--results", type=Path, default=Path("results"), help="default: results")
    parser.add_argument(
        "--configfile", type=Path, help="of the run (.yaml); default: the latest run of any"
    )
    parser.add_argument("--reset", action="store_true", help="delete them, to be retried")
    parser.add_argument(
        "--environments",
        action="store_true",
        help="also entries whose environment was missing, for a run with conda or a container",
    )
    args = parser.parse_args()
    if not args.results.is_dir():
        raise InputError(f"{args.results}: no such folder; nothing has been run here yet")

    from stbench.config.benchmark import load_benchmark
    from stbench.config.keys import layout_of
    from stbench.runs.retry import as_table, delete, failures, outputs_of, summaries
    from stbench.runs.run_record import config_of_run, living_runs

    config = config_of_run(args.results, args.configfile)
    benchmark = load_benchmark(config, CONFIG, need_files=False)
    layout = layout_of(benchmark, args.results)
    failed = failures(benchmark, layout, environments=args.environments)
    if not failed:
        print(f"no failed entries of the configuration {layout.name}")
        return
    print(as_table(failed))
    if not args.reset:
        print(f"\n{len(failed)} failed; --reset lets the next run retry them")
        return
    if names := living_runs(args.results):
        raise InputError(
            f"a run of {', '.join(names)} is still working in {args.results} and would lose its "
            "files; reset after it has ended"
        )
    for failure in failed:
        for path in outputs_of(failure, layout):
            delete(path)
    for path in summaries(layout):
        delete(path)
    print(f"\n{len(failed)} reset; the next run retries them")


if __name__ == "__main__":
    run_cli(main)
