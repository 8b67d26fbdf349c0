"""Join several sections of tissue into one dataset with their common genes.

Example: python scripts/join.py --id brain --sections BZ5.h5ad BZ9.h5ad --output brain.h5ad

obs['section'] contains the section of each cell. Positions are shifted so far apart that no graph
of nearest cells links two sections.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stbench.common.errors import InputError, attempt, run_cli
from stbench.common.io import read_h5ad, write_h5ad

if TYPE_CHECKING:
    from anndata import AnnData


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--id", required=True, help="id of the joined dataset")
    parser.add_argument(
        "--sections", required=True, nargs="+", type=Path, help="datasets (.h5ad), two or more"
    )
    parser.add_argument("--output", required=True, type=Path, help="dataset to write (.h5ad)")
    parser.add_argument(
        "--n-domains", type=int, help="their number; default: the largest of sections and labels"
    )
    parser.add_argument(
        "--record-failure",
        action="store_true",
        help="on failure, write a dataset without cells and with the reason",
    )
    args = parser.parse_args()
    if len(args.sections) < 2:
        raise InputError("--sections: at least two datasets are required")

    from stbench.data.sections import join_sections, missing_sections
    from stbench.data.validation import failed_dataset

    sections = [read_h5ad(path) for path in args.sections]

    def joined() -> AnnData:
        if missing := missing_sections([section.uns["dataset"] for section in sections]):
            raise InputError(f"{args.id}: {missing}")
        adata = join_sections(sections, args.id, args.n_domains)
        sizes = adata.obs["section"].value_counts(sort=False)
        listed = ", ".join(f"{section} {cells}" for section, cells in sizes.items())
        print(f"{args.id}: {adata.n_obs} cells ({listed}) x {adata.n_vars} common genes")
        return adata

    failed = partial(failed_dataset, args.id)
    write_h5ad(args.output, attempt(args.id, joined, failed, record=args.record_failure))


if __name__ == "__main__":
    run_cli(main)
