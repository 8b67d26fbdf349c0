"""Create and check one pair for deconvolution: spots, a reference of single cells, and the truth.

Every method gets the spots (counts, obsm['spatial']) and the reference (counts, obs['celltype']).
Only scoring, figures and the control shuffled_truth read the truth (obsm['proportions'], types in
uns['types'], without rows if unknown).
"""

from __future__ import annotations

import argparse
import json
import warnings
from functools import partial
from pathlib import Path

from stbench.common.errors import attempt, run_cli
from stbench.common.paths import CONFIG
from stbench.config.registry import load_registry


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--pair",
        required=True,
        type=json.loads,
        help="a pair from `datasets` of a configuration, as JSON",
    )
    parser.add_argument("--raw-spots", type=Path, help="folder written by download.py")
    parser.add_argument("--raw-reference", type=Path, help="folder written by download.py")
    for part in ("spots", "reference", "truth"):
        parser.add_argument(f"--{part}", required=True, type=Path, help="file to write (.h5ad)")
    parser.add_argument("--registry", type=Path, default=CONFIG / "datasets.yaml")
    parser.add_argument(
        "--record-failure",
        action="store_true",
        help="on failure, write empty files with the reason",
    )
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()

    from stbench.common.io import write_h5ad
    from stbench.config.pairs import reference_of
    from stbench.deconvolution.pairs import Pair, failed_pair
    from stbench.deconvolution.proportions import truth_as_anndata
    from stbench.deconvolution.sources import make_pair

    warnings.filterwarnings("ignore", message=".* names are not unique")  # raised as an error
    name = args.pair["id"]
    folders = {"spots": args.raw_spots, "reference": args.raw_reference}
    raw = {part: folder for part, folder in folders.items() if folder}

    def prepared() -> Pair:
        pair = make_pair(args.pair, raw, load_registry(args.registry))
        spots, reference = pair.spots, pair.reference
        types = reference.obs["celltype"].nunique()
        print(f"{name}: {spots.n_obs} spots x {spots.n_vars} genes, reference of ", end="")
        print(f"{reference.n_obs} cells x {reference.n_vars} genes, {types} types")
        print(*filter(None, spots.uns["pair"]["notes"].split("; ")), sep="\n")
        return pair

    pair = attempt(name, prepared, partial(failed_pair, name), record=args.record_failure)
    pair.spots.uns["pair"]["reference"] = reference_of(args.pair)
    write_h5ad(args.spots, pair.spots)
    write_h5ad(args.reference, pair.reference)
    write_h5ad(args.truth, truth_as_anndata(pair.truth))


if __name__ == "__main__":
    run_cli(main)
