"""Markers of domains: genes with higher expression in one domain than in all other domains.

The test is Wilcoxon's rank-sum test of scanpy (Wolf et al., Genome Biology 2018; recommended by
Soneson and Robinson, Nature Methods 2018). It is corrected for ties, because most counts are zero,
and p values are adjusted by Benjamini and Hochberg over the genes of each domain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stbench.data.gene_symbols import find_genes

if TYPE_CHECKING:
    from anndata import AnnData

ALPHA, FOLD = 0.05, 0.5  # of a marker: largest adjusted p, smallest log2 fold change
FEWEST_CELLS = 3  # of a domain that is tested
FEWEST_GENES = 3  # of a gene set that is scored
TOP = 50  # markers of a domain that are kept
SMALLEST_PANEL = 50  # genes; fewer leave no genes to compare a set with

STATISTICS = [
    "cells", "rank", "genes", "score", "log2_fold_change", "p", "p_adjusted", "expressed_in",
    "expressed_out", "marker",
]  # fmt: skip


@dataclass(frozen=True)
class Domains:
    """One division of a tissue into domains.

    Attributes:
        id: ``truth``, or the id of the method.
        title: display name.
        n_domains: requested number of domains.
        codes: (n_cells,) from 0, -1 = in no domain; empty if there are none.
        names: of the codes 0, 1, ...
        mostly: for each domain, the most frequent true domain of its cells with its share; "" if
            not known.
        note: a note, or why there are no domains.
    """

    id: str
    title: str
    n_domains: int
    codes: np.ndarray
    names: Sequence[str]
    mostly: Sequence[str]
    note: str = ""

    @property
    def available(self) -> bool:
        return bool(len(self.codes))

    @property
    def sizes(self) -> dict[int, int]:
        """Cells by code, of the domains that have any."""
        codes, cells = np.unique(self.codes[self.codes >= 0], return_counts=True)
        return dict(zip(codes.tolist(), cells.tolist(), strict=True))


def rank_genes(expression: AnnData, codes: np.ndarray) -> dict[int, pd.DataFrame]:
    """Compare every gene in every domain with all other cells that are in a domain.

    Args:
        expression: (n_cells, genes) log-normalized, natural logarithm; distinct gene names.
        codes: (n_cells,) domains from 0, -1 = excluded.

    Returns:
        By code, the columns ``STATISTICS``, the gene as index, the highest score first (rank 1):
        z-score, the log2 of the ratio of ``exp(mean) - 1`` as in scanpy, both p, and the shares of
        cells in and out of the domain that express the gene. Domains with fewer than
        ``FEWEST_CELLS`` cells inside or outside are not tested.
    """
    import scanpy as sc

    inside = codes >= 0
    cells = expression[inside].copy()
    names = pd.Series(codes[inside]).astype(str)
    cells.obs["domain"] = pd.Categorical(names.to_numpy())
    sizes = names.value_counts()
    tested = [n for n in sizes.index if FEWEST_CELLS <= sizes[n] <= len(names) - FEWEST_CELLS]
    if not tested:
        return {}
    with np.errstate(invalid="ignore"):  # of a constant gene: its score is 0
        sc.tl.rank_genes_groups(
            cells, "domain", groups=tested, method="wilcoxon", tie_correct=True, pts=True
        )
    by_domain = {}
    for name in sorted(tested, key=int):
        table = sc.get.rank_genes_groups_df(cells, name).set_index("names")
        ranked = pd.DataFrame(
            {
                "cells": int(sizes[name]),
                "rank": np.arange(1, len(table) + 1),
                "genes": len(table),
                "score": table["scores"],
                "log2_fold_change": table["logfoldchanges"],
                "p": table["pvals"],
                "p_adjusted": table["pvals_adj"],
                "expressed_in": table["pct_nz_group"],
                "expressed_out": table["pct_nz_reference"],
            }
        )
        ranked["marker"] = (ranked["p_adjusted"] < ALPHA) & (ranked["log2_fold_change"] > FOLD)
        by_domain[int(name)] = ranked.rename_axis("gene")
    return by_domain


def expression_by_domain(
    expression: AnnData, codes: np.ndarray, genes: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean of genes in every domain, and the share of its cells that express them.

    Args:
        expression: (n_cells, genes), sparse.
        codes: (n_cells,) domains from 0, -1 = excluded.
        genes: names in ``expression``, (m,).

    Returns:
        (n_domains, m) each; 0 for a domain without cells.
    """
    values = expression[:, list(genes)].X.toarray()
    inside = (codes == np.arange(codes.max() + 1)[:, None]).astype(float)
    sizes = np.maximum(inside.sum(axis=1, keepdims=True), 1)
    return inside @ values / sizes, inside @ (values > 0) / sizes


def top_markers(domains: Domains, ranked: Mapping[int, pd.DataFrame]) -> pd.DataFrame:
    """The first ``TOP`` markers of every domain, the highest score first."""
    empty = pd.DataFrame(columns=[*_where(domains, 0), "gene", *STATISTICS])
    tables = [
        table[table["marker"]].head(TOP).reset_index().assign(**_where(domains, code))
        for code, table in ranked.items()
    ]
    filled = [table for table in tables if len(table)]
    return pd.concat(filled)[list(empty)] if filled else empty


