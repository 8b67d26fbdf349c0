"""The interactions of one method in one tissue: edges, their support, figures.

edges.parquet         ranked edges of every training seed; consensus.parquet: of their mean
graph.h5ad            obsp['interactions'], obsp['interactions_above']
type_pairs.csv        edges between cell types, compared with shuffled types and with edges of the
                      same distances and degrees; same_type.csv: all edges within types together
seeds.csv             agreement of training seeds on the edges
ligand_receptor.csv   ligands and receptors across the edges, compared with rewired edges and with
                      the shifted tissue; halves.csv: agreement of two halves of these pairs
genes.csv             genes that the scores of edges depend on; gene_checks.csv: accuracy
gene_sets.csv         enrichment of the user's gene sets in the first of these genes
figures/              map, matrices, rankings, UMAP and PAGA of the embedding
status.json           {part: {status, reason}}: the reason of each missing part
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType

from stbench.common.errors import InputError, attempt, run_cli
from stbench.common.io import atomic_directory, empty, write_json
from stbench.common.paths import method_files, method_module
from stbench.common.seeding import limit_threads


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, type=Path, help="dataset (.h5ad)")
    parser.add_argument("--preprocessed", required=True, type=Path, help="the preprocessed dataset")
    parser.add_argument(
        "--fits", required=True, nargs="+", type=Path, metavar="DIR", help="one per training seed"
    )
    parser.add_argument("--method", required=True, help="id of the method")
    parser.add_argument("--program", help="id of the method in scripts/methods (default: --method)")
    parser.add_argument("--title", help="display name in figures (default: the id)")
    parser.add_argument("--y-down", action="store_true", help="y grows downwards, as in images")
    parser.add_argument(
        "--settings",
        required=True,
        type=json.loads,
        help="JSON object: graph, threshold, threshold_by, shuffles, gene_sets",
    )
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1)")
    parser.add_argument("--output", required=True, type=Path, help="folder to write")
    parser.add_argument(
        "--record-failure",
        action="store_true",
        help="where it fails, write the reason into status.json alone",
    )
    return parser.parse_args()


def module_of(method: str) -> ModuleType | None:
    """The module of a method written in Python; None: in R, or outside the pipeline."""
    file = method_files().get(method)
    if file is None or file.suffix != ".py":
        return None
    return import_module(method_module(file))


def write_failure(folder: Path, reason: str) -> None:
    """Leave the reason alone in the folder, not the parts that were written before it failed."""
    empty(folder)
    write_json(folder / "status.json", {"all parts": {"status": "error", "reason": reason}})


def main() -> None:
    args = parse_arguments()
    limit_threads(args.threads)
    if not isinstance(args.settings, dict):
        raise InputError('--settings: it must be a JSON object such as {"shuffles": 100}')

    from stbench.figures.interaction_figures import draw
    from stbench.interactions.analysis import analyze

    drawing = partial(draw, title=args.title or args.method, y_down=args.y_down)
    name = f"{args.output.parent.parent.name}, {args.method}"
    with atomic_directory(args.output) as folder:
        attempt(
            name,
            lambda: analyze(
                args.data,
                args.preprocessed,
                args.fits,
                args.settings,
                folder,
                module=module_of(args.program or args.method),
                draw=drawing,
            ),
            lambda reason: write_failure(folder, reason),
            record=args.record_failure,
        )


if __name__ == "__main__":
    run_cli(main)
