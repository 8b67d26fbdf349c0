"""The domains of one tissue by all methods, in one file for scanpy and squidpy, and compared.

<dataset>.h5ad          all cells of the user's file with its X, obs and var, and for each method
                        obs['<method>'] (last epoch of the first training seed, by the clusterer
                        that ranks), for methods that train also obs['<method>_selected'] (the epoch
                        that the data select) and obs['<method>_consensus'] (of all training seeds);
                        obs['consensus'] (of all methods), obs['disagreement'] (weighted share of
                        the methods that put a cell elsewhere), obs['left_out'] (why a cell has no
                        label), uns['<column>_colors'], obsm['spatial'], obsm['X_<method>']
<dataset>.tsv           the same columns of obs, with positions
<dataset>.agreement.csv ARI of every pair of maps
<dataset>.methods.csv   agreement, stability and spatial continuity of each map

Domains have the numbers of the domains of the consensus that they match (Hungarian algorithm). The
true domains are never used.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stbench.common.constants import RANK_BY
from stbench.common.errors import InputError, NotApplicableError, attempt, run_cli
from stbench.common.seeding import limit_threads

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from anndata import AnnData

    from stbench.maps.consensus import Consensus
    from stbench.maps.method_maps import MethodMaps


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, type=Path, help="the dataset (.h5ad)")
    parser.add_argument(
        "--section",
        type=json.loads,
        help="the user's description of an own section (JSON)",
    )
    parser.add_argument(
        "--methods",
        required=True,
        type=json.loads,
        help='whether each method trains (JSON), such as {"stague": true}',
    )
    parser.add_argument(
        "--labels", nargs="*", default=[], type=Path, help="their labels, <method>/<key>.h5"
    )
    parser.add_argument(
        "--fits", nargs="*", default=[], type=Path, help="their fits, <method>/<key>"
    )
    parser.add_argument("--rank-by", default=RANK_BY, help=f"clusterer (default {RANK_BY})")
    parser.add_argument(
        "--choosing",
        type=Path,
        help="folder of choose.py: of several numbers of domains, the recommended one is used; "
        "default: the largest. Without a consensus its map is the main one",
    )
    parser.add_argument(
        "--zarr", action="store_true", help="write <dataset>.zarr and <dataset>.vitessce.json, too"
    )
    parser.add_argument("--output", required=True, type=Path, help="<dataset>.h5ad to write")
    parser.add_argument(
        "--record-failure", action="store_true", help="where it fails, write the reason"
    )
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()
    limit_threads(1)

    from stbench.common.h5ad import read_elements

    facts = read_elements(args.data, "uns/dataset").get("uns/dataset", {})
    if "id" not in facts:
        raise InputError(f"{args.data}: not a dataset of this pipeline; create it with prepare.py")
    name = str(facts["id"])

    def made() -> None:
        if facts.get("status", "ok") != "ok":
            write_reason(args.output, name, facts["status"], facts["reason"], args.zarr)
        else:
            write_domains(args, facts)

    def failed(reason: str) -> None:
        write_reason(args.output, name, "error", reason, args.zarr)

    attempt(name, made, failed, record=args.record_failure)


def write_domains(args: argparse.Namespace, facts: dict[str, Any]) -> None:
    """Read all maps, join and compare them, and write the files."""
    import numpy as np

    from stbench.common.h5ad import read_elements
    from stbench.maps.cells_file import FACTS
    from stbench.maps.comparison import agreement_table, method_table, named_maps
    from stbench.maps.method_maps import read_maps

    name, n_domains = str(facts["id"]), shown_number(facts["n_domains"], args.choosing)
    data = read_elements(args.data, "obsm/spatial")
    maps = [
        read_maps(path, n_domains, args.rank_by, trains=args.methods[path.parent.name])
        for path in args.labels
    ]
    consensus, note = joined(maps, n_domains)
    embeddings = shown_embeddings(args.fits, maps, list(data["cells"]))
    tables = {
        "agreement": agreement_table(named_maps(maps, consensus), name, n_domains),
        "methods": method_table(
            *(maps, consensus, embeddings, np.asarray(data["obsm/spatial"])),
            dataset=name,
            n_domains=n_domains,
        ),
    }
    first = first_method(args.choosing, [one.method for one in maps if len(one.shown)])
    tissue, columns = annotated(args, list(data["cells"]), maps, consensus, first, embeddings)
    weights = consensus.weights if consensus else {}
    tissue.uns[FACTS] = {
        **{"dataset": name, "status": "ok", "reason": "", "n_domains": n_domains},
        "columns": np.array(columns, dtype=object),
        **{"clusterer": args.rank_by, "consensus": note, "weights": weights},
        "recommended": "" if consensus else first,
    }
    write_files(args.output, tissue, columns, tables, zarr=args.zarr)
    missing = int((tissue.obs["left_out"] != "").sum())
    print(f"{name}: {note}; {tissue.n_obs} cells, {missing} of them without a label")


def shown_number(numbers: int | np.ndarray, choosing: Path | None) -> int:
    """The recommended number of domains; without a recommendation the largest."""
    import numpy as np

    from stbench.common.io import read_csv

    if choosing and (path := choosing / "number_of_domains.csv").is_file():
        table = read_csv(path)
        recommended = table.loc[table["choice"] == "recommended", "n_domains"]
        if len(recommended):
            return int(recommended.iloc[0])
    return int(np.max(numbers))


def first_method(choosing: Path | None, methods: list[str]) -> str:
    """The method whose map is recommended; without a recommendation the first one with a map."""
    from stbench.common.io import read_csv

    if choosing and (path := choosing / "recommendation.csv").is_file():
        table = read_csv(path)
        chosen = table.loc[table["recommended"].astype(bool), "method"]
        if len(chosen) and chosen.iloc[0] in methods:
            return str(chosen.iloc[0])
    return methods[0] if methods else ""


def joined(maps: list[MethodMaps], n_domains: int) -> tuple[Consensus | None, str]:
    """The consensus of the methods and what it is made of, or why there is none."""
    from stbench.maps.consensus import consensus_of_methods

    try:
        consensus = consensus_of_methods(maps, n_domains)
    except NotApplicableError as error:
        return None, f"no consensus: {error}"
    return consensus, consensus.note


def shown_embeddings(
    fits: list[Path], maps: list[MethodMaps], cells: list[str]
) -> dict[str, np.ndarray]:
    """Embeddings of the training seeds that are shown, by method; some give labels only."""
    from stbench.fitting.output import read_fit

    folders = {path.parent.name: path for path in fits}
    found = {
        one.method: read_fit(folders[one.method] / f"seed{one.seed}", cells).embedding
        for one in maps
        if len(one.shown)
    }
    return {method: points for method, points in found.items() if points is not None}


def annotated(
    args: argparse.Namespace,
    cells: list[str],
    maps: list[MethodMaps],
    consensus: Consensus | None,
    recommended: str,
    embeddings: dict[str, np.ndarray],
) -> tuple[AnnData, list[str]]:
    """The user's tissue with all maps, and the names of their columns."""
    from stbench.figures.style import domain_colors
    from stbench.maps.cells_file import add_maps, matched_maps
    from stbench.maps.whole_tissue import whole_tissue

    tissue = whole_tissue(args.data, args.section)
    columns = matched_maps(maps, consensus, recommended)
    count = max((int(labels.max()) + 1 for labels in columns.values()), default=0)
    add_maps(tissue, cells, columns, consensus, embeddings, domain_colors(count))
    return tissue, list(columns)


