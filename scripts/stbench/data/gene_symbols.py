"""Genes of a panel by symbol, also if the panel writes them in another case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import pandas as pd

from stbench.common.errors import NotApplicableError

SYMBOL_COLUMNS = (
    "symbol", "symbols", "gene_symbol", "gene_symbols", "gene_name", "gene_names", "feature_name",
)  # fmt: skip
_ENSEMBL = r"ENS[A-Z]*G\d{6,}(\.\d+)?"
_MOSTLY = 0.5


def panel_symbols(var: pd.DataFrame) -> pd.Index:
    """Symbols of a panel's genes: its names or, if these are Ensembl ids, a column of ``var``.

    Raises:
        NotApplicableError: Ensembl ids and no column with symbols.
    """
    names = var.index.astype(str)
    if not len(names) or names.str.fullmatch(_ENSEMBL).mean() < _MOSTLY:
        return names
    for column in SYMBOL_COLUMNS:
        if column in var:
            return pd.Index(var[column].astype(str))
    raise NotApplicableError(
        f"genes are named by Ensembl ids ({names[0]}) and var has no column of symbols; "
        f"add one named {SYMBOL_COLUMNS[0]}"
    )


def find_genes(wanted: Iterable[str], panel: Sequence[str]) -> tuple[dict[str, int], int]:
    """Positions of genes in a panel.

    A gene that the panel lacks is searched for without regard to case. It matches if exactly one
    gene of the panel, which is not another requested gene, and exactly one requested gene have this
    name.

    Returns:
        Position by requested gene, for the genes found (the first of repeated names), and how many
        of them were found only without regard to case.
    """
    wanted = list(dict.fromkeys(wanted))
    exact = {name: i for i, name in reversed(list(enumerate(panel)))}
    matches = {gene: exact[gene] for gene in wanted if gene in exact}
    folded = Counter(name.lower() for name in exact if name not in matches)
    requested = Counter(gene.lower() for gene in wanted if gene not in matches)
    place = {name.lower(): i for name, i in exact.items() if name not in matches}
    other_case = {
        gene: place[gene.lower()]
        for gene in wanted
        if gene not in matches and folded[gene.lower()] == 1 == requested[gene.lower()]
    }
    return matches | other_case, len(other_case)
