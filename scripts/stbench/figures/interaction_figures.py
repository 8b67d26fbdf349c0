"""The pictures of a tissue's interactions, each where what it shows could be made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from stbench.common.errors import NotApplicableError
from stbench.figures.layout import umap_and_paga
from stbench.interactions.analysis import Findings
from stbench.interactions.partial_results import Parts
from stbench.interactions.tissue import LearnedGraph, Tissue

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(parts: Parts, folder: Path, found: Findings, *, title: str) -> None:
    """Draw into ``folder / "figures"``; genes from its genes.csv. The picture of what could not be
    made is left out for the same reason."""
    from stbench.figures.cell_graph import edge_map, type_pair_heatmap
    from stbench.figures.edge_support import gene_ranking, ligand_receptor_plot
    from stbench.figures.style import apply_style, save

    apply_style()
    tissue, graphs, above, pairs, support = found
    where = f"{tissue.name}, {title}" if tissue is not None else title

    def picture(name: str, needs: str, make: Callable[[], Figure]) -> None:
        def drawn() -> tuple[None, str]:
            save(make(), folder / "figures", name)
            return None, ""

        parts.make(f"figures/{name}", drawn, needs)

    picture(
        "map",
        "above",
        lambda: edge_map(above, tissue.coords, f"{where}: {len(above)} edges"),
    )
    picture(
        "type_pairs",
        "type_pairs",
        lambda: type_pair_heatmap(pairs, f"{where}: edges between cell types"),
    )
    picture(
        "ligand_receptor",
        "ligand_receptor",
        lambda: ligand_receptor_plot(
            support.table, f"{where}: ligands and receptors on the edges", support.coverage
        ),
    )
    if "genes" in parts.status:
        picture(
            "genes",
            "genes",
            lambda: gene_ranking(
                pd.read_csv(folder / "genes.csv"), f"{where}: genes behind the edges"
            ),
        )
    picture("embedding", "graphs", lambda: embedding_picture(tissue, graphs[0], where))


def embedding_picture(tissue: Tissue, graph: LearnedGraph, where: str) -> Figure:
    """UMAP and PAGA of one fit's embedding.

    Raises:
        NotApplicableError: the fit has no embedding, or the tissue neither domains nor types.
    """
    from stbench.figures.embedding import embedding_figure

    named = {"true domains": tissue.domains, "cell types": tissue.types}
    groupings = [(n, g) for n, g in named.items() if g is not None and len(g.categories) > 1]
    if graph.embedding is None:
        raise NotApplicableError("the method gives no embedding")
    if not groupings:
        raise NotApplicableError("neither domains nor cell types are known, to colour cells by")
    umap, connectivities = umap_and_paga(graph.embedding, groupings[0][1])
    title = f"{where}: embedding of seed {graph.seed}"
    return embedding_figure(umap, groupings, connectivities, title)
