"""Run STAGUE on one file: find spatial domains and learn the cell graph.

Reads raw counts and positions from a file or folder as a platform writes it
(docs/add-a-dataset.md), leaves out what the pipeline leaves out, and writes
OUTPUT_DIR/adata_processed.h5ad: the log-normalized data with
  obsm['embedding']               the embedding, which is clustered into domains
  obsp['learned_adj_raw']         scores of the learned cell graph (not with --no_learner)
  obsp['learned_adj_normalized']  these scores, symmetrically normalized
  obs['cluster_pred']             domains
  uns['stague']                   all parameters, and the versions of packages
and OUTPUT_DIR/args.txt with the parameters, one per line.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from methods.stague.settings import Settings
from stbench.common.errors import InputError, NotApplicableError, run_cli

if TYPE_CHECKING:
    import numpy as np
    from anndata import AnnData

CLUSTERERS = ("kmeans", "mclust", "louvain", "leiden")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    files = parser.add_argument_group("files and domains")
    files.add_argument("--adata_file", required=True, type=Path, help="file or folder")
    files.add_argument("--layer", default="", help="layer with the counts (X)")
    files.add_argument("--raw", action="store_true", help="use the counts in raw")
    files.add_argument("--output_dir", required=True, type=Path, help="folder of the result")
    files.add_argument("--n_clusters", required=True, type=int, help="number of domains")
    files.add_argument(
        "--kind",
        choices=("counts", "intensities"),
        default="counts",
        help="kind of X; intensities: real values such as counts by volume (counts)",
    )
    files.add_argument(
        "--clu_model",
        choices=CLUSTERERS,
        default="kmeans",
        help="clusterer; louvain and leiden search the resolution (kmeans)",
    )
    files.add_argument(
        "--refine", type=int, default=0, help="majority of this many nearest cells; 0: off (0)"
    )
    files.add_argument("--hvg", action="store_true", help="use 3000 highly variable genes")
    files.add_argument(
        "--filter_cell",
        type=int,
        default=100,
        help="with --hvg: least number of cells with a gene (100)",
    )
    files.add_argument("--norm_target", type=float, help="total per cell (median of the totals)")
    files.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="auto: cuda if available"
    )
    files.add_argument("--seed", type=int, default=0, help="seed of the training (0)")
    model = parser.add_argument_group("model")
    for setting in fields(Settings):
        if setting.name == "record_every":
            continue
        flag, meaning = f"--{setting.name}", setting.metadata["help"]
        if isinstance(setting.default, bool):
            model.add_argument(flag, action="store_true", help=meaning)
        else:
            kind, shown = type(setting.default), f"{meaning} ({setting.default})"
            model.add_argument(flag, type=kind, default=setting.default, help=shown)
    return parser.parse_args()


def read_input(args: argparse.Namespace) -> tuple[AnnData, AnnData]:
    """The user's file and the checked dataset, both without cells that have no expression.

    Raises:
        InputError: the file is not a valid dataset.
    """
    from stbench.data.own_files import own_dataset, read_own

    path = args.adata_file.expanduser()
    entry = {
        **dict.fromkeys(("technology", "organism", "donor", "study", "unit"), "unknown"),
        **dict.fromkeys(("sha256", "licence", "citation", "note"), ""),
        "id": str(path),
        "path": str(path),
        "kind": args.kind,
        "n_domains": max(2, args.n_clusters),
        "hvg": args.hvg,
        "filter_cell": args.filter_cell if args.hvg else 0,
        "norm_target": args.norm_target or 0.0,
        "refine": args.refine,
        **({"layer": args.layer} if args.layer else {}),
        **({"raw": True} if args.raw else {}),
    }
    adata = read_own(path, entry)
    if not 1 <= args.n_clusters < adata.n_obs:
        raise InputError(
            f"--n_clusters {args.n_clusters}: must be at least 1 and below the {adata.n_obs} cells"
        )
    checked = own_dataset(entry)
    facts = checked.uns["dataset"]
    if dropped := facts["dropped_cells"]:
        print(f"{path}: {dropped} cells without expression dropped", file=sys.stderr)
    if facts["note"]:
        print(f"{path}: {facts['note']}", file=sys.stderr)
    used = adata[checked.obs_names, checked.var_names].copy()
    for table in (used.obs, used.var):
        del table["left_out"]
    return used, checked


def domains(embedding: np.ndarray, coords: np.ndarray, args: argparse.Namespace) -> Any:
    """Labels (n_cells,) by STAGUE's recipes, with optional refinement.

    Raises:
        NotApplicableError: the clusterer is not available or finds no such labels.
    """
    from methods.stague.clustering import scanpy_communities
    from stbench.clustering.algorithms import cluster_labels, refine_labels
    from stbench.clustering.mclust import mclust_labels

    if args.clu_model == "kmeans":
        labels = cluster_labels(embedding, args.n_clusters, "kmeans").labels
    elif args.clu_model == "mclust":
        labels = mclust_labels(embedding, args.n_clusters, seed=0)
    else:
        labels = scanpy_communities(embedding, args.n_clusters, args.clu_model)
    if labels is None:
        raise NotApplicableError(f"no resolution gives {args.n_clusters} domains")
    return refine_labels(labels, coords, args.refine)


def write_parameters(folder: Path, params: Mapping[str, Any]) -> None:
    """``args.txt``: one parameter per line."""
    from stbench.common.io import atomic_file

    with atomic_file(folder / "args.txt") as temporary:
        lines = [f"{name}: {value}\n" for name, value in params.items()]
        temporary.write_text("".join(lines), encoding="utf-8")


def main() -> None:
    args = parse_arguments()
    if args.output_dir.exists() and not args.output_dir.is_dir():
        raise InputError(f"{args.output_dir}: this is a file; --output_dir must be a folder")
    names = [setting.name for setting in fields(Settings) if setting.name != "record_every"]
    params = {name: getattr(args, name) for name in names} | {"record_every": args.epochs}
    Settings.of(params)
    if args.norm_target is not None and not 0 < args.norm_target < math.inf:
        raise InputError(f"--norm_target {args.norm_target:g}: must be a number above 0")
    if args.refine < 0:
        raise InputError(f"--refine {args.refine}: must be 0 or more cells")
    adata, checked = read_input(args)
    args.output_dir.mkdir(parents=True, exist_ok=True)  # a wrong place must not cost the training

    from methods.stague.model import fit
    from stbench.common.io import write_h5ad
    from stbench.data.preprocessing import preprocess
    from stbench.fitting.device import choose_device
    from stbench.supervisor.packages import versions_of

    device = choose_device(args.device)
    data = preprocess(checked)
    try:
        result = fit(data, args.n_clusters, args.seed, device, params, lambda *_: None)
    except FloatingPointError as error:
        raise InputError(f"training failed: {error}; try a lower --lr") from error
    assert result.embedding is not None

    genes = data.var["highly_variable"].to_numpy()
    output = adata[:, genes].copy()
    output.X = data.X[:, genes]
    output.obsm["spatial"] = data.obsm["spatial"]
    output.obsm["embedding"] = result.embedding
    if result.adj_raw is not None:  # with --no_learner there is no learned graph
        output.obsp["learned_adj_raw"] = result.adj_raw
        output.obsp["learned_adj_normalized"] = result.adj_normalized
    options = {
        name: str(value) if isinstance(value, Path) else value for name, value in vars(args).items()
    }
    options = {name: "" if value is None else value for name, value in options.items()}
    output.uns["stague"] = {"parameters": options, "versions": versions_of(sys.modules)}
    target = args.output_dir / "adata_processed.h5ad"
    write_parameters(args.output_dir, options)
    try:
        labels = domains(result.embedding, data.obsm["spatial"], args)
    except NotApplicableError as error:
        write_h5ad(target, output)
        raise InputError(
            f"--clu_model {args.clu_model}: {error}; {target} was written without domains"
        ) from None
    output.obs["cluster_pred"] = labels
    output.obs["cluster_pred"] = output.obs["cluster_pred"].astype("category")
    write_h5ad(target, output)
    print(target)


if __name__ == "__main__":
    run_cli(main)
