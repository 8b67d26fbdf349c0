"""Run a tool for cell-cell communication on a tissue whose interactions are known.

The output is an AnnData with cells in the rows and candidate pairs of ligand and receptor in the
columns (var['ligand'], var['receptor']): X has the scores of cells, uns['types'] those of ordered
pairs of cell types (in alphabetical order), obsp those of ordered pairs of cells. A tool fills what
it answers. uns['communication'] is {status, reason} with the status ok, not_applicable or error.
"""

from __future__ import annotations

import argparse
import warnings
from importlib import import_module
from pathlib import Path

from stbench.common.errors import InputError, NotApplicableError, attempt, run_cli
from stbench.common.paths import method_files, method_module
from stbench.common.seeding import limit_threads
from stbench.fitting.requirements import missing

TOOLS = Path(__file__).parent / "communication_methods"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tool", required=True, help="id in scripts/communication_methods")
    parser.add_argument("--data", required=True, type=Path, help="dataset with its truth (.h5ad)")
    parser.add_argument(
        "--preprocessed", required=True, type=Path, help="preprocessed dataset (.h5ad)"
    )
    parser.add_argument(
        "--reach",
        type=int,
        default=15,
        help="cells act up to the median distance to this nearest cell (default 15)",
    )
    parser.add_argument("--output", required=True, type=Path, help="scores to write (.h5ad)")
    parser.add_argument(
        "--record-failure",
        action="store_true",
        help="where it fails, write the reason alone",
    )
    return parser.parse_args()


def infer(args: argparse.Namespace) -> None:
    """Run the tool and write its scores.

    Raises:
        NotApplicableError: no truth, or not a dataset for this tool.
        InputError: the tool is not installed, or a file is missing or broken.
    """
    from anndata import AnnData

    from stbench.interactions.candidate_pairs import within_reach
    from stbench.interactions.communication import candidate_genes, write_communication
    from stbench.interactions.truth import NO_TRIPLES, read_tissue

    tissue = read_tissue(args.data, args.preprocessed)
    if tissue.missing or tissue.triples is None:
        raise NotApplicableError(tissue.missing or NO_TRIPLES)
    module = import_module(method_module(method_files(TOOLS)[args.tool]))
    pairs = candidate_genes(tissue.expression, tissue.genes, tissue.triples)
    adata = AnnData(tissue.expression.copy(), obsm={"spatial": tissue.coords.copy()})
    adata.var_names = tissue.genes
    adata.obs_names = tissue.cells
    if tissue.types is not None:
        adata.obs["celltype"] = tissue.types.astype(str)
    distance = float(within_reach(tissue.coords, args.reach).distances.max())
    try:
        found = module.infer(adata, pairs, distance)
    except ModuleNotFoundError as error:
        raise InputError(str(missing(str(error.name), "communication"))) from error
    write_communication(args.output, found, pairs, tissue.cells)


def main() -> None:
    args = parse_arguments()
    limit_threads(1)
    if args.tool not in method_files(TOOLS):
        known = ", ".join(sorted(method_files(TOOLS)))
        raise InputError(f"--tool {args.tool}: no such tool; known: {known}")
    warnings.filterwarnings("ignore")  # of the tools, about their own libraries

    from stbench.interactions.communication import write_no_communication

    def infer_or_decline() -> None:
        try:
            infer(args)
        except NotApplicableError as error:
            write_no_communication(args.output, "not_applicable", str(error))

    attempt(
        f"{args.data.parent.name}, {args.tool}",
        infer_or_decline,
        lambda reason: write_no_communication(args.output, "error", reason),
        record=args.record_failure,
    )


if __name__ == "__main__":
    run_cli(main)
