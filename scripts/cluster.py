"""Cluster the embeddings of one method on one dataset into domain labels.

Every clusterer is run on the last epoch and on the untrained network; epochs in between are
clustered by k-means with five seeds, and by two more starts that do not choose the epoch of the
oracle. From these labels follow the epoch that the data select and the consensus of all training
seeds. The program uses the number of domains, the principal components and the positions of the
cells, never the true labels. Labels of the epochs are kept in the folder of each fit
(epoch_labels.h5) and reused, so that another clusterer can be added later; the embeddings of the
epochs (trajectory.h5) are removed after all labels are written.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stbench.common.constants import CLUSTERERS
from stbench.common.errors import attempt, run_cli
from stbench.common.seeding import limit_threads

if TYPE_CHECKING:
    from stbench.clustering.stage import EpochsClustered


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--fits", required=True, nargs="+", type=Path, metavar="DIR", help="one per training seed"
    )
    parser.add_argument(
        "--preprocessed", required=True, type=Path, help="the dataset of the fits (.h5ad)"
    )
    parser.add_argument("--dataset", required=True, help="id of the dataset")
    parser.add_argument("--method", required=True, help="id of the method")
    parser.add_argument(
        "--clusterers",
        nargs="+",
        choices=CLUSTERERS,
        default=["kmeans"],
        metavar="NAME",
        help=f"any of {', '.join(CLUSTERERS)} (default kmeans)",
    )
    parser.add_argument("--output", required=True, type=Path, help="file of labels to write (.h5)")
    parser.add_argument("--threads", type=int, default=1, help="number of processes (default 1)")
    parser.add_argument(
        "--keep-trajectories", action="store_true", help="do not remove the epochs' embeddings"
    )
    parser.add_argument(
        "--refine",
        type=int,
        default=0,
        help="number of neighbors that refine labels (default 0: none)",
    )
    parser.add_argument(
        "--nearest-wins",
        action="store_true",
        help="refinement gives a tie to the nearest label (default: to the smallest)",
    )
    parser.add_argument(
        "--record-failure",
        action="store_true",
        help="on failure, write an error with the reason for every fit",
    )
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()
    limit_threads(1)  # processes work in parallel, each with one thread

    from stbench.clustering.stage import cluster_fits, write_no_labels

    given = (args.fits, args.preprocessed, args.dataset, args.method, args.clusterers)

    def failed(reason: str) -> list[EpochsClustered]:
        write_no_labels(*given, output=args.output, reason=reason)
        return []

    make = partial(
        cluster_fits,
        *given,
        output=args.output,
        processes=args.threads,
        keep_trajectories=args.keep_trajectories,
        refine=args.refine,
        nearest_wins=args.nearest_wins,
    )
    entry = f"{args.dataset}, {args.method}"
    for one in attempt(entry, make, failed, record=args.record_failure):
        trained = one.training_seconds
        share = f", {one.seconds / trained:.1%} of the training" if trained > 0 else ""
        print(f"seed {one.seed}: {one.n_epochs} epochs clustered in {one.seconds:.1f} s{share}")


if __name__ == "__main__":
    run_cli(main)
