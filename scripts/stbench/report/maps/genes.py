"""The genes that color a map: the first markers of the domains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp

from stbench.common.errors import InputError, NotApplicableError
from stbench.common.h5ad import read_elements
from stbench.common.io import read_csv
from stbench.config.layout import Layout
from stbench.data.gene_symbols import panel_symbols
from stbench.interactions.tissue import read_tissue
from stbench.markers.domains import MAIN, TRUTH

MOST_GENES = 16


@dataclass(frozen=True)
class Gene:
    """Expression of a gene.

    Attributes:
        name: its symbol.
        domain: the domain that it marks.
        values: (n_cells,) log-normalized.
    """

    name: str
    domain: str
    values: np.ndarray


def marker_genes(
    layout: Layout,
    dataset: str,
    labels: np.ndarray | None,
    names: Sequence[str],
    *,
    has_markers: bool,
) -> list[Gene]:
    """At most ``MOST_GENES`` genes, first the first marker of each domain.

    They are those of the table of markers: of the true domains, else of the consensus or the
    recommended map. Without a table, the genes of ``separating_genes``. None if the dataset has
    components instead of genes.

    Args:
        layout: of the results.
        dataset: its id.
        labels: (n_cells,) the reference domains, -1 = none; None: there are none.
        names: of the reference domains.
        has_markers: whether the run has a table of markers; a file may be left of an earlier one.

    Raises:
        InputError: a file is not readable.
    """
    path = layout.preprocessed(dataset)
    if not path.is_file():
        return []
    facts = read_elements(layout.data(dataset), "uns/dataset").get("uns/dataset", {})
    if facts.get("kind") == "features":
        return []
    try:
        tissue = read_tissue(layout.data(dataset), path)
        symbols = list(panel_symbols(tissue.var))
    except NotApplicableError:  # not available, or genes without symbols
        return []
    table = layout.markers(dataset) / "markers.csv"
    if has_markers and table.is_file():
        true = [] if tissue.domains is None else map(str, tissue.domains.categories)
        readable = dict(zip(true, names, strict=False))
        found = genes_of_table(_read_markers(table))
        chosen = [(gene, readable.get(domain, domain)) for gene, domain in found]
    elif labels is not None:
        kept = read_elements(path, "var")["var"]["kept"].to_numpy(bool)
        pairs = separating_genes(tissue.expression, labels, kept)
        chosen = [(symbols[gene], names[domain]) for gene, domain in pairs]
    else:
        chosen = []
    place = {symbol: i for i, symbol in reversed(list(enumerate(symbols)))}
    return [
        Gene(name, domain, tissue.expression[:, place[name]].toarray()[:, 0])
        for name, domain in chosen
        if name in place
    ]


def _read_markers(path: Path) -> pd.DataFrame:
    try:
        return read_csv(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not readable ({error}); make it again") from error


def genes_of_table(markers: pd.DataFrame) -> list[tuple[str, str]]:
    """Symbols and domains of the first genes of a table of markers, each gene once."""
    for labels in (TRUTH, *MAIN):
        rows = markers[(markers["labels"] == labels) & markers["marker"].fillna(False).astype(bool)]
        if len(rows):
            rows = rows.sort_values("rank", kind="stable").drop_duplicates("gene")
            pairs = zip(rows["gene"], rows["domain"], strict=True)
            return list(pairs)[:MOST_GENES]
    return []


def separating_genes(
    expression: sp.csr_matrix, labels: np.ndarray, kept: np.ndarray
) -> list[tuple[int, int]]:
    """Columns of genes and the domain that each separates best, at most ``MOST_GENES``.

    The order is that of the differences between the mean in the domain and the mean of all cells,
    over the standard deviation of all: first the highest of each domain, then the second, ...

    Args:
        expression: (n_cells, n_genes) log-normalized.
        labels: (n_cells,) from 0, -1 = none.
        kept: (n_genes,) whether a gene passed the filters.
    """
    used = labels >= 0
    cells, codes = expression[used], labels[used]
    count = int(codes.max()) + 1
    inside = sp.csr_matrix((np.ones(len(codes)), (codes, np.arange(len(codes)))))
    means = (inside @ cells).toarray() / np.maximum(np.bincount(codes, minlength=count), 1)[:, None]
    overall = np.asarray(cells.mean(axis=0))[0]
    squares = np.asarray(cells.multiply(cells).mean(axis=0))[0]
    spread = np.sqrt(np.maximum(squares - overall**2, 0))
    usable = kept & (spread > 0)
    scores = np.where(usable, (means - overall) / np.where(usable, spread, 1), -np.inf)
    ranked = np.argsort(-scores, axis=1, kind="stable")
    chosen: dict[int, int] = {}
    for place in range(min(MOST_GENES, int(usable.sum()))):
        for domain in range(count):
            gene = int(ranked[domain, place])
            if scores[domain, gene] > 0:
                chosen.setdefault(gene, domain)
    return list(chosen.items())[:MOST_GENES]
