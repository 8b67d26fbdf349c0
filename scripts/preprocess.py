"""Preprocess a dataset for all methods: normalize, select genes, reduce, remove the truth.

The output contains raw counts (layers['counts']), log-normalized values (X), the selected genes
(var['highly_variable']), 30 principal components (obsm['X_pca']), positions (obsm['spatial']), the
15 nearest cells of each cell (obsp['spatial_distances']) and the description of the dataset
(uns['dataset']). The only labels of cells are the sections of joined datasets (obs['section']),
which are not part of the truth.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from stbench.common.errors import attempt, run_cli


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--input", required=True, type=Path, help="dataset (.h5ad)")
    parser.add_argument("--output", required=True, type=Path, help="preprocessed (.h5ad)")
    parser.add_argument(
        "--record-failure",
        action="store_true",
        help="on failure, write the cells without values and the reason",
    )
    args = parser.parse_args()

    from stbench.common.io import read_h5ad, write_h5ad
    from stbench.data.preprocessing import failed_preprocessing, preprocess

    adata = read_h5ad(args.input)
    name = str(adata.uns.get("dataset", {}).get("id", args.input))
    make, failed = partial(preprocess, adata), partial(failed_preprocessing, adata)
    write_h5ad(args.output, attempt(name, make, failed, record=args.record_failure))


if __name__ == "__main__":
    run_cli(main)
