"""Markers of the domains of a tissue, and statistics of the requested genes.

genes.csv      each requested gene in every domain: rank, log2 fold change, both p, shares
markers.csv    the first markers of every domain
pathways.csv   mean score of every gene set in every domain, if gene sets are given
verdict.txt    conclusions and their limits
domains_and_genes_*, standing_*, pathways_*, markers_*   figures; captions.json describes them

Domains are the true domains, with --domains the consensus of all methods (without one, the
recommended map), and if genes are requested those of the last epoch of each method, with --domains
as they are numbered there. Rows without numbers have a status and a reason.
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
    import pandas as pd
    from anndata import AnnData

    from stbench.interactions.tissue import Tissue
    from stbench.markers.differential_expression import Domains


SHOWN, FEW_DOMAINS, SHOWN_OF_MANY = 5, 8, 3  # markers of a domain in the figure


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, type=Path, help="dataset with its truth (.h5ad)")
    parser.add_argument("--preprocessed", required=True, type=Path, help="the preprocessed dataset")
    parser.add_argument("--domains", type=Path, help="maps of all methods, of domains.py (.h5ad)")
    parser.add_argument(
        "--scores", nargs="*", default=[], type=Path, help="scores of each method (.parquet)"
    )
    parser.add_argument(
        "--labels",
        nargs="*",
        default=[],
        type=Path,
        help="labels of each method, <method>/<key>.h5",
    )
    parser.add_argument("--titles", required=True, help="methods and their names, a JSON object")
    parser.add_argument("--genes", nargs="*", default=[], help="symbols of the genes to report")
    parser.add_argument("--gene-sets", type=Path, help="GMT file to score in every domain")
    parser.add_argument(
        "--drawing",
        type=json.loads,
        default={},
        help="names of the true domains and direction of the y axis (JSON)",
    )
    parser.add_argument("--rank-by", default=RANK_BY, help=f"clusterer (default {RANK_BY})")
    parser.add_argument("--output", required=True, type=Path, help="folder to write")
    parser.add_argument(
        "--record-failure",
        action="store_true",
        help="where it fails, write tables without numbers and the reason",
    )
    return parser.parse_args()


def all_domains(args: argparse.Namespace, tissue: Tissue, facts: dict[str, Any]) -> list[Domains]:
    """The true domains, the consensus of methods, then the domains of the methods."""
    import numpy as np

    from stbench.maps.cells_file import read_cells_file
    from stbench.markers.domains import (
        main_domains,
        mapped_domains,
        method_domains,
        true_domains,
    )
    from stbench.results.assembly import read_scores

    try:
        titles = json.loads(args.titles)
    except ValueError as error:
        raise InputError(f"--titles: not valid JSON ({error})") from error
    if not isinstance(titles, dict):
        raise InputError('--titles: it must be a JSON object such as {"stague": "STAGUE"}')
    named = args.drawing.get("domain_names", {})
    truth = true_domains(tissue.domains, int(np.max(facts["n_domains"])), named)
    if args.domains and (maps := read_cells_file(args.domains, list(tissue.cells))):
        first = maps.recommended, titles.get(maps.recommended, maps.recommended)
        joined = main_domains(maps.columns, maps.n_domains, maps.note, first, truth)
        shown = titles if args.genes else {}
        return [truth, joined, *mapped_domains(maps.columns, maps.n_domains, shown, truth)]
    if not args.genes:
        return [truth]
    labels = {path.parent.name: path for path in args.labels}
    scores = read_scores(args.scores)
    return [truth, *method_domains(scores, titles, args.rank_by, labels, truth)]


def write_tables(
    args: argparse.Namespace, tissue: Tissue, facts: dict[str, Any], to: Path
) -> dict[str, Any]:
    """Test, write tables and verdict; return the content of the figures.

    Raises:
        NotApplicableError: nothing can be tested; the message is the reason.
    """
    import numpy as np
    import pandas as pd
    from anndata import AnnData

    from stbench.common.h5ad import read_elements
    from stbench.data.gene_symbols import panel_symbols
    from stbench.interactions.enrichment import read_gmt
    from stbench.markers.differential_expression import (
        cell_scores,
        columns_of_genes,
        gene_statistics,
        rank_genes,
        set_means,
        top_markers,
    )
    from stbench.markers.domains import MAIN
    from stbench.markers.verdict import verdict

    if facts["kind"] == "features":
        raise NotApplicableError("the columns of this dataset are components, not genes")
    symbols = panel_symbols(tissue.var)
    kept = read_elements(args.preprocessed, "var")["var"]["kept"].to_numpy(bool)
    expression = AnnData(tissue.expression[:, kept])
    expression.obs_names = pd.Index(tissue.cells)
    expression.var_names = pd.Index(np.flatnonzero(kept).astype(str))  # symbols may occur twice

    divisions = all_domains(args, tissue, facts)
    columns = columns_of_genes(args.genes, list(symbols), kept, int(facts.get("filter_cell", 0)))
    places = {gene: place for gene, place in columns.items() if isinstance(place, int)}
    names = {
        gene: (str(column), "") if gene in places else ("", str(column))
        for gene, column in columns.items()
    }
    ranked = [rank_genes(expression, d.codes) if d.available else {} for d in divisions]
    genes = pd.concat(
        [gene_statistics(d, r, names) for d, r in zip(divisions, ranked, strict=True)],
        ignore_index=True,
    )
    markers = pd.concat(
        [top_markers(d, r) for d, r in zip(divisions, ranked, strict=True)], ignore_index=True
    )
    markers["gene"] = [symbols[int(name)] for name in markers["gene"]]
    genes.to_csv(to / "genes.csv", index=False)
    markers.to_csv(to / "markers.csv", index=False)
    text = verdict(facts, divisions, genes, expression.n_vars, markers)
    pathways: pd.DataFrame | None = None
    if args.gene_sets:
        scores = cell_scores(expression, list(symbols[kept]), read_gmt(args.gene_sets))
        pathways = pd.concat([set_means(d, scores) for d in divisions], ignore_index=True)
        pathways.to_csv(to / "pathways.csv", index=False)
        text += "\nMean scores of gene sets are in pathways.csv; they are not tested.\n"
    (to / "verdict.txt").write_text(text, encoding="utf-8")
    values = {gene: tissue.expression[:, place].toarray()[:, 0] for gene, place in places.items()}
    dots = [
        shown_markers(d, r, expression, list(symbols))
        for d, r in zip(divisions, ranked, strict=True)
        if d.id in MAIN and r
    ]
    return {
        **{"divisions": divisions, "genes": genes, "values": values, "pathways": pathways},
        "dots": dots[0] if dots else None,
    }


def shown_markers(
    domains: Domains, ranked: dict[int, pd.DataFrame], expression: AnnData, symbols: list[str]
) -> dict[str, Any] | None:
    """The first markers of every domain and their expression in all; None without any marker."""
    from stbench.markers.differential_expression import expression_by_domain

    number = SHOWN if len(domains.names) <= FEW_DOMAINS else SHOWN_OF_MANY
    found = {
        code: list(table[table["marker"]].head(number).index) for code, table in ranked.items()
    }
    found = {code: genes for code, genes in found.items() if genes}
    if not found:
        return None
    columns = [gene for genes in found.values() for gene in genes]
    means, shares = expression_by_domain(expression, domains.codes, columns)
    named = {code: [symbols[int(gene)] for gene in genes] for code, genes in found.items()}
    return {"markers": named, "means": means, "shares": shares, "names": domains.names}


def write_reason(genes: list[str], name: str, status: str, reason: str, to: Path) -> None:
    """Write the tables of a dataset without any test; they contain the reason."""
    import numpy as np

    from stbench.markers.differential_expression import Domains, gene_statistics, top_markers
    from stbench.markers.verdict import no_verdict

    none = Domains("", "", 0, np.empty(0, int), [], [], reason)
    listed = dict.fromkeys(genes or [""], ("", ""))  # without a gene, the reason has a row, too
    table = gene_statistics(none, {}, listed).assign(status=status)
    table.to_csv(to / "genes.csv", index=False)
    top_markers(none, {}).to_csv(to / "markers.csv", index=False)
    (to / "verdict.txt").write_text(no_verdict(name, genes, status, reason), encoding="utf-8")


def main() -> None:
    args = parse_arguments()
    limit_threads(1)
    if len(set(args.genes)) < len(args.genes):
        raise InputError("--genes: a gene is listed twice; list each gene once")

    from stbench.common.h5ad import read_elements
    from stbench.common.io import atomic_directory, empty
    from stbench.figures.figure_set import Album
    from stbench.figures.markers import add_figures
    from stbench.figures.per_dataset import read_tissue as read_drawn
    from stbench.figures.style import apply_style
    from stbench.interactions.tissue import read_tissue

    apply_style()
    facts = read_elements(args.data, "uns/dataset").get("uns/dataset", {})
    if "id" not in facts:
        raise InputError(f"{args.data}: not a dataset of this pipeline; create it with prepare.py")
    name = str(facts["id"])
    with atomic_directory(args.output) as folder:

        def tested() -> None:
            try:
                tissue = read_tissue(args.data, args.preprocessed)
                shown = write_tables(args, tissue, facts, folder)
            except NotApplicableError as error:
                write_reason(args.genes, name, "not_applicable", str(error), folder)
                return
            album = Album(folder)
            places = read_drawn(args.data, {name: args.drawing}).coords
            add_figures(album, tissue.name, places, **shown)
            album.write_captions()

        def failed(reason: str) -> None:
            empty(folder)
            write_reason(args.genes, name, "error", reason, folder)

        attempt(name, tested, failed, record=args.record_failure)
        print((folder / "verdict.txt").read_text(encoding="utf-8"))


if __name__ == "__main__":
    run_cli(main)
