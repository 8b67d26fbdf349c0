"""Degrade a dataset in a controlled way: thin counts, drop cells, add dropout or jitter positions.

Example: python scripts/degrade.py --data BZ5.h5ad --way counts --level 0.25 --draw 0 \\
    --id BZ5.counts0.25.draw0 --output BZ5.counts0.25.draw0.h5ad
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stbench.common.constants import WAYS
from stbench.common.errors import NotApplicableError, attempt, run_cli
from stbench.common.io import read_h5ad, write_h5ad

if TYPE_CHECKING:
    from anndata import AnnData


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, type=Path, help="dataset (.h5ad)")
    parser.add_argument("--way", required=True, choices=WAYS)
    parser.add_argument(
        "--level",
        required=True,
        type=float,
        help="share of counts or cells kept, share of counts lost, or jitter in cell spacings",
    )
    parser.add_argument("--draw", type=int, default=0, help="seed of all random numbers")
    parser.add_argument("--id", required=True, help="id of the new dataset")
    parser.add_argument("--output", required=True, type=Path, help="dataset to write (.h5ad)")
    args = parser.parse_args()

    from stbench.data.degradation import degrade
    from stbench.data.validation import failed_dataset

    adata = read_h5ad(args.data)
    facts = adata.uns["dataset"]

    def degraded() -> AnnData:
        if facts.get("status") == "error":
            raise NotApplicableError(facts["reason"])
        return degrade(adata, args.way, args.level, args.id, args.draw)

    failed = partial(failed_dataset, args.id)
    write_h5ad(args.output, attempt(args.id, degraded, failed))


if __name__ == "__main__":
    run_cli(main)
