"""Print the progress of the latest run, at any time and from any terminal.

Reads results/<name>/run.json, the record of a run, and the folders of the fits. Nothing is locked
or written.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from stbench.common.errors import InputError, run_cli
from stbench.common.paths import CONFIG, RESOURCES


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--results", type=Path, default=Path("results"), help="default: results")
    parser.add_argument(
        "--configfile", type=Path, help="of the run (.yaml); default: the latest run of any"
    )
    args = parser.parse_args()
    if not args.results.is_dir():
        raise InputError(f"{args.results}: no such folder; nothing has been run here yet: make run")

    from stbench.config.benchmark import load_benchmark
    from stbench.config.keys import keys_of
    from stbench.config.layout import Layout
    from stbench.runs.fit_costs import predicted_seconds
    from stbench.runs.fit_status import fit_states, matrix
    from stbench.runs.redo import fits_to_train, redo_text, wanted_fits
    from stbench.runs.run_record import layout_of_run, read_run
    from stbench.runs.status import status_text

    run = read_run(layout_of_run(args.results, args.configfile))
    benchmark = load_benchmark(run.config, CONFIG, need_files=False)
    keys = keys_of(benchmark, args.results)
    layout = Layout(args.results, benchmark.name, keys)
    states = fit_states(
        layout, matrix(benchmark), alive=run.alive, again=run.fits, since=run.started
    )
    seconds = predicted_seconds(benchmark, layout, RESOURCES / "cost_model.csv")
    print(status_text(layout, benchmark, run, states, seconds))
    if not run.alive:
        wanted = wanted_fits(benchmark, layout, matrix(benchmark), keys.method_code)
        print(redo_text(fits_to_train(wanted)))


if __name__ == "__main__":
    run_cli(main)
