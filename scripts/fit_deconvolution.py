"""Fit one method of deconvolution to one pair of spots and reference.

The output folder contains fit.h5ad (obsm['proportions'], their types in uns['types'], the
circumstances in uns['fit']); provenance.json: {environment, data_hash, parameters}, written before
the fit; and always outcome.json: {status, reason, device, peak_gpu_mb} with status ok, error, nan,
oom or not_applicable. The exit code is 0 for ok, 75 for an error of the machine (a full disk), and
1 otherwise. scripts/run_fit.py runs this program with limits.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stbench.common.errors import InputError, NotApplicableError
from stbench.common.io import read_h5ad, write_h5ad
from stbench.common.paths import SCRIPTS, method_files, method_module
from stbench.common.seeding import seed_everything
from stbench.fitting.program import (
    add_options_of_a_fit,
    circumstances_of,
    note_provenance,
    parse_params,
    run_fit,
)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--method", required=True, help="a file in scripts/deconvolution_methods")
    parser.add_argument("--spots", required=True, type=Path, help="spots of a pair (.h5ad)")
    parser.add_argument("--reference", required=True, type=Path, help="its cells (.h5ad)")
    add_options_of_a_fit(parser)
    return parser.parse_args()


def load_method(name: str) -> Any:
    files = method_files(SCRIPTS / "deconvolution_methods")
    if name not in files:
        raise InputError(f"--method {name}: no such method; known: {', '.join(sorted(files))}")
    return importlib.import_module(method_module(files[name]))


def prepare(args: argparse.Namespace) -> Callable[[str], None]:
    """Read the pair and load the method; returns the fit, to be called with a device.

    Raises:
        NotApplicableError, InputError: the data cannot be fitted.
    """
    params = parse_params(args.params)
    spots = read_h5ad(args.spots)
    note_provenance(args.output, params, args.spots, args.reference)
    pair = spots.uns.get("pair")
    if pair is None:
        raise InputError(
            f"{args.spots}: no uns['pair']; create it with scripts/prepare_deconvolution.py"
        )
    if pair["status"] != "ok":
        raise NotApplicableError(pair["reason"])
    reference = read_h5ad(args.reference)
    names = spots.obs_names.copy()
    method = load_method(args.method)

    def fit(device: str) -> None:
        seed_everything(args.seed, args.threads)

        from stbench.deconvolution.proportions import as_anndata, checked_result

        started = time.perf_counter()
        returned = method.fit(spots, reference, args.seed, device, params)
        seconds = time.perf_counter() - started
        proportions = checked_result(returned, len(names))
        circumstances = {
            **circumstances_of(args, params, device, seconds),
            "note": returned.attrs.get("note", ""),
        }
        write_h5ad(args.output / "fit.h5ad", as_anndata(proportions, names, fit=circumstances))

    return fit


def main() -> None:
    run_fit(parse_arguments(), prepare)


if __name__ == "__main__":
    main()
