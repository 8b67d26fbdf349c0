"""Score learned cell graphs of one dataset, and nulls, against its planted interactions.

The table has one row for every scorer (methods, nulls, and the ceiling `informed`), seed and metric
(AUROC, AUPRC, precision, odds_ratio; for methods also edge_AUROC and edge_AP of edges that they
held out themselves, and recall of the true genes), also where there is no value: the columns status
and reason then say why.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.common.errors import InputError, run_cli
from stbench.common.seeding import limit_threads

if TYPE_CHECKING:
    from stbench.interactions.scores import GraphFit, Tissue


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, type=Path, help="dataset with its truth (.h5ad)")
    parser.add_argument("--preprocessed", required=True, type=Path, help="what methods got (.h5ad)")
    parser.add_argument(
        "--fits", required=True, nargs="+", type=Path, help="folders of fits that give cell graphs"
    )
    parser.add_argument(
        "--genes",
        nargs="*",
        default=[],
        metavar="METHOD=FILE",
        help="genes by attribution (.csv) of methods; a file that is not there is passed over",
    )
    parser.add_argument("--graph", choices=["raw", "normalized"], default="raw")
    parser.add_argument(
        "--reach",
        type=int,
        default=15,
        help="pairs are scored up to the median distance to this nearest cell (default 15)",
    )
    parser.add_argument("--output", required=True, type=Path, help="table to write (.parquet)")
    return parser.parse_args()


def read_tissue(data: Path, preprocessed: Path) -> Tissue:
    import numpy as np

    from stbench.common.h5ad import read_elements
    from stbench.common.io import read_h5ad
    from stbench.interactions.scores import Tissue

    places = ("obs/celltype", "obsp/true_interactions", "uns/true_triples", "uns/dataset")
    found = read_elements(data, *places)
    seen = read_h5ad(preprocessed)
    if not np.array_equal(found["cells"], seen.obs_names.to_numpy()):
        raise InputError(f"{preprocessed}: its cells are not those of {data}; preprocess again")
    dataset = found["uns/dataset"]
    missing = str(dataset["reason"]) if dataset["status"] != "ok" else ""
    types = found.get("obs/celltype")
    return Tissue(
        name=str(dataset["id"]),
        missing=missing,
        coords=np.empty((0, 2)) if missing else seen.obsm["spatial"],
        expression=seen.X,
        components=np.empty((0, 0)) if missing else seen.obsm["X_pca"],
        genes=seen.var_names.to_numpy(),
        types=None if types is None else np.asarray(types, dtype=object),
        interactions=found.get("obsp/true_interactions"),
        triples=found.get("uns/true_triples"),
    )


def read_graph_fit(folder: Path, told: dict[str, Any], graph: str) -> GraphFit:
    from stbench.common.h5ad import read_elements
    from stbench.interactions.scores import GraphFit

    facts = {key: told[key] for key in ("method", "seed", "status", "reason")}
    facts["reason"] = facts["reason"] or ""
    if facts["status"] != "ok":
        return GraphFit(**facts)
    learned, untrained = f"obsp/learned_adj_{graph}", "obsp/learned_adj_untrained"
    found = read_elements(folder / "fit.h5ad", learned, untrained, "uns/fit")
    return GraphFit(
        **facts,
        graph=found.get(learned),
        untrained=found.get(untrained),
        params=json.loads(found["uns/fit"]["params"]),
        info=json.loads(found["uns/fit"]["info"]),
    )


def ranked_genes(pairs: list[str]) -> dict[str, list[str]]:
    """By method, the genes of all its edges, most attributed first, where there is such a file."""
    import pandas as pd

    found: dict[str, list[str]] = {}
    for pair in pairs:
        method, equals, path = pair.partition("=")
        if not equals:
            raise InputError(f"--genes {pair}: write METHOD=FILE")
        if Path(path).is_file():
            table = pd.read_csv(path, dtype={"gene": str}, keep_default_na=False)
            missing = {"edge_set", "rank", "gene"} - set(table)
            if missing:
                raise InputError(f"{path}: the column {sorted(missing)[0]!r} is missing")
            mine = table[table["edge_set"] == "all"].sort_values("rank", kind="stable")
            found |= {method: mine["gene"].tolist()} if len(mine) else {}
    return found


def main() -> None:
    args = parse_arguments()
    limit_threads(1)

    from stbench.common.io import atomic_file
    from stbench.interactions.scores import score_interactions
    from stbench.results.assembly import read_fits

    told = read_fits(args.fits).to_dict("records")
    fits = [
        read_graph_fit(folder, one, args.graph) for folder, one in zip(args.fits, told, strict=True)
    ]
    tissue = read_tissue(args.data, args.preprocessed)
    table = score_interactions(tissue, fits, args.reach, ranked_genes(args.genes))
    with atomic_file(args.output) as temporary:
        table.to_parquet(temporary, index=False)


if __name__ == "__main__":
    run_cli(main)
