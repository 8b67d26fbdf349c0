"""Plant interactions into the counts of a dataset with cell types.

Example: python scripts/plant.py --data BZ5.h5ad --id BZ5_alike --output BZ5_alike.h5ad \\
    --parameters '{"regime": "alike", "range": "contact", "radius": 1.6, "n_triples": 4,
                   "n_targets": 5, "effect": 2.0, "seed": 0}'
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stbench.common.errors import NotApplicableError, attempt, run_cli
from stbench.common.io import read_h5ad, write_h5ad

if TYPE_CHECKING:
    from anndata import AnnData


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, type=Path, help="dataset (.h5ad)")
    parser.add_argument(
        "--parameters",
        required=True,
        type=json.loads,
        help="JSON object: regime, range, radius (in mean spacings of cells), n_triples, "
        "n_targets, effect, seed; optional: cells (only those nearest to the center)",
    )
    parser.add_argument("--id", required=True, help="id of the new dataset")
    parser.add_argument("--output", required=True, type=Path, help="dataset to write (.h5ad)")
    parser.add_argument(
        "--record-failure", action="store_true", help="where it fails, write the reason alone"
    )
    args = parser.parse_args()

    from stbench.data.planting import plant_into
    from stbench.data.validation import failed_dataset

    adata = read_h5ad(args.data)
    facts = adata.uns["dataset"]

    def planted() -> AnnData:
        if facts.get("status") == "error":
            raise NotApplicableError(facts["reason"])
        return plant_into(adata, args.id, args.parameters)

    failed = partial(failed_dataset, args.id)
    write_h5ad(args.output, attempt(args.id, planted, failed, record=args.record_failure))


if __name__ == "__main__":
    run_cli(main)
