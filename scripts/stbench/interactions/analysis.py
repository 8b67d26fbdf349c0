"""From the learned graphs of a tissue to tables and figures, part by part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pandas as pd

from stbench.common.errors import NotApplicableError
from stbench.common.io import read_h5ad, write_h5ad, write_json
from stbench.data.gene_symbols import panel_symbols
from stbench.interactions.chosen_edges import Edges, edges_above, mark
from stbench.interactions.edge_genes import genes_behind_edges, read_weights, remark
from stbench.interactions.edges import as_graph, consensus, edge_table
from stbench.interactions.enrichment import enrichment, read_gmt
from stbench.interactions.halves import Halves
from stbench.interactions.ligand_receptor import Support, ligand_receptor_support
from stbench.interactions.partial_results import Parts
from stbench.interactions.replication import between_seeds
from stbench.interactions.structureless import Structureless, train_on_shuffled_cells
from stbench.interactions.tissue import LearnedGraph, Tissue, read_graphs, read_tissue
from stbench.interactions.type_pairs import TypePairs, type_pairs


class Findings(NamedTuple):
    """The content of the figures of an analysis; None if a part failed (see ``Parts``)."""

    tissue: Tissue
    graphs: Sequence[LearnedGraph]
    above: pd.DataFrame
    type_pairs: TypePairs
    support: Support


def analyze(
    data: Path,
    preprocessed: Path,
    fits: Sequence[Path],
    settings: Mapping[str, Any],
    folder: Path,
    *,
    module: ModuleType | None,
    draw: Callable[..., None],
) -> None:
    """Write the results on the interactions of one method in one tissue.

    Training seeds are combined into their mean graph; all further results use its edges above the
    threshold.

    Args:
        data: the dataset, ``preprocessed``: its preprocessed form, ``fits``: the folders of fits.
        settings: ``graph``, ``threshold``, ``threshold_by``, ``shuffles`` and
            ``gene_sets``, see config/README.md; ``organism`` in place of that in the dataset.
        folder: receives edges.parquet, consensus.parquet, graph.h5ad, type_pairs.csv,
            same_type.csv, seeds.csv, ligand_receptor.csv, halves.csv, genes.csv,
            gene_checks.csv, gene_sets.csv (if given), figures/ and status.json, which gives the
            reason of a missing part.
        module: of the method; its ``edge_scorer`` explains the scores. None: the fits were made
            outside the pipeline.
        draw: draws the figures from the parts, see ``figures.interaction_figures.draw``.
    """
    parts, shuffles = Parts(), settings["shuffles"]
    tissue = parts.make("dataset", lambda: (read_tissue(data, preprocessed), ""))
    if tissue is not None and settings.get("organism"):
        tissue = replace(tissue, organism=settings["organism"])
    graphs = parts.make(
        "graphs", lambda: read_graphs(fits, tissue.cells, settings["graph"]), "dataset"
    )
    edges = parts.make("edges", lambda: all_edges(graphs, tissue), "graphs")
    adata = read_h5ad(preprocessed) if edges is not None else None
    structureless = parts.make(
        "shuffled_cells",
        lambda: without_structure(module, adata, tissue, graphs, settings),
        "edges",
    )
    marked = parts.make(
        "threshold",
        lambda: mark(
            *(edges, graphs, tissue, settings["threshold"], settings["threshold_by"]),
            module=module,
            adata=adata,
            structureless=structureless,
        ),
        "edges",
    )
    above = parts.make("above", lambda: edges_above(marked), "threshold")
    if edges is not None:
        write_edges(folder, tissue, marked or edges, settings)
    seeds = parts.make("seeds", lambda: agreement_of_seeds(marked, tissue), "threshold")
    if seeds is not None:
        seeds.to_csv(folder / "seeds.csv", index=False)
    pairs = parts.make("type_pairs", lambda: between_types(above, tissue, shuffles), "above")
    if pairs is not None:
        pairs.table.to_csv(folder / "type_pairs.csv", index=False)
        pairs.same_type.to_csv(folder / "same_type.csv", index=False)
    support = parts.make("ligand_receptor", lambda: supported(above, tissue, shuffles), "above")
    if support is not None:
        support.table.to_csv(folder / "ligand_receptor.csv", index=False)
        halves = [{"graph": name, **found._asdict()} for name, found in support.halves.items()]
        pd.DataFrame(halves, columns=["graph", *Halves._fields]).to_csv(
            folder / "halves.csv", index=False
        )
    genes = parts.make("genes", lambda: attributed_genes(marked, graphs, module, adata), "above")
    if genes is not None:
        genes[0].to_csv(folder / "genes.csv", index=False)
        genes[1].to_csv(folder / "gene_checks.csv", index=False)
    if of_user := settings.get("gene_sets"):
        sets = parts.make("gene_sets", lambda: gene_set_table(genes, of_user, tissue), "genes")
        if sets is not None:
            sets.to_csv(folder / "gene_sets.csv", index=False)
    draw(parts, folder, Findings(tissue, graphs, above, pairs, support))
    write_json(folder / "status.json", parts.status)


def all_edges(graphs: Sequence[LearnedGraph], tissue: Tissue) -> tuple[Edges, str]:
    """The edges of all seeds, ranked."""

    def ranked(pairs: Any, scores: Any) -> pd.DataFrame:
        return edge_table(pairs, scores, tissue.coords, graphs[0].a_k, tissue.types)

    mean = ranked(*consensus([(g.pairs, g.scores) for g in graphs], len(tissue.cells)))
    seeds = [ranked(g.pairs, g.scores).assign(seed=g.seed) for g in graphs]
    return Edges(mean, pd.concat(seeds, ignore_index=True)), f"{len(mean)} edges"


def without_structure(
    module: ModuleType | None,
    adata: Any,
    tissue: Tissue,
    graphs: Sequence[LearnedGraph],
    settings: Mapping[str, Any],
) -> tuple[Structureless, str]:
    """Graphs of the same seeds, trained on shuffled cells.

    Raises:
        NotApplicableError: the threshold needs no null, or see ``train_on_shuffled_cells``.
    """
    if settings["threshold_by"] != "null_quantile":
        raise NotApplicableError("threshold_by: null_quantile alone needs them")
    return train_on_shuffled_cells(module, adata, tissue.sections, graphs, settings["graph"])


def agreement_of_seeds(edges: Edges, tissue: Tissue) -> tuple[pd.DataFrame, str]:
    """How well the training seeds agree on the edges.

    Raises:
        NotApplicableError: there is one seed only.
    """
    table = between_seeds(edges.by_seed, tissue.coords, edges.without_structure)
    if table.empty:
        raise NotApplicableError("one training seed; at least 2 are needed")
    return table, f"mean Jaccard index {table['jaccard'].mean():.2f}"


def write_edges(folder: Path, tissue: Tissue, edges: Edges, settings: Mapping[str, Any]) -> None:
    """edges.parquet (of each seed), consensus.parquet and graph.h5ad (opens in scanpy, squidpy)."""
    from anndata import AnnData

    names = tissue.cells.astype(str)
    for table, file in ((edges.by_seed, "edges"), (edges.consensus, "consensus")):
        ends = {
            f"cell_{end}": pd.Categorical.from_codes(table[end], names)
            for end in ("source", "target")
        }
        table.assign(**ends).to_parquet(folder / f"{file}.parquet", index=False)
    mean, n = edges.consensus, len(names)
    graph = AnnData(obs=pd.DataFrame(index=names))
    graph.obsm["spatial"] = tissue.coords
    graph.obsp["interactions"] = as_graph(mean, n)
    if "above" in mean:
        graph.obsp["interactions_above"] = as_graph(mean[mean["above"]], n)
    if tissue.types is not None:
        graph.obs["celltype"] = tissue.types
    graph.uns["interactions"] = {
        name: settings[name] for name in ("graph", "threshold", "threshold_by")
    }
    write_h5ad(folder / "graph.h5ad", graph)


def between_types(above: pd.DataFrame, tissue: Tissue, shuffles: int) -> tuple[TypePairs, str]:
    """Pairs of cell types that the edges join more often than expected.

    Raises:
        NotApplicableError: there are no cell types, or only one.
    """
    if tissue.types is None:
        raise NotApplicableError("no cell types: the dataset has no obs['celltype']")
    found = type_pairs(above, tissue.types, tissue.coords, shuffles, sections=tissue.sections)
    table = found.table
    notes = [
        f"; too many pairs of cells within reach for the null {null}"
        for null in ("distance", "degree", "shifted")
        if table[f"p_{null}"].isna().all()
    ]
    if found.open_edges is not None:
        n_edges, n_open = table["observed"].sum(), found.open_edges
        notes.append(f"; the null degree leaves {n_open:.0f} of {n_edges} edges open")
    n = len(table)
    return found, f"{n} pairs of types{''.join(notes)}{resolution(n, shuffles)}"


def supported(above: pd.DataFrame, tissue: Tissue, shuffles: int) -> tuple[Support, str]:
    """Ligands and receptors across the edges, and a note on the test."""
    support = ligand_receptor_support(
        *(above, tissue.expression, tissue.var, tissue.organism, tissue.types),
        *(tissue.coords, tissue.sections),
        shuffles=shuffles,
    )
    note = support.coverage
    if tissue.types is None:
        note += "; no cell types: edges are rewired among all cells"
    return support, note + resolution(len(support.table), shuffles, "q_shifted")


def resolution(tests: int, shuffles: int, q: str = "q") -> str:
    """A note if the number of shuffles is too small for one pair to be significant."""
    best = tests / (1 + shuffles)
    if best <= 0.05:
        return ""
    return f"; with {shuffles} shuffles, {q} of a single pair cannot be below {min(best, 1):.2g}"


def attributed_genes(
    edges: Edges, graphs: Sequence[LearnedGraph], module: ModuleType | None, adata: Any
) -> tuple[tuple[pd.DataFrame, pd.DataFrame], str]:
    """The genes that the scores of the edges depend on, and checks of this result.

    Raises:
        NotApplicableError: the graph was made outside the pipeline.
    """
    if module is None:
        raise NotApplicableError(
            "the graph was made outside the pipeline, so its scores cannot be explained"
        )
    fits = {graph.seed: (graph.params, read_weights(graph.fit)) for graph in graphs}
    table = edges.consensus
    genes, checks = genes_behind_edges(module, adata, fits, table, table["above"].to_numpy())
    return (genes, checks), remark(checks)


def gene_set_table(
    genes: tuple[pd.DataFrame, pd.DataFrame], file: str, tissue: Tissue
) -> tuple[pd.DataFrame, str]:
    """Enrichment of the user's gene sets in the first genes of every ranking."""
    symbols = dict(zip(tissue.var.index.astype(str), panel_symbols(tissue.var), strict=True))
    table = enrichment(genes[0], read_gmt(file), symbols)
    return table, f"{int((table['q'] < 0.05).sum())} of {len(table)} tests with q below 0.05"
