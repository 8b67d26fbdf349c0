"""Import an external result as the fit of one dataset and training seed.

The folder of the result contains labels.tsv (cell, label) or embedding.npy, and optionally
graph.npz (scipy sparse, symmetric); cells.tsv names the cells of the rows of these two. The output
folder contains status.json and, if the result is valid, fit.h5ad, as after training. Problems are
printed and written to status.json (error); without a folder the status is not_applicable. Time,
memory and machine of the training are unknown and remain empty.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from stbench.common.errors import NotApplicableError, attempt, one_line, run_cli


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--result", required=True, type=Path, help="folder with the files")
    parser.add_argument("--preprocessed", required=True, type=Path, help="the dataset (.h5ad)")
    parser.add_argument("--dataset", required=True, help="recorded in status.json")
    parser.add_argument("--method", required=True, help="name of the result, for status.json")
    parser.add_argument("--seed", type=int, default=0, help="training seed of the result")
    parser.add_argument("--commit", default="unknown", help="recorded in status.json")
    parser.add_argument("--output", required=True, type=Path, help="folder to write")
    return parser.parse_args()


def read(result: Path, preprocessed: Path) -> tuple[Any, Any]:
    """The result as a fit, and the names of the cells.

    Raises:
        NotApplicableError: the dataset is not available, or has no result.
        InputError: the result is not valid.
    """
    from stbench.common.h5ad import read_elements
    from stbench.fitting.external_result import read_result

    elements = read_elements(preprocessed, "uns/dataset")
    dataset = elements.get("uns/dataset", {})
    if dataset.get("status") == "error":
        raise NotApplicableError(dataset["reason"])
    dropped = int(dataset.get("dropped_cells", 0))
    return read_result(result, elements["cells"], dropped), elements["cells"]


def as_anndata(fit: Any, cells: Any, args: argparse.Namespace) -> Any:
    """The fit under the names that ``fit.py`` uses."""
    import pandas as pd
    from anndata import AnnData

    from stbench.common.checksums import file_hash
    from stbench.config.external import IMPLEMENTATION, result_files

    obs = pd.DataFrame(index=cells)
    if fit.labels is not None:
        obs["cluster_pred"] = pd.Categorical(fit.labels)
    files = {path.name: file_hash(path) for path in result_files(args.result)}
    facts = {
        "method": args.method,
        "implementation": IMPLEMENTATION,
        "params": "{}",
        "seed": args.seed,
        "device": "",
        "trainable": False,  # its epochs cannot be observed
        "versions": "{}",
        "info": json.dumps({"files": files, **(fit.info or {})}, sort_keys=True),
    }
    return AnnData(
        obs=obs,
        obsm={} if fit.embedding is None else {"embedding": fit.embedding},
        obsp={} if fit.adj_raw is None else {"learned_adj_raw": fit.adj_raw},
        uns={"fit": facts},
    )


def main() -> None:
    args = parse_arguments()

    from stbench.common.io import atomic_directory, write_h5ad, write_json
    from stbench.common.text import shortened
    from stbench.supervisor.provenance import FIELDS

    note = f"imported from {args.result}"

    def imported() -> tuple[str, str, Any]:
        nonlocal note
        try:
            fit, cells = read(args.result, args.preprocessed)
        except NotApplicableError as error:
            return "not_applicable", one_line(error), None
        if left_out := (fit.info or {}).get("left_out"):
            note += f"; cells without expression left out: {shortened(', '.join(left_out))}"
        return "ok", "", as_anndata(fit, cells, args)

    status, reason, adata = attempt(args.method, imported, lambda why: ("error", why, None))
    record = {
        "status": status,
        "reason": reason,
        "dataset": args.dataset,
        "method": args.method,
        "seed": args.seed,
        **dict.fromkeys(("seconds", "gpu_seconds", "peak_rss_mb", "peak_gpu_mb", "device")),
        "note": note,
        "attempt": 1,
        "commit": args.commit,
        **dict.fromkeys(FIELDS, ""),
    }
    with atomic_directory(args.output) as folder:
        if adata is not None:
            write_h5ad(folder / "fit.h5ad", adata)
        write_json(folder / "status.json", record)
    print(f"{status}: {reason}".rstrip(": "))


if __name__ == "__main__":
    run_cli(main)
