"""STAGUE on one file: find spatial domains and learn the cell graph.

Reads raw counts (X) and positions (obsm['spatial']) from an h5ad file and writes
OUTPUT_DIR/adata_processed.h5ad: the log-normalised data with
  obsm['embedding']               what the domains are clustered from
  obsp['learned_adj_raw']         scores of the learned cell graph
  obsp['learned_adj_normalized']  the same, symmetrically normalised
  obs['cluster_pred']             domains
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from methods.stague.settings import Settings
from stbench.common.errors import InputError, run_cli

if TYPE_CHECKING:
    from anndata import AnnData

CLUSTERERS = ("kmeans", "mclust", "louvain", "leiden")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    files = parser.add_argument_group("files and domains")
    files.add_argument("--adata_file", required=True, type=Path, help="input (.h5ad)")
    files.add_argument("--output_dir", required=True, type=Path, help="folder of the result")
    files.add_argument("--n_clusters", required=True, type=int, help="number of domains")
    files.add_argument(
        "--clu_model", choices=CLUSTERERS, default="kmeans", help="clusterer (kmeans)"
    )
    files.add_argument(
        "--refine", type=int, default=0, help="majority of this many nearest cells; 0: off (0)"
    )
    files.add_argument("--hvg", action="store_true", help="use 3000 highly variable genes")
    files.add_argument(
        "--filter_cell", type=int, default=100, help="with --hvg: cells a gene is seen in (100)"
    )
    files.add_argument("--norm_target", type=float, help="total per cell (median of the totals)")
    files.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="cuda if there is one"
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


def read_input(args: argparse.Namespace) -> AnnData:
    """The user's file, refused in one line where STAGUE cannot use it."""
    import numpy as np

    from stbench.common.io import read_h5ad

    adata = read_h5ad(args.adata_file)
    where = args.adata_file
    if adata.X is None:
        raise InputError(f"{where}: X is missing; put the raw counts there")
    if "spatial" not in adata.obsm:
        raise InputError(f"{where}: obsm['spatial'] is missing; put the cells' positions there")
    adata.obsm["spatial"] = np.asarray(adata.obsm["spatial"])
    if not np.issubdtype(adata.obsm["spatial"].dtype, np.number):
        raise InputError(f"{where}: obsm['spatial'] does not hold numbers")
    if not np.isfinite(adata.obsm["spatial"]).all():
        raise InputError(f"{where}: obsm['spatial'] has values that are not finite")
    values = adata.X.data if hasattr(adata.X, "toarray") else adata.X
    if not np.isfinite(values).all() or (values < 0).any():
        raise InputError(f"{where}: X has negative or non-finite values; it must be raw counts")
    if not 1 <= args.n_clusters <= adata.n_obs:
        raise InputError(
            f"--n_clusters {args.n_clusters}: it must lie between 1 and the {adata.n_obs} cells"
        )
    return adata


def preprocessed(adata: AnnData, args: argparse.Namespace) -> AnnData:
    """Normalised expression and the genes that STAGUE reads."""
    from anndata import AnnData

    from stbench.data.preprocessing import preprocess

    settings: dict[str, Any] = {
        "id": str(args.adata_file),
        "kind": "counts",
        "hvg": args.hvg,
        "filter_cell": args.filter_cell,
        "norm_target": args.norm_target or 0.0,
    }
    spatial = adata.obsm["spatial"]
    plain = AnnData(adata.X, adata.obs[[]], adata.var[[]], obsm={"spatial": spatial})
    plain.uns["dataset"] = settings
    return preprocess(plain)


def main() -> None:
    args = parse_arguments()
    if args.output_dir.exists() and not args.output_dir.is_dir():
        raise InputError(f"{args.output_dir}: this is a file; --output_dir must be a folder")
    names = [setting.name for setting in fields(Settings) if setting.name != "record_every"]
    params = {name: getattr(args, name) for name in names} | {"record_every": args.epochs}
    Settings.of(params)
    adata = read_input(args)

    from methods.stague.model import fit
    from stbench.clustering.algorithms import cluster_labels, refine_labels
    from stbench.common.io import write_h5ad
    from stbench.fitting.device import choose_device

    device = choose_device(args.device)
    data = preprocessed(adata, args)
    try:
        result = fit(data, args.n_clusters, args.seed, device, params, lambda *_: None)
    except FloatingPointError as error:
        raise InputError(f"training failed: {error}; try a lower --lr") from error
    assert result.embedding is not None

    genes = data.var["highly_variable"].to_numpy()
    output = adata[:, genes].copy()
    output.X = data.X[:, genes]
    output.obsm["embedding"] = result.embedding
    output.obsp["learned_adj_raw"] = result.adj_raw
    output.obsp["learned_adj_normalized"] = result.adj_normalized
    target = args.output_dir / "adata_processed.h5ad"
    found = cluster_labels(result.embedding, args.n_clusters, args.clu_model)
    if found.labels is None:
        write_h5ad(target, output)
        raise InputError(
            f"--clu_model {args.clu_model}: {found.reason}; {target} is written without domains"
        )
    if found.reason:
        print(f"{args.clu_model}: {found.reason}", file=sys.stderr)
    labels = refine_labels(found.labels, data.obsm["spatial"], args.refine)
    output.obs["cluster_pred"] = labels
    output.obs["cluster_pred"] = output.obs["cluster_pred"].astype("category")
    write_h5ad(target, output)
    print(target)


if __name__ == "__main__":
    run_cli(main)
