"""Run one method of deconvolution on one pair of spots and reference.

The output folder gets fit.h5ad (obsm['proportions'], their types in uns['types'], the circumstances
in uns['fit']) and always outcome.json: {status, reason, device, peak_gpu_mb} with status ok, error,
nan, oom or not_applicable. The exit code is 0 when ok, 1 otherwise, and 75 when the machine, not
the method, is at fault (a full disk). scripts/run_fit.py adds limits around it.
"""

from __future__ import annotations

import argparse
import importlib
import time
from pathlib import Path
from typing import Any

from stbench.common.errors import InputError, NotApplicableError
from stbench.common.io import read_h5ad, write_h5ad
from stbench.common.paths import SCRIPTS, method_files, method_module
from stbench.common.seeding import seed_everything
from stbench.fitting.device import choose_device
from stbench.fitting.program import (
    add_options_of_a_fit,
    circumstances_of,
    parse_params,
    tell_outcome,
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
        raise InputError(f"--method {name}: no such method; there are {', '.join(sorted(files))}")
    return importlib.import_module(method_module(files[name]))


def run_method(args: argparse.Namespace, told: dict[str, Any]) -> None:
    """Run the method and write its result; the device is noted in ``told`` once chosen."""
    params = parse_params(args.params)
    spots = read_h5ad(args.spots)
    pair = spots.uns.get("pair")
    if pair is None:
        raise InputError(
            f"{args.spots}: no uns['pair']; make it with scripts/prepare_deconvolution.py"
        )
    if pair["status"] != "ok":
        raise NotApplicableError(pair["reason"])
    reference = read_h5ad(args.reference)
    names = spots.obs_names.copy()
    method = load_method(args.method)
    device = told["device"] = choose_device(args.device)
    seed_everything(args.seed, args.threads)

    from stbench.deconvolution.proportions import as_anndata, checked_result

    started = time.perf_counter()
    returned = method.fit(spots, reference, args.seed, device, params)
    seconds = time.perf_counter() - started
    found = checked_result(returned, len(names))
    circumstances = {
        **circumstances_of(args, params, device, seconds),
        "note": returned.attrs.get("note", ""),
    }
    write_h5ad(args.output / "fit.h5ad", as_anndata(found, names, fit=circumstances))


def main() -> None:
    tell_outcome(parse_arguments(), run_method)


if __name__ == "__main__":
    main()
