"""Compare the methods of a run with shipped results: <method>.txt and <method>.csv.

The text has the place of the method, its lift and cost, and whether a control that is run again
scores as it did; the table has wins and losses against every other method.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from stbench.common.constants import RANK_BY
from stbench.common.errors import run_cli


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--results", required=True, type=Path, help="results.parquet")
    parser.add_argument(
        "--scores", required=True, nargs="+", type=Path, help="files of score.py, of this run"
    )
    parser.add_argument("--shipped", required=True, type=Path, help="folder of shipped results")
    parser.add_argument("--rank-by", default=RANK_BY, help=f"clusterer (default {RANK_BY})")
    parser.add_argument("--output", required=True, type=Path, help="folder to write")
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()

    from stbench.common.io import atomic_directory, write_csv
    from stbench.results.assembly import read_results, read_scores, with_blocks
    from stbench.results.shipped import read_shipped
    from stbench.verdict.comparison import CANARY, against_each, comparison_text

    shipped = read_shipped(args.shipped)
    sources = read_scores(args.scores), shipped.results
    results = with_blocks(read_results(args.results), sources)
    own = results[(results["source"] == "") & (results["study"] == "")]
    with atomic_directory(args.output) as folder:
        for method in own["method"].unique():
            if method == CANARY:
                continue
            write_csv(against_each(results, method, args.rank_by), folder / f"{method}.csv")
            text = comparison_text(results, own, shipped, method, args.rank_by)
            (folder / f"{method}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    run_cli(main)
