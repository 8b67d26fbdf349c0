"""Score the proportions of one method on one pair, over all seeds.

The output (.parquet) has one row for each metric, and for metrics of maps one for each type: mean
over seeds with its interval over blocks of spots and seeds, status and reason. For missing values,
the columns status and reason give the cause.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from stbench.common.errors import attempt, run_cli

if TYPE_CHECKING:
    import pandas as pd


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", required=True, help="id of the pair")
    parser.add_argument("--method", required=True, help="id of the method")
    parser.add_argument("--spots", required=True, type=Path, help="the pair's spots (.h5ad)")
    parser.add_argument("--truth", required=True, type=Path, help="their true proportions (.h5ad)")
    parser.add_argument(
        "--fits", required=True, nargs="+", type=Path, metavar="DIR", help="a folder for each seed"
    )
    parser.add_argument("--output", required=True, type=Path, help="file to write (.parquet)")
    parser.add_argument(
        "--record-failure",
        action="store_true",
        help="where it fails, write rows without values and the reason",
    )
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()

    import numpy as np

    from stbench.common.io import atomic_file, read_h5ad
    from stbench.deconvolution.proportions import read_proportions
    from stbench.deconvolution.scoring import NO_TRUTH, nothing_to_score, scores
    from stbench.fitting.output import read_status

    spots = read_h5ad(args.spots)
    truth = read_proportions(args.truth)
    statuses = {folder: read_status(folder, "seed") for folder in args.fits}
    ok = [folder for folder, fit in statuses.items() if fit["status"] == "ok"]
    failed = {fit["seed"]: fit["reason"] for fit in statuses.values() if fit["status"] != "ok"}
    circumstances = [read_h5ad(folder / "fit.h5ad").uns["fit"] for folder in ok]
    reasons = [f"seed {seed}: {reason}" for seed, reason in failed.items()]
    status = " ".join(dict.fromkeys(fit["status"] for fit in statuses.values()))
    if ok and truth.empty:
        status, reasons = "not_applicable", [NO_TRUTH]
    elif not ok and len(set(failed.values())) == 1:
        reasons = [next(iter(failed.values()))]

    def scored() -> pd.DataFrame:
        if not ok or truth.empty:
            return nothing_to_score(spots.n_obs)
        by_seed = {statuses[folder]["seed"]: read_proportions(folder / "fit.h5ad") for folder in ok}
        return scores(truth, by_seed, np.asarray(spots.obsm["spatial"]))

    def failed_to_score(reason: str) -> pd.DataFrame:
        nonlocal status
        status = "error"
        reasons.append(f"scoring: {reason}")
        return nothing_to_score(spots.n_obs)

    entry = f"{args.dataset}, {args.method}"
    table = attempt(entry, scored, failed_to_score, record=args.record_failure)
    if len(ok) == 1 < len(args.fits) and table["mean"].notna().any():
        table[["low", "high"]] = np.nan
        reasons.append("no interval: one training seed is left")
    epochs = {json.loads(str(fit["params"])).get("epochs") for fit in circumstances}
    notes = dict.fromkeys(fit["note"] for fit in circumstances)
    table.insert(0, "dataset", args.dataset)
    table.insert(1, "reference", spots.uns["pair"]["reference"])
    table.insert(2, "method", args.method)
    table["epochs"] = max(filter(None, epochs), default=np.nan)
    table["status"], table["reason"] = status, "; ".join(reasons)
    table["note"] = "; ".join(filter(None, notes))
    table["data_note"] = spots.uns["pair"]["notes"]
    with atomic_file(args.output) as temporary:
        table.to_parquet(temporary, index=False)
    print(f"{entry}: {status}, {len(ok)} of {len(statuses)} seeds")


if __name__ == "__main__":
    run_cli(main)
