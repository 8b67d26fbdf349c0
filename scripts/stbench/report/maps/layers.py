"""The maps of one tissue: true domains, consensus, every method, and genes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from stbench.clustering.label_file import open_labels
from stbench.common.constants import Clusterer
from stbench.common.errors import NotApplicableError
from stbench.config.layout import Layout
from stbench.figures.per_dataset import Tissue
from stbench.maps.cells_file import CellsFile
from stbench.maps.comparison import CONSENSUS
from stbench.maps.consensus import consensus_of_methods
from stbench.maps.method_maps import read_maps
from stbench.markers.domains import final_labels
from stbench.report.maps.genes import marker_genes
from stbench.scoring.matching import match_labels
from stbench.scoring.metrics import ari

REFERENCES, METHODS, CONTROLS, GENES = "Truth and consensus", "Methods", "Controls", "Genes"
# A consensus that is in no file is made for the page; its time grows with the square of the cells.
MOST_CELLS = 5_000
_MAPS_OF_METHOD = {"": "last epoch", "_selected": "selected epoch", "_consensus": "all seeds"}


@dataclass(frozen=True)
class Layer:
    """One map.

    Attributes:
        group: the kind of map, one of those above.
        title, note: what it shows, and its score.
        labels: (n_cells,) domains from 0, -1 = none; those of the reference where they match.
        amounts: (n_cells,) from 0 on, in place of labels.
        highest: the amount with the strongest color; None: by the data.
        method: id of the method; empty for other maps.
    """

    group: str
    title: str
    note: str
    labels: np.ndarray | None = None
    amounts: np.ndarray | None = None
    highest: float | None = None
    method: str = ""


@dataclass(frozen=True)
class TissueMaps:
    """All maps of one tissue.

    Attributes:
        tissue: positions and truth.
        n_domains: the number of domains that methods were asked for.
        names: of domains 0, 1, ... of the maps.
        layers: in the order of the page.
    """

    tissue: Tissue
    n_domains: int
    names: list[str]
    layers: list[Layer]


def maps_of_tissue(
    tissue: Tissue,
    results: pd.DataFrame,
    titles: Mapping[str, str],
    rank_by: Clusterer,
    layout: Layout,
    cells: CellsFile | None,
    *,
    has_markers: bool = False,
    recommended: int | None = None,
) -> TissueMaps:
    """All maps of a tissue that is available; a method without labels has none.

    With a truth, a method shows the labels of its last epoch as the gallery does: those of the
    training seed and of the clustering with the median ARI. Without a truth, it shows its maps in
    the file of cells.

    Args:
        tissue: the dataset.
        results: of ``stbench.results.assembly``.
        titles: of the methods, by id, in order.
        rank_by: id of the clusterer that ranks.
        layout: where labels, expression and markers are.
        cells: the file of cells of an own section.
        has_markers: whether the run has a table of markers of the tissue.
        recommended: number of domains, of several; None: the largest.

    Raises:
        InputError: a file is not readable.
    """
    rows = results[(results["dataset"] == tissue.name) & (results["clusterer"] == rank_by)]
    of_file = cells if tissue.truth is None else None
    k = of_file.n_domains if of_file else int(recommended or rows["n_domains"].max())
    rows = rows[rows["n_domains"] == k]
    files = {method: layout.labels(tissue.name, method) for method in titles}
    files = {m: path for m, path in files.items() if m in set(rows["method"]) and path.is_file()}
    consensus, note = _consensus(tissue, rows, rank_by, files, cells, k)
    reference = consensus if tissue.truth is None else tissue.truth
    layers = list(_references(tissue, consensus, note, cells))
    if of_file:
        layers += _of_cells_file(of_file, titles, consensus)
    else:
        layers += _of_label_files(tissue, rows, titles, files, reference)
    controls = set(rows.loc[rows["control"], "method"])
    layers.sort(key=lambda layer: layer.method in controls)
    layers = [_as_control(one) if one.method in controls else one for one in layers]
    names = _domain_names(tissue, layers)
    layers += [
        Layer(GENES, gene.name, f"marker of {gene.domain}", amounts=gene.values)
        for gene in marker_genes(layout, tissue.name, reference, names, has_markers=has_markers)
    ]
    return TissueMaps(tissue, k, names, layers)


def _consensus(
    tissue: Tissue,
    rows: pd.DataFrame,
    rank_by: Clusterer,
    files: Mapping[str, Path],
    cells: CellsFile | None,
    k: int,
) -> tuple[np.ndarray | None, str]:
    """The consensus of the ranked methods (n_cells,) or None, and what it is made of."""
    if cells:
        return cells.columns.get(CONSENSUS), f"{cells.note}, {cells.n_domains} domains"
    voters = set(rows.loc[rows["ranked"], "method"]) & set(files)
    if len(tissue.coords) > MOST_CELLS:
        return None, ""
    maps = [read_maps(files[m], k, rank_by, trains=False) for m in files if m in voters]
    try:
        consensus = consensus_of_methods(maps, k)
    except NotApplicableError:
        return None, ""
    return consensus.labels, consensus.note


def _references(
    tissue: Tissue, consensus: np.ndarray | None, note: str, cells: CellsFile | None
) -> Iterator[Layer]:
    truth = tissue.truth
    if truth is not None:
        yield Layer(REFERENCES, "Truth", f"{len(tissue.domains)} domains", labels=truth)
    if consensus is not None:
        if truth is not None:
            consensus = match_labels(truth, consensus)
            note = f"ARI {_ari(truth, consensus)}, {note}"
        yield Layer(REFERENCES, "Consensus", note, labels=consensus)
    if cells and cells.disagreement is not None:
        note = "share of the methods that put a cell into another domain"
        yield Layer(REFERENCES, "Disagreement", note, amounts=cells.disagreement, highest=1.0)


def _of_cells_file(
    cells: CellsFile, titles: Mapping[str, str], consensus: np.ndarray | None
) -> Iterator[Layer]:
    for method, title in titles.items():
        for ending, words in _MAPS_OF_METHOD.items():
            labels = cells.columns.get(method + ending)
            if labels is not None:
                note, name = words, f"{title}, {words}" if ending else title
                if consensus is not None:
                    note += f", ARI {_ari(consensus, labels)} with the consensus"
                yield Layer(METHODS, name, note, labels=labels, method=method)


def _of_label_files(
    tissue: Tissue,
    rows: pd.DataFrame,
    titles: Mapping[str, str],
    files: Mapping[str, Path],
    reference: np.ndarray | None,
) -> Iterator[Layer]:
    for method, path in files.items():
        with open_labels(path) as reader:
            try:
                labels, note = final_labels(rows[rows["method"] == method], tissue.truth, reader)
            except NotApplicableError:
                continue
        if reference is None:
            reference = labels  # so that a domain has one color in all maps
        labels = match_labels(reference, labels)
        yield Layer(METHODS, titles[method], f"last epoch, {note}", labels=labels, method=method)


def _ari(reference: np.ndarray, labels: np.ndarray) -> str:
    known = (reference >= 0) & (labels >= 0)
    return f"{ari(reference[known], labels[known]) + 0:.2f}"


def _as_control(layer: Layer) -> Layer:
    return Layer(CONTROLS, layer.title, layer.note, labels=layer.labels, method=layer.method)


def _domain_names(tissue: Tissue, layers: list[Layer]) -> list[str]:
    """Names of the true domains, then numbers; without a truth, numbers from 1."""
    largest = [int(layer.labels.max()) for layer in layers if layer.labels is not None]
    further = range(len(tissue.domains) + 1, max(largest, default=-1) + 2)
    word = "unmatched " if tissue.domains else ""
    return [*tissue.domains, *(f"{word}{number}" for number in further)]
