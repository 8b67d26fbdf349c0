"""The figures of a tissue's interactions; each is drawn if its results are available."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stbench.common.errors import NotApplicableError
from stbench.common.io import read_csv
from stbench.figures.layout import umap_and_paga
from stbench.figures.positions import as_drawn
from stbench.interactions.analysis import Findings
from stbench.interactions.partial_results import Parts
from stbench.interactions.tissue import LearnedGraph, Tissue

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(
    parts: Parts, folder: Path, findings: Findings, *, title: str, y_down: bool = False
) -> None:
    """Draw into ``folder / "figures"``, genes from ``folder / "genes.csv"``. A figure whose results
    are missing is skipped, with the reason of the results.

    Args:
        title: of the method.
        y_down: the registry says that y grows downwards, as in images; a tissue may say so, too.
    """
    from stbench.figures.cell_graph import edge_map, type_pair_heatmap
    from stbench.figures.edge_support import gene_ranking, ligand_receptor_plot
    from stbench.figures.style import apply_style, save

    apply_style()
    tissue, graphs, above, pairs, support = findings
    where = f"{tissue.name}, {title}" if tissue is not None else title

    def add_figure(name: str, needs: str, draw_figure: Callable[[], Figure]) -> None:
        def save_figure() -> tuple[None, str]:
            save(draw_figure(), folder / "figures", name)
            return None, ""

        parts.make(f"figures/{name}", save_figure, needs)

    add_figure(
        "map",
        "above",
        lambda: edge_map(above, _places(tissue, y_down), f"{where}: {len(above)} edges"),
    )
    add_figure(
        "type_pairs",
        "type_pairs",
        lambda: type_pair_heatmap(pairs.table, f"{where}: edges between cell types"),
    )
    add_figure(
        "ligand_receptor",
        "ligand_receptor",
        lambda: ligand_receptor_plot(
            support.table, f"{where}: ligands and receptors across the edges", support.coverage
        ),
    )
    if "genes" in parts.status:
        add_figure(
            "genes",
            "genes",
            lambda: gene_ranking(
                read_csv(folder / "genes.csv"), f"{where}: genes that the edges depend on"
            ),
        )
    add_figure("embedding", "graphs", lambda: draw_embedding(tissue, graphs[0], where))


def _places(tissue: Tissue, y_down: bool) -> np.ndarray:
    """Positions of cells as all maps of the tissue have them."""
    facts = {"y_down": "true" if y_down or tissue.y_down else ""}
    several = pd.Categorical(tissue.sections) if tissue.sections.any() else None
    return as_drawn(tissue.coords, facts, several)


def draw_embedding(tissue: Tissue, graph: LearnedGraph, where: str) -> Figure:
    """UMAP and PAGA of one fit's embedding.

    Raises:
        NotApplicableError: the fit has no embedding, or the tissue has neither domains nor types.
    """
    from stbench.figures.embedding import embedding_figure

    named = {"true domains": tissue.domains, "cell types": tissue.types}
    groupings = [(n, g) for n, g in named.items() if g is not None and len(g.categories) > 1]
    if graph.embedding is None:
        raise NotApplicableError("the method provides no embedding")
    if not groupings:
        raise NotApplicableError(
            "neither domains nor cell types are known, so cells cannot be colored"
        )
    umap, connectivities = umap_and_paga(graph.embedding, groupings[0][1])
    title = f"{where}: embedding of seed {graph.seed}"
    return embedding_figure(umap, groupings, connectivities, title)