def gene_statistics(
    domains: Domains, ranked: Mapping[int, pd.DataFrame], genes: Mapping[str, tuple[str, str]]
) -> pd.DataFrame:
    """Statistics of genes in every domain; rows without numbers have ``status`` and ``reason``.

    Args:
        ranked: of ``rank_genes``.
        genes: for each requested gene, its name in the test and "", or "" and why it was not
            tested.
    """
    rows = []
    for gene, (name, reason) in genes.items():
        if not domains.available:
            rows.append({**_where(domains), "gene": gene, **_missing(domains.note)})
        elif not name:
            rows.append({**_where(domains), "gene": gene, **_missing(reason)})
        else:
            rows += [
                {**_where(domains, code), "gene": gene, "cells": size, **_row(ranked, code, name)}
                for code, size in domains.sizes.items()
            ]
    columns = [*_where(domains, 0), "gene", "status", "reason", *STATISTICS]
    whole = dict.fromkeys(("cells", "rank", "genes"), "Int64")
    return pd.DataFrame(rows).reindex(columns=columns).astype({**whole, "marker": "boolean"})


def _row(ranked: Mapping[int, pd.DataFrame], code: int, name: str) -> dict[str, Any]:
    if code not in ranked:
        return _missing(
            f"fewer than {FEWEST_CELLS} cells inside or outside the domain, too few for a test"
        )
    return {"status": "ok", "reason": "", **ranked[code].loc[name].to_dict()}


def _missing(reason: str) -> dict[str, str]:
    return {"status": "not_applicable", "reason": reason}


def _where(domains: Domains, code: int | None = None) -> dict[str, Any]:
    """The columns that identify the domain of a row."""
    name, mostly = "", ""
    if code is not None and domains.available:
        name, mostly = domains.names[code], domains.mostly[code]
    return {
        "labels": domains.id,
        "n_domains": domains.n_domains,
        "domain": name,
        "mostly": mostly,
    }


def columns_of_genes(
    wanted: Sequence[str], symbols: Sequence[str], kept: np.ndarray, filter_cell: int
) -> dict[str, int | str]:
    """For each gene, its column or the reason why it is not tested.

    Args:
        symbols: of all genes of the dataset; case is ignored if that is unambiguous.
        kept: (genes,) bool, the genes that preprocessing kept.
        filter_cell: smallest number of cells that express a kept gene.
    """
    places, _ = find_genes(wanted, symbols)
    by_gene: dict[str, int | str] = {}
    for gene in wanted:
        if gene not in places:
            by_gene[gene] = f"not measured: not one of the {len(symbols)} genes of this dataset"
        elif not kept[places[gene]]:
            by_gene[gene] = f"measured, but not tested: detected in fewer than {filter_cell} cells"
        else:
            by_gene[gene] = places[gene]
    return by_gene


def cell_scores(
    expression: AnnData, symbols: Sequence[str], gene_sets: Mapping[str, Sequence[str]]
) -> dict[str, tuple[int, np.ndarray | str]]:
    """Score gene sets in every cell (scanpy's ``score_genes``: Satija et al. 2015).

    A score is the mean of the set's genes minus that of random genes with similar expression.

    Args:
        expression: (n_cells, genes) log-normalized, distinct gene names.
        symbols: of its genes.
        gene_sets: genes by name of the set.

    Returns:
        By set, the number of its genes in the dataset, and (n_cells,) scores or the reason why
        they are missing.
    """
    import scanpy as sc

    by_set: dict[str, tuple[int, np.ndarray | str]] = {}
    for name, members in gene_sets.items():
        places = sorted(set(find_genes(members, symbols)[0].values()))
        outcome: np.ndarray | str
        if expression.n_vars < SMALLEST_PANEL:
            outcome = f"{expression.n_vars} genes: at least {SMALLEST_PANEL} are required"
        elif len(places) < FEWEST_GENES:
            outcome = f"{len(places)} of its {len(members)} genes are tested, fewer than three"
        else:
            try:
                sc.tl.score_genes(expression, expression.var_names[places], score_name="score")
                outcome = expression.obs.pop("score").to_numpy()
            except RuntimeError as error:  # no other genes have similar expression
                outcome = str(error)
        by_set[name] = (len(places), outcome)
    return by_set


def set_means(domains: Domains, scores: Mapping[str, tuple[int, np.ndarray | str]]) -> pd.DataFrame:
    """Mean score of every gene set in and out of each domain, or the reason why it is missing."""
    rows: list[dict[str, Any]] = []
    for name, (measured, score) in scores.items():
        about = {"gene_set": name, "measured": measured}
        if not domains.available or isinstance(score, str):
            reason = domains.note if not domains.available else str(score)
            rows.append({**_where(domains), **about, **_missing(reason)})
            continue
        for code, cells in domains.sizes.items():
            inside, others = domains.codes == code, (domains.codes >= 0) & (domains.codes != code)
            rest = float(score[others].mean()) if others.any() else np.nan
            means = {"cells": cells, "mean": float(score[inside].mean()), "mean_others": rest}
            rows.append({**_where(domains, code), **about, "status": "ok", "reason": "", **means})
    columns = [*_where(domains, 0), "gene_set", "measured", "status", "reason"]
    return pd.DataFrame(rows).reindex(columns=[*columns, "cells", "mean", "mean_others"])
