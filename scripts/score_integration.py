"""Score how well one method embeds the sections of one dataset together.

The table has one row for every training seed and metric: iLISI, ASW_batch and graph_connectivity
(mixing of the sections), cLISI and ARI_within (keeping of the domains), also where there is no
value: the columns status and reason then say why. It runs in the environment `integration`, which
has scib-metrics; without it the rows of its metrics say what to install.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from stbench.common.errors import InputError, run_cli
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
        "--clusterer", default="kmeans", help="whose labels are scored (default kmeans)"
    )
    parser.add_argument("--output", required=True, type=Path, help="table to write (.parquet)")
    return parser.parse_args()


def one_thread() -> None:
    """The same bytes whatever the machine; jax looks at this when it is first imported."""
    limit_threads(1)
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def read_sections(path: Path) -> tuple[Sections | None, list[str]]:
    """Sections and true domains of the cells, None where the dataset could not be had; the cells.

    Raises:
        InputError: not a dataset that joins sections.
    """
    import numpy as np
    import pandas as pd

    from stbench.common.h5ad import read_elements
    from stbench.integration.scoring import Sections

    found = read_elements(path, "obs/section", "obs/cluster")
    cells = list(found["cells"])
    if not cells:
        return None, cells
    if "obs/section" not in found:
        raise InputError(f"{path}: obs['section'] is missing: it does not join sections")
    section = pd.Categorical(found["obs/section"]).codes
    if (section < 0).any():
        raise InputError(f"{path}: obs['section']: {(section < 0).sum()} cells lie in no section")
    domain = pd.Categorical(found.get("obs/cluster", np.full(len(cells), np.nan))).codes
    return Sections(section, domain), cells


def main() -> None:
    args = parse_arguments()
    one_thread()

    from stbench.clustering.label_file import open_labels
    from stbench.common.h5ad import cells_digest
    from stbench.common.io import atomic_file
    from stbench.fitting.output import read_fit
    from stbench.integration.scoring import score_integration

    sections, cells = read_sections(args.data)
    fits = [read_fit(folder, cells) for folder in args.fits]
    with open_labels(args.labels) as reader:
        axes = reader.axes
        if (axes.dataset, axes.method) != (args.dataset, args.method):
            raise InputError(
                f"{args.labels}: labels of {axes.method} on {axes.dataset}, "
                f"not of {args.method} on {args.dataset}"
            )
        if axes.cells_digest != cells_digest(cells):
            raise InputError(
                f"{args.labels}: its {axes.n_cells} cells are not the {len(cells)} cells "
                f"of {args.data}; run scripts/cluster.py again"
            )
        if args.clusterer not in axes.clusterers:
            raise InputError(
                f"--clusterer {args.clusterer}: {args.labels} has {', '.join(axes.clusterers)} only"
            )
        table = score_integration(fits, reader, sections, args.clusterer)
    with atomic_file(args.output) as temporary:
        table.to_parquet(temporary, index=False)


if __name__ == "__main__":
    run_cli(main)