def write_files(
    output: Path, tissue: AnnData, columns: list[str], tables: dict[str, pd.DataFrame], zarr: bool
) -> None:
    """Write the tissue and the tables of its cells and maps."""
    from stbench.common.io import (
        atomic_directory,
        atomic_file,
        write_csv,
        write_h5ad,
        write_json,
    )
    from stbench.maps.cells_file import table_of_cells
    from stbench.maps.vitessce import vitessce_configuration

    with atomic_file(output.with_suffix(".tsv")) as temporary:
        cells = table_of_cells(tissue, columns)
        cells.to_csv(temporary, sep="\t", index=False, float_format="%.10g", lineterminator="\n")
    for name, table in tables.items():
        with atomic_file(output.with_suffix(f".{name}.csv")) as temporary:
            write_csv(table, temporary)
    write_h5ad(output, tissue)
    if zarr:
        with atomic_directory(output.with_suffix(".zarr")) as folder:
            without_slashes(tissue).write_zarr(folder)
        store = output.with_suffix(".zarr").name
        embeddings = [key for key in tissue.obsm if key.startswith("X_")]
        shown = vitessce_configuration(output.stem, store, columns, embeddings)
        write_json(output.with_suffix(".vitessce.json"), shown)


def without_slashes(tissue: AnnData) -> AnnData:
    """A copy whose columns can be written to a zarr store: ``CD4/CD8`` is ``CD4_CD8``."""
    from anndata.utils import make_index_unique

    copy = tissue.copy()
    for table in (copy.obs, copy.var):
        table.columns = make_index_unique(table.columns.str.replace("/", "_"))
    return copy


def write_reason(output: Path, name: str, status: str, reason: str, zarr: bool) -> None:
    """Write the files of a tissue without any map; the reason is in ``uns['stbench']``."""
    import numpy as np
    import pandas as pd
    from anndata import AnnData

    from stbench.maps.cells_file import FACTS
    from stbench.maps.comparison import COLUMNS, agreement_table

    tissue = AnnData(np.zeros((0, 0), np.float32), obsm={"spatial": np.empty((0, 2))})
    tissue.obs["left_out"] = pd.Series(dtype=object)
    tissue.uns[FACTS] = {"dataset": name, "status": status, "reason": reason}
    tables = {"agreement": agreement_table({}, name, 0), "methods": pd.DataFrame(columns=COLUMNS)}
    write_files(output, tissue, [], tables, zarr)
    print(f"{name}: {reason}")


if __name__ == "__main__":
    run_cli(main)
