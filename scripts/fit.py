"""Fit one method to one preprocessed dataset; scripts/run_fit.py runs this program with limits.

The output folder contains fit.h5ad (obsm['embedding'] and/or obs['cluster_pred'], learned graphs
in obsp, the circumstances in uns['fit']); weights.npz if the method returns weights; with --record
trajectory.h5 (the embeddings of the recorded epochs); provenance.json: {environment, data_hash,
parameters}, written before the fit; and always outcome.json: {status, reason, device, peak_gpu_mb,
note} with status ok, error, nan, oom or not_applicable. The exit code is 0 for ok, 75 for an error
of the machine (a full disk), and 1 otherwise.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.common.errors import InputError, NotApplicableError
from stbench.common.io import read_h5ad, write_h5ad
from stbench.common.paths import PROJECT, method_files, method_module
from stbench.common.seeding import seed_everything
from stbench.fitting.program import (
    add_options_of_a_fit,
    circumstances_of,
    note_provenance,
    parse_params,
    run_fit,
)

if TYPE_CHECKING:
    from anndata import AnnData

    from stbench.fitting.interface import Fit


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--method", required=True, help="id of a method in scripts/methods")
    parser.add_argument("--input", required=True, type=Path, help="preprocessed dataset (.h5ad)")
    parser.add_argument("--record", action="store_true", help="keep the embedding of every epoch")
    add_options_of_a_fit(parser)
    return parser.parse_args()


def load_method(name: str, scratch: Path) -> Any:
    """The imported module of a method, or its R script with a folder for the files of R."""
    files = method_files()
    if name not in files:
        raise InputError(f"--method {name}: no such method; known: {', '.join(sorted(files))}")
    if files[name].suffix == ".R":
        from stbench.fitting.r_bridge import RMethod

        return RMethod(files[name], scratch)
    module = importlib.import_module(method_module(files[name]))
    if not callable(getattr(module, "fit", None)):
        raise InputError(f"{files[name].relative_to(PROJECT)}: has no function fit")
    return module


def number_of_domains(adata: AnnData, path: Path) -> int:
    """The number of domains of a dataset; the largest if it has several.

    Raises:
        NotApplicableError: the dataset is not available; the message is the reason.
        InputError: not a preprocessed dataset.
    """
    import numpy as np

    dataset = adata.uns.get("dataset", {})
    if dataset.get("status") == "error":
        raise NotApplicableError(dataset["reason"])
    if "n_domains" not in dataset or adata.n_obs == 0:
        problem = "has no cells" if adata.n_obs == 0 else "uns['dataset'] lacks n_domains"
        raise InputError(f"{path}: {problem}; create it with scripts/preprocess.py")
    return int(np.max(dataset["n_domains"]))


@dataclass(frozen=True)
class Job:
    """A fit that is ready to run: the command line, its inputs, and the method."""

    args: argparse.Namespace
    params: Mapping[str, Any]
    adata: AnnData
    n_domains: int
    method: Any


def prepare(args: argparse.Namespace) -> Callable[[str], str]:
    """Read the dataset and load the method; returns the fit, to be called with a device.

    Raises:
        NotApplicableError, InputError: the data cannot be fitted.
    """
    params = parse_params(args.params)
    adata = read_h5ad(args.input)
    note_provenance(args.output, params, args.input)
    n_domains = number_of_domains(adata, args.input)
    job = Job(args, params, adata, n_domains, load_method(args.method, args.output))
    return partial(fit_and_write, job)


def fit_and_write(job: Job, device: str) -> str:
    """Run a method, record its epochs if requested, and write its result; returns a note."""
    args, params = job.args, job.params
    cells = job.adata.obs_names.copy()
    seed_everything(args.seed, args.threads)

    # numpy takes its number of threads when it is imported, so it must not be at the top.
    import numpy as np

    from stbench.fitting.interface import UNLINKED, checked
    from stbench.fitting.trajectory import TrajectoryRecorder

    path = args.output / "trajectory.h5" if args.record else None
    with TrajectoryRecorder(path, len(cells)) as recorder:
        started = time.perf_counter()
        fit = job.method.fit(job.adata, job.n_domains, args.seed, device, params, recorder)
        seconds = time.perf_counter() - started
        fit = checked(fit, len(cells))
    if r_versions := (fit.info or {}).get("r_versions"):
        more = {f"R:{name}": version for name, version in r_versions.items()}
        note_provenance(args.output, params, args.input, packages=more)
    circumstances = {
        **circumstances_of(args, params, device, seconds),
        "trainable": recorder.called,
        "info": json.dumps(dict(fit.info or {}), sort_keys=True, default=str),
    }
    if fit.weights is not None:
        arrays: dict[str, Any] = dict(fit.weights)
        np.savez_compressed(args.output / "weights.npz", **arrays)
    write_h5ad(args.output / "fit.h5ad", as_anndata(fit, cells, recorder.untrained, circumstances))
    unlinked = (fit.info or {}).get(UNLINKED)
    return f"{unlinked} of {len(cells)} cells have no link in its graph" if unlinked else ""


def as_anndata(
    fit: Fit, cells: Any, untrained: Any | None, circumstances: Mapping[str, Any]
) -> AnnData:
    """The fit under STAGUE's names, for direct use in scanpy and squidpy."""
    import pandas as pd
    from anndata import AnnData

    from stbench.fitting.interface import GRAPHS

    obs = pd.DataFrame(index=cells)
    if fit.labels is not None:
        obs["cluster_pred"] = pd.Categorical(fit.labels)
    embeddings = {"embedding": fit.embedding, "embedding_untrained": untrained}
    graphs = {f"learned_{name}": getattr(fit, name) for name in GRAPHS}
    rows = {"null_scores": fit.null_scores, "losses": fit.losses}
    return AnnData(
        obs=obs,
        obsm={name: value for name, value in embeddings.items() if value is not None},
        obsp={name: value for name, value in graphs.items() if value is not None},
        uns={"fit": dict(circumstances)} | {k: row for k, row in rows.items() if row is not None},
    )


def main() -> None:
    run_fit(parse_arguments(), prepare)


if __name__ == "__main__":
    main()
