"""Convert one dataset to the common format of all later stages, and check it.

Reads a folder that download.py wrote (--dataset with --raw); if it cannot be loaded, the next
source is fetched. Or reads your own file or folder (docs/add-a-dataset.md):

    prepare.py --output mine.h5ad \\
      --section '{"id": "mine", "path": "some/file.h5ad", "n_domains": 7, "label": "cluster"}'

The output is AnnData: X as published, the true domains in obs['cluster'] and cell types in
obs['celltype'] (if known), coordinates in obsm['spatial'], and the description in uns['dataset'].
The cells keep their names and are in a shuffled order, the same for the same names.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.common.errors import InputError, attempt, run_cli
from stbench.common.io import write_h5ad
from stbench.common.paths import CONFIG
from stbench.config.own_files import with_file
from stbench.config.registry import choose_sources, dataset_entry, load_registry
from stbench.data.fetch import mirror_folders
from stbench.data.published import published_dataset

if TYPE_CHECKING:
    from anndata import AnnData


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    dataset = parser.add_mutually_exclusive_group(required=True)
    dataset.add_argument("--dataset", help="id in the registry")
    dataset.add_argument("--section", help="JSON description of your own section")
    parser.add_argument("--raw", type=Path, help="folder written by download.py (with --dataset)")
    parser.add_argument("--source", default="", help="the only source to use (with --dataset)")
    parser.add_argument(
        "--mirror", nargs="*", default=None, help="folders with the files of further sources"
    )
    parser.add_argument("--output", required=True, type=Path, help="h5ad file to write")
    parser.add_argument("--registry", type=Path, default=CONFIG / "datasets.yaml")
    parser.add_argument(
        "--record-failure",
        action="store_true",
        help="on failure, write a dataset without cells and with the reason",
    )
    return parser.parse_args()


def prepare_own(section: Any, registry: Mapping[str, Any]) -> AnnData:
    """Load and check a section of the user.

    Raises:
        InputError: the section or its file is not valid.
    """
    from stbench.data.own_files import own_dataset

    if not isinstance(section, dict) or "path" not in section:
        raise InputError("--section: a JSON object with id, path and n_domains is required")
    entry = dataset_entry(section, registry)
    if not Path(entry["path"]).exists():
        raise InputError(f"{entry['id']}: {entry['path']}: no such file")
    entry = with_file(entry)
    if entry["origin"] == "joined":
        raise InputError(
            f"{entry['id']}: section: this program prepares one section: name it, "
            "section: {column: value}, and join them with scripts/join.py"
        )
    return own_dataset(entry)


def _inventory(adata: AnnData) -> str:
    facts = adata.uns["dataset"]
    line = f"{facts['id']}: {adata.n_obs} cells x {adata.n_vars} genes, {facts['kind']}, "
    if facts["has_truth"]:
        labels = adata.obs["cluster"]
        line += f"{labels.nunique()} domains on {int(labels.notna().sum())} labeled cells"
    else:
        line += "no true domains"
    return line + f", {facts['dropped_cells']} empty cells dropped, from {facts['source']}"


def main() -> None:
    args = arguments()
    warnings.filterwarnings("ignore", message=".* names are not unique")  # raised as an error
    if args.dataset and args.raw is None:
        raise InputError("--dataset: requires --raw, the folder that download.py wrote")
    chosen = {args.dataset: args.source} if args.dataset and args.source else {}
    registry = choose_sources(load_registry(args.registry), chosen)
    section = _parse(args.section) if args.section else None
    name = args.dataset or str(section.get("id") if isinstance(section, dict) else "own")

    from stbench.data.row_order import shuffle_rows
    from stbench.data.validation import failed_dataset

    def prepared() -> AnnData:
        if section is not None:
            adata = prepare_own(section, registry)
        else:
            mirrors = mirror_folders(args.mirror)
            adata = published_dataset(args.dataset, args.raw, registry, mirrors)
        print(_inventory(adata))
        if note := adata.uns["dataset"]["note"]:
            print(f"{adata.uns['dataset']['id']}: {note}")
        return shuffle_rows(adata)

    failed = partial(failed_dataset, name)
    write_h5ad(args.output, attempt(name, prepared, failed, record=args.record_failure))


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(f"--section: not JSON ({error})") from None


if __name__ == "__main__":
    run_cli(main)
