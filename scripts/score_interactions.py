"""Score learned cell graphs of one dataset, and nulls, against its planted interactions.

The table has one row for every scorer (methods, nulls, and the upper limit `informed`), seed and
metric (AUROC, AUPRC, precision, odds_ratio; for methods also edge_AUROC and edge_AP of edges that
they held out, and recall of the true genes). For a missing value, the columns status and reason
give the cause.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.common.errors import InputError, attempt, run_cli
from stbench.common.seeding import limit_threads

if TYPE_CHECKING:
    from stbench.interactions.scores import GraphFit, Tissue


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


def read_tissue(data: Path, preprocessed: Path) -> Tissue:
    import numpy as np

    from stbench.common.h5ad import read_elements
    from stbench.common.io import read_h5ad
    from stbench.interactions.scores import Tissue

    places = ("obs/celltype", "obsp/true_interactions", "uns/true_triples", "uns/dataset")
    truth = read_elements(data, *places)
    inputs = read_h5ad(preprocessed)
    if not np.array_equal(truth["cells"], inputs.obs_names.to_numpy()):
        raise InputError(f"{preprocessed}: its cells are not those of {data}; preprocess again")
    dataset = truth["uns/dataset"]
    failed = [facts for facts in (dataset, inputs.uns["dataset"]) if facts["status"] != "ok"]
    missing = str(failed[0]["reason"]) if failed else ""
    types = truth.get("obs/celltype")
    return Tissue(
        name=str(dataset["id"]),
        missing=missing,
        coords=np.empty((0, 2)) if missing else inputs.obsm["spatial"],
        expression=inputs.X,
        components=np.empty((0, 0)) if missing else inputs.obsm["X_pca"],
        genes=inputs.var_names.to_numpy(),
        types=None if types is None else np.asarray(types, dtype=object),
        interactions=truth.get("obsp/true_interactions"),
        triples=truth.get("uns/true_triples"),
    )


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
    import pandas as pd

    by_method: dict[str, list[str]] = {}
    for pair in pairs:
        method, equals, path = pair.partition("=")
        if not equals:
            raise InputError(f"--genes {pair}: write METHOD=FILE")
        if Path(path).is_file():
            table = pd.read_csv(path, dtype={"gene": str}, keep_default_na=False)
            missing = {"edge_set", "rank", "gene"} - set(table)
            if missing:
                raise InputError(f"{path}: the column {sorted(missing)[0]!r} is missing")
            of_all = table[table["edge_set"] == "all"].sort_values("rank", kind="stable")
            by_method |= {method: of_all["gene"].tolist()} if len(of_all) else {}
    return by_method


def main() -> None:
    args = parse_arguments()
    limit_threads(1)

    from stbench.common.io import atomic_file
    from stbench.interactions.scores import no_scores, score_interactions
    from stbench.results.assembly import read_fits

    records = read_fits(args.fits).to_dict("records")
    fits = [
        read_graph_fit(folder, record, args.graph)
        for folder, record in zip(args.fits, records, strict=True)
    ]
    tissue = read_tissue(args.data, args.preprocessed)
    table = attempt(
        tissue.name,
        lambda: score_interactions(tissue, fits, args.reach, ranked_genes(args.genes)),
        lambda reason: no_scores(tissue, fits, f"scoring of interactions: {reason}"),
        record=args.record_failure,
    )
    with atomic_file(args.output) as temporary:
        table.to_parquet(temporary, index=False)


if __name__ == "__main__":
    run_cli(main)
