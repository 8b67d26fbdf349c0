"""Write the text that a run ends with: scores, what they mean, what failed, where things lie.

Exit code 1 where not a single score came out; the text then goes to stderr as well.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from stbench.common.errors import InputError, run_cli


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--results", required=True, type=Path, help="results.parquet")
    parser.add_argument("--tables", required=True, type=Path, help="folder of the tables")
    parser.add_argument("--figures", required=True, type=Path, help="folder of the pictures")
    parser.add_argument(
        "--interactions", type=Path, help="folder of <dataset>/<method>/status.json"
    )
    parser.add_argument("--report", type=Path, help="the report, to be named")
    parser.add_argument("--rank-by", default="kmeans", help="clusterer shown (default kmeans)")
    parser.add_argument("--output", required=True, type=Path, help="text file to write")
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()

    from stbench.common.io import atomic_file
    from stbench.results.assembly import read_results
    from stbench.summary.run import read_run
    from stbench.summary.text import any_score, summary

    run = read_run(read_results(args.results), args.tables, args.rank_by)
    text = summary(run, args.tables, args.figures, args.interactions, args.report)
    with atomic_file(args.output) as temporary:
        temporary.write_text(text, encoding="utf-8")
    ok = any_score(run)
    print(text, file=sys.stdout if ok else sys.stderr)
    if not ok:
        raise InputError(f"{args.results}: not a single score came out; the reasons are above")


if __name__ == "__main__":
    run_cli(main)
