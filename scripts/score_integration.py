"""Score the joint embedding of the sections of one dataset by one method.

The table has one row for every training seed and metric: iLISI, ASW_batch and graph_connectivity
(mixing of the sections), cLISI and ARI_within (conservation of the domains). For a missing value,
the columns status and reason give the cause. The program runs in the environment `integration`,
which provides scib-metrics; without it, the rows of its metrics state what to install.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from stbench.common.constants import RANK_BY
from stbench.common.errors import InputError, attempt, run_cli
from stbench.common.seeding import limit_threads

if TYPE_CHECKING:
    from stbench.integration.scoring import Sections


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, type=Path, help="dataset with its truth (.h5ad)")
    parser.add_argument(
        "--fits", required=True, nargs="+", type=Path, metavar="DIR", help="one per training seed"
    )
    parser.add_argument("--labels", required=True, type=Path, help="file of labels (.h5)")
    parser.add_argument("--dataset", required=True, help="id of the dataset")
    parser.add_argument("--method", required=True, help="id of the method")
    parser.add_argument(
        "--clusterer", default=RANK_BY, help=f"clusterer of the scored labels (default {RANK_BY})"
    )
    parser.add_argument("--output", required=True, type=Path, help="table to write (.parquet)")
    parser.add_argument(
        "--record-failure",
        action="store_true",
        help="where it fails, write rows without values and the reason",
    )
    return parser.parse_args()


def one_thread() -> None:
    """Make results the same on every machine; jax reads these variables at its first import."""
    limit_threads(1)
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def read_sections(path: Path) -> tuple[Sections | None, list[str]]:
    """Sections and true domains (None if the dataset is not available), and names of the cells.

    Raises:
        InputError: not a dataset of joined sections.
    """
    import numpy as np
    import pandas as pd

    from stbench.common.h5ad import read_elements
    from stbench.integration.scoring import Sections

    data = read_elements(path, "obs/section", "obs/cluster")
    cells = list(data["cells"])
    if not cells:
        return None, cells
    if "obs/section" not in data:
        raise InputError(
            f"{path}: obs['section'] is missing; this is not a dataset of joined sections"
        )
    section = pd.Categorical(data["obs/section"]).codes
    if (section < 0).any():
        raise InputError(f"{path}: obs['section']: {(section < 0).sum()} cells have no section")
    domain = pd.Categorical(data.get("obs/cluster", np.full(len(cells), np.nan))).codes
    return Sections(section, domain), cells


def main() -> None:
    args = parse_arguments()
    one_thread()

    from stbench.clustering.label_file import check_clusterer, check_labels, open_labels
    from stbench.common.io import atomic_file
    from stbench.fitting.output import read_fit
    from stbench.integration.scoring import no_scores, score_integration

    sections, cells = read_sections(args.data)
    fits = [read_fit(folder, cells) for folder in args.fits]
    with open_labels(args.labels) as reader:
        axes = reader.axes
        check_labels(args.labels, axes, args.dataset, args.method, cells)
        check_clusterer(args.labels, axes, args.clusterer)
        table = attempt(
            f"{args.dataset}, {args.method}",
            lambda: score_integration(fits, reader, sections, args.clusterer),
            lambda reason: no_scores(fits, axes, f"scoring of integration: {reason}"),
            record=args.record_failure,
        )
    with atomic_file(args.output) as temporary:
        table.to_parquet(temporary, index=False)


if __name__ == "__main__":
    run_cli(main)
