"""Score learned cell graphs of one dataset, and nulls, against its planted interactions.

The table has one row for every scorer (methods, nulls, and two that know more), seed and metric
(AUROC, AUPRC, also within strata and against permuted truth; precision, odds_ratio; those of cells
and of pairs of types; for methods also edge_AUROC and edge_AP of edges that they held out, and
recall of the true genes). For a missing value, the columns status and reason give the cause.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.common.errors import InputError, NotApplicableError, attempt, run_cli
from stbench.common.seeding import limit_threads

if TYPE_CHECKING:
    from stbench.interactions.communication import Communication, Pairs
    from stbench.interactions.score_rows import Cause
    from stbench.interactions.scores import GraphFit


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, type=Path, help="dataset with its truth (.h5ad)")
    parser.add_argument(
        "--preprocessed", required=True, type=Path, help="preprocessed dataset (.h5ad)"
    )
    parser.add_argument(
        "--fits", required=True, nargs="+", type=Path, help="folders of fits with cell graphs"
    )
    parser.add_argument(
        "--genes",
        nargs="*",
        default=[],
        metavar="METHOD=FILE",
        help="genes by attribution (.csv) of methods; a missing file is skipped",
    )
    parser.add_argument(
        "--communication",
        nargs="*",
        default=[],
        metavar="TOOL=FILE",
        help="scores of tools (.h5ad of communication.py)",
    )
    parser.add_argument("--graph", choices=["raw", "normalized"], default="raw")
    parser.add_argument(
        "--reach",
        type=int,
        default=15,
        help="pairs are scored up to the median distance to this nearest cell (default 15)",
    )
    parser.add_argument("--output", required=True, type=Path, help="table to write (.parquet)")
    parser.add_argument(
        "--record-failure",
        action="store_true",
        help="where it fails, write rows without values and the reason",
    )
    return parser.parse_args()


def read_graph_fit(folder: Path, record: dict[str, Any], graph: str) -> GraphFit:
    from stbench.common.h5ad import read_elements
    from stbench.interactions.scores import GraphFit

    facts = {key: record[key] for key in ("method", "seed", "status", "reason")}
    facts["reason"] = facts["reason"] or ""
    if facts["status"] != "ok":
        return GraphFit(**facts)
    learned, untrained = f"obsp/learned_adj_{graph}", "obsp/learned_adj_untrained"
    elements = read_elements(folder / "fit.h5ad", learned, untrained, "uns/fit")
    return GraphFit(
        **facts,
        graph=elements.get(learned),
        untrained=elements.get(untrained),
        params=json.loads(elements["uns/fit"]["params"]),
        info=json.loads(elements["uns/fit"]["info"]),
    )


def ranked_genes(pairs: list[str]) -> dict[str, list[str]]:
    """By method, the genes of all its edges, most attributed first, if there is such a file."""
    from stbench.common.io import read_csv

    by_method: dict[str, list[str]] = {}
    for pair in pairs:
        method, equals, path = pair.partition("=")
        if not equals:
            raise InputError(f"--genes {pair}: write METHOD=FILE")
        if Path(path).is_file():
            table = read_csv(path)
            missing = {"edge_set", "rank", "gene"} - set(table)
            if missing:
                raise InputError(f"{path}: the column {sorted(missing)[0]!r} is missing")
            of_all = table[table["edge_set"] == "all"].sort_values("rank", kind="stable")
            by_method |= {method: of_all["gene"].tolist()} if len(of_all) else {}
    return by_method


def read_tools(pairs: list[str], genes: Pairs) -> dict[str, Communication | Cause]:
    """By tool, what it found for these pairs of genes, or why there is nothing."""
    from stbench.interactions.communication import read_communication
    from stbench.interactions.score_rows import Cause

    found: dict[str, Communication | Cause] = {}
    for pair in pairs:
        tool, equals, path = pair.partition("=")
        if not equals:
            raise InputError(f"--communication {pair}: write TOOL=FILE")
        try:
            found[tool] = read_communication(Path(path), genes)
        except NotApplicableError as error:
            found[tool] = Cause("not_applicable", str(error))
        except InputError as error:
            found[tool] = Cause("error", str(error))
    return found


def main() -> None:
    args = parse_arguments()
    limit_threads(1)

    from stbench.common.io import atomic_file
    from stbench.fitting.output import read_status
    from stbench.interactions.scores import no_scores, score_interactions
    from stbench.interactions.truth import read_tissue

    fits = [
        read_graph_fit(folder, read_status(folder, "method", "seed"), args.graph)
        for folder in args.fits
    ]
    tissue = read_tissue(args.data, args.preprocessed)
    table = attempt(
        tissue.name,
        lambda: score_interactions(
            tissue,
            fits,
            args.reach,
            ranked_genes(args.genes),
            lambda genes: read_tools(args.communication, genes),
        ),
        lambda reason: no_scores(
            tissue,
            fits,
            f"scoring of interactions: {reason}",
            [pair.partition("=")[0] for pair in args.communication],
        ),
        record=args.record_failure,
    )
    with atomic_file(args.output) as temporary:
        table.to_parquet(temporary, index=False)


if __name__ == "__main__":
    run_cli(main)
