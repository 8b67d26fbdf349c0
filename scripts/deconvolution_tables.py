"""Make the tables of deconvolution and the summary that is printed.

deconvolution_scores.csv holds every mean with its interval, deconvolution_<metric>.csv those of one
metric, deconvolution_types.csv the scores of single cell types.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from aggregate import write_csv
from stbench.errors import run_cli


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scores", nargs="*", type=Path, default=[], metavar="FILE")
    parser.add_argument("--methods", required=True, type=Path, help="the methods' entries (.yaml)")
    parser.add_argument("--tables", required=True, type=Path, help="folder to write into")
    parser.add_argument("--summary", required=True, type=Path, help="text to write")
    args = parser.parse_args()

    from stbench.deconvolution.tables import read_scores, summary, tables
    from stbench.io import atomic_file
    from stbench.schema import load_yaml

    methods = load_yaml(args.methods)
    scores = read_scores(args.scores, methods)
    for name, table in tables(scores).items():
        with atomic_file(args.tables / f"{name}.csv") as temporary:
            write_csv(table, temporary)
    with atomic_file(args.summary) as temporary:
        temporary.write_text(summary(scores, methods) + "\n")


if __name__ == "__main__":
    run_cli(main)
