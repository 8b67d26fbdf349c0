"""Measure the genes of a real section, as a reference for simulated tissues.

Example: python scripts/gene_statistics.py --data BZ9.h5ad \
             --output resources/simulation/BZ9.csv

The table has a row for each gene and one for the totals of the cells: mean, share of zeros,
dispersion, and dropout, which is the share of counts that are set to zero.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from stbench.common.errors import run_cli


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", required=True, type=Path, help="a dataset (results/data) of counts with types"
    )
    parser.add_argument("--output", required=True, type=Path, help="table to write (.csv)")
    args = parser.parse_args()

    from stbench.common.io import atomic_file, read_h5ad
    from stbench.data.simulation.gene_statistics import gene_statistics

    table = gene_statistics(read_h5ad(args.data))
    with atomic_file(args.output) as temporary:
        table.to_csv(temporary, index=False, float_format="%.4g", lineterminator="\n")


if __name__ == "__main__":
    run_cli(main)
