"""Simulate a tissue with known domains, and interactions if wanted, and write it as a dataset.

Example: python scripts/simulate.py --id sim_layers --layout layers --output sim_layers.h5ad
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from stbench.common.errors import attempt, run_cli
from stbench.data.simulation import Tissue
from stbench.data.simulation.layouts import LAYOUTS
from stbench.data.simulation.tissue import RANGES, REGIMES


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    default = Tissue()
    layouts = ", ".join(LAYOUTS)

    def option(name: str, kind: type, text: str) -> None:
        value = getattr(default, name)
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=kind, default=value, help=f"{text} [{value}]"
        )

    parser.add_argument("--output", required=True, type=Path, help="dataset to write (.h5ad)")
    parser.add_argument("--id", required=True, help="id of the dataset")
    option("layout", str, f"arrangement of the domains: {layouts}")
    option("n_cells", int, "number of cells")
    option("n_genes", int, "number of genes")
    option("n_domains", int, "number of domains")
    option("n_types", int, "number of cell types, mixed in each domain")
    option(
        "contrast", float, "difference between domains in cell types and genes; 0: no difference"
    )
    option("dropout", float, "share of counts set to zero")
    option("density", float, "cells per unit of area")
    option("seed", int, "random seed")
    option("n_triples", int, "planted ligand-receptor-target triples; 0: none")
    option("n_targets", int, "target genes of each triple")
    option("effect", float, "increase (log) of the targets in a triggered receiver")
    option("radius", float, "reach of a sender, in the unit of the coordinates")
    option("regime", str, f"what an interaction does: {', '.join(REGIMES)}")
    option("range", str, f"which pairs can interact: {', '.join(RANGES)}")
    option(
        "section",
        int,
        "number of the replicate section of the seed's tissue; 0: an independent tissue",
    )
    option("section_effect", float, "sd of the log shift of each gene in a replicate section")
    option("gradient", float, "sd of the log change of a gene along a smooth trend")
    option("patchiness", float, "sd of the log odds of a cell type between places of a domain")
    option("spillover", float, "share of the molecules that are counted in a neighboring cell")
    option("density_sd", float, "sd of the log density of cells between domains")
    option("reference", str, "real section whose genes are used: a table of resources/simulation")
    parser.add_argument(
        "--record-failure",
        action="store_true",
        help="where it fails, write a dataset without cells and the reason",
    )
    options = vars(parser.parse_args())
    output, name, record = (options.pop(key) for key in ("output", "id", "record_failure"))

    from stbench.common.io import write_h5ad
    from stbench.data.simulation import simulate
    from stbench.data.validation import failed_dataset

    make, failed = lambda: simulate(Tissue(**options), name), partial(failed_dataset, name)
    write_h5ad(output, attempt(name, make, failed, record=record))


if __name__ == "__main__":
    run_cli(main)
