"""Degrade the spots of a pair in a controlled way: thin counts, drop spots, add dropout or jitter
positions. The reference is not changed.

If too little remains, or the pair is not available, the output files are empty and give the reason.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from stbench.common.errors import InputError, attempt, run_cli


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--pair",
        required=True,
        type=json.loads,
        help="the degraded pair as JSON: the pair of prepare_deconvolution.py with a new `id` and "
        "`degrade`: {way, level, draw}",
    )
    for part in ("spots", "reference", "truth"):
        parser.add_argument(f"--base-{part}", required=True, type=Path, help="of the pair (.h5ad)")
    for part in ("spots", "truth"):
        parser.add_argument(f"--{part}", required=True, type=Path, help="file to write (.h5ad)")
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()

    from stbench.common.io import read_h5ad, write_h5ad
    from stbench.deconvolution.degradation import degraded_pair
    from stbench.deconvolution.pairs import Pair, failed_pair
    from stbench.deconvolution.proportions import read_proportions, truth_as_anndata

    name = args.pair["id"]
    spots = read_h5ad(args.base_spots)
    facts = spots.uns["pair"]

    def degraded() -> Pair:
        if facts["status"] != "ok":
            raise InputError(facts["reason"])
        proportions = read_proportions(args.base_truth)
        truth = None if proportions.empty else proportions
        pair = degraded_pair(args.pair, Pair(spots, read_h5ad(args.base_reference), truth))
        print(f"{name}: {pair.spots.n_obs} spots x {pair.spots.n_vars} genes")
        return pair

    def failed(reason: str) -> Pair:
        pair = failed_pair(name, reason)
        pair.spots.uns["pair"] |= {key: facts[key] for key in ("reference", "notes")}
        return pair

    pair = attempt(name, degraded, failed)
    write_h5ad(args.spots, pair.spots)
    write_h5ad(args.truth, truth_as_anndata(pair.truth))


if __name__ == "__main__":
    run_cli(main)
