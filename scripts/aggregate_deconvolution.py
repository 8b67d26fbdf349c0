"""Make the tables of deconvolution and the summary that is printed.

deconvolution_scores.csv holds every mean with its interval, deconvolution_<metric>.csv those of one
metric, deconvolution_types.csv the scores of single cell types. With --derived there are also
deconvolution_robustness_curves.csv and deconvolution_robustness_area.csv; pairs that were made
worse are in no other table.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from stbench.common.errors import run_cli
from stbench.common.io import write_csv


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scores", nargs="*", type=Path, default=[], metavar="FILE")
    parser.add_argument("--methods", required=True, type=Path, help="the methods' entries (.yaml)")
    parser.add_argument(
        "--derived",
        type=json.loads,
        default={},
        help="`of`, `way` and `level` of each pair that was made worse (JSON)",
    )
    parser.add_argument("--tables", required=True, type=Path, help="folder to write")
    parser.add_argument("--summary", required=True, type=Path, help="text to write")
    args = parser.parse_args()

    from stbench.common.io import atomic_directory, atomic_file
    from stbench.config.schema import load_yaml
    from stbench.deconvolution.robustness import split_derived
    from stbench.deconvolution.tables import read_scores, summary, tables

    methods = load_yaml(args.methods)
    scores, curves = split_derived(read_scores(args.scores, methods), args.derived)
    with atomic_directory(args.tables) as folder:
        for name, table in {**tables(scores), **curves}.items():
            write_csv(table, folder / f"{name}.csv")
    with atomic_file(args.summary) as temporary:
        temporary.write_text(summary(scores, methods) + "\n")


if __name__ == "__main__":
    run_cli(main)
