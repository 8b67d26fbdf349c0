"""Join several sections of tissue into one dataset, of the genes that all of them have.

Example: python scripts/join.py --id brain --sections BZ5.h5ad BZ9.h5ad --output brain.h5ad

The section of each cell stands in obs['section']. In space the sections lie so far apart that no
graph of near cells links two of them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from stbench.common.errors import InputError, one_line, run_cli
from stbench.common.io import read_h5ad, write_h5ad


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--id", required=True, help="name of the dataset that is made")
    parser.add_argument(
        "--sections", required=True, nargs="+", type=Path, help="datasets (.h5ad), two or more"
    )
    parser.add_argument("--output", required=True, type=Path, help="dataset to write (.h5ad)")
    parser.add_argument(
        "--record-failure",
        action="store_true",
        help="where they cannot be joined, write a dataset without cells that says why",
    )
    args = parser.parse_args()
    if len(args.sections) < 2:
        raise InputError("--sections: name two datasets or more")

    from stbench.data.sections import join_sections, missing_sections
    from stbench.data.validation import failed_dataset

    sections = [read_h5ad(path) for path in args.sections]
    try:
        if lost := missing_sections([section.uns["dataset"] for section in sections]):
            raise InputError(f"{args.id}: {lost}")
        joined = join_sections(sections, args.id)
        sizes = joined.obs["section"].value_counts(sort=False)
        told = ", ".join(f"{section} {cells}" for section, cells in sizes.items())
        print(f"{args.id}: {joined.n_obs} cells ({told}) x {joined.n_vars} common genes")
    except InputError as error:
        if not args.record_failure:
            raise
        reason = one_line(error).removeprefix(f"{args.id}: ")
        print(f"{args.id}: {reason}", file=sys.stderr)
        joined = failed_dataset(args.id, reason)
    write_h5ad(args.output, joined)


if __name__ == "__main__":
    run_cli(main)
