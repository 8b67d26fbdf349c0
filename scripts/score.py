"""Score the labels of one method on one dataset: agreement with the truth, and smoothness in space.

The table has one row for every training seed, number of domains, clusterer, protocol (oracle,
oracle_reclustered, final, selected, untrained) and metric (ARI, AMI, NMI, homogeneity,
completeness, V, CHAOS, PAS, ASW), and one for the consensus of all training seeds, whose seed is
-1. For a missing value, the columns status and reason give the cause. Metrics that need the truth
exclude cells without a true label; CHAOS, PAS and ASW use all cells. The epoch of the oracle
protocols is chosen here. A second table contains ARI and loss of every epoch.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.common.errors import attempt, run_cli
from stbench.common.seeding import limit_threads

if TYPE_CHECKING:
    import pandas as pd


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, type=Path, help="dataset with its truth (.h5ad)")
    parser.add_argument("--labels", required=True, type=Path, help="file of labels (.h5)")
    parser.add_argument("--dataset", required=True, help="id of the dataset")
    parser.add_argument("--method", required=True, help="id of the method")
    parser.add_argument(
        "--trainable",
        required=True,
        choices=["true", "false"],
        help="whether the method trains in epochs",
    )
    parser.add_argument("--output", required=True, type=Path, help="table to write (.parquet)")
    parser.add_argument(
        "--epochs", required=True, type=Path, help="table of ARI and loss by epoch (.parquet)"
    )
    parser.add_argument(
        "--record-failure",
        action="store_true",
        help="on failure, write an error with the reason for every fit",
    )
    return parser.parse_args()


def true_codes(data: dict[str, Any]) -> Any | None:
    """Codes of the true domains, -1 = unknown; None if no cell has one."""
    import pandas as pd

    if "obs/cluster" not in data:
        return None
    codes = pd.Categorical(data["obs/cluster"]).codes
    return codes if (codes >= 0).any() else None


def main() -> None:
    args = parse_arguments()
    limit_threads(1)

    from stbench.clustering.label_file import check_labels, open_labels
    from stbench.common.h5ad import read_elements
    from stbench.common.io import atomic_file
    from stbench.scoring.epoch_scores import epoch_table
    from stbench.scoring.scores import no_scores, score_labels

    data = read_elements(args.data, "obs/cluster", "obsm/spatial")
    with open_labels(args.labels) as reader:
        axes = reader.axes
        check_labels(args.labels, axes, args.dataset, args.method, data["cells"])
        truth, coords = true_codes(data), data.get("obsm/spatial")
        trainable = args.trainable == "true"

        def score() -> tuple[pd.DataFrame, pd.DataFrame]:
            epochs = epoch_table(reader, truth)
            return epochs, score_labels(reader, truth, coords, trainable, epochs)

        def failed(reason: str) -> tuple[pd.DataFrame, pd.DataFrame]:
            return no_scores(axes, truth, trainable, f"scoring: {reason}")

        entry = f"{args.dataset}, {args.method}"
        epochs, scores = attempt(entry, score, failed, record=args.record_failure)
    for path, table in ((args.epochs, epochs), (args.output, scores)):
        with atomic_file(path) as temporary:
            table.to_parquet(temporary, index=False)


if __name__ == "__main__":
    run_cli(main)
