"""Markers of domains: genes that are higher in the cells of one domain than in all others.

Wilcoxon's rank-sum test of scanpy (Wolf et al., Genome Biology 2018; the test as Soneson and
Robinson, Nature Methods 2018, recommend it), corrected for ties, since most counts are zero, and
by Benjamini and Hochberg over the genes of each domain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stbench.common.errors import NotApplicableError
from stbench.data.gene_symbols import find_genes

if TYPE_CHECKING:
    from anndata import AnnData

ALPHA, FOLD = 0.05, 0.5  # a marker has an adjusted p below, and a log2 fold change above
FEWEST_CELLS = 3  # of a domain that is tested
FEWEST_GENES = 3  # of a gene set that is scored
TOP = 50  # markers of a domain that are kept
SMALLEST_PANEL = 50  # genes; below, none are left over to compare a set with

STANDING = [
    "cells", "rank", "genes", "score", "log2_fold_change", "p", "p_adjusted", "expressed_in",
    "expressed_out", "marker",
]  # fmt: skip


@dataclass(frozen=True)
class Domains:
    """One way to divide a tissue.

    Attributes:
        id: ``truth``, or the id of the method that found it.
        title: what to call it.
        n_domains: how many were asked for.
        codes: (n_cells,) from 0, -1 = in no domain; empty where there are none.
        names: of the codes 0, 1, ...
        mostly: of each the true domain that most of its cells are of, with their share; "" where
            that is not known.
        note: a remark, or why there are no domains.
    """

    id: str
    title: str
    n_domains: int
    codes: np.ndarray
    names: Sequence[str]
    mostly: Sequence[str]
    note: str = ""

    @property
    def there(self) -> bool:
        return bool(len(self.codes))

    @property
    def sizes(self) -> dict[int, int]:
        """Cells by code, of the domains that have any."""
        codes, cells = np.unique(self.codes[self.codes >= 0], return_counts=True)
        return dict(zip(codes.tolist(), cells.tolist(), strict=True))


def rank_genes(expression: AnnData, codes: np.ndarray) -> dict[int, pd.DataFrame]:
    """Test every gene in every domain against all other cells that are in a domain.

    Args:
        expression: (n_cells, genes) log-normalised, natural logarithm; distinct gene names.
        codes: (n_cells,) domains from 0, -1 = left out.

    Returns:
        By code, the columns ``STANDING``, the gene as index, the highest score first (rank 1): the
        z-score, the log2 of the ratio of ``exp(mean) - 1`` as scanpy has it, both p, and the shares
        of cells in and out of the domain that express the gene. Domains with fewer than
        ``FEWEST_CELLS`` cells, or with no more cells outside, are not tested.
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
    with np.errstate(invalid="ignore"):  # of a gene that is the same everywhere: its score is 0
        sc.tl.rank_genes_groups(
            cells, "domain", groups=tested, method="wilcoxon", tie_correct=True, pts=True
        )
    found = {}
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
        found[int(name)] = ranked.rename_axis("gene")
    return found


def top_markers(domains: Domains, ranked: Mapping[int, pd.DataFrame]) -> pd.DataFrame:
    """The first ``TOP`` markers of every domain, most certain first."""
    empty = pd.DataFrame(columns=[*_where(domains, 0), "gene", *STANDING])
    tables = [
        table[table["marker"]].head(TOP).reset_index().assign(**_where(domains, code))
        for code, table in ranked.items()
    ]
    filled = [table for table in tables if len(table)]
    return pd.concat(filled)[list(empty)] if filled else empty


def standing(
    domains: Domains, ranked: Mapping[int, pd.DataFrame], genes: Mapping[str, tuple[str, str]]
) -> pd.DataFrame:
    """Where genes stand in every domain: rows without numbers say why in ``status``, ``reason``.

    Args:
        ranked: of ``rank_genes``.
        genes: for each gene that is asked for, the name under which it was tested and "", or ""
            and why it was not.
    """
    rows = []
    for gene, (name, why) in genes.items():
        if not domains.there:
            rows.append({**_where(domains), "gene": gene, **_missing(domains.note)})
        elif not name:
            rows.append({**_where(domains), "gene": gene, **_missing(why)})
        else:
            rows += [
                {**_where(domains, code), "gene": gene, "cells": size, **_row(ranked, code, name)}
                for code, size in domains.sizes.items()
            ]
    columns = [*_where(domains, 0), "gene", "status", "reason", *STANDING]
    whole = dict.fromkeys(("cells", "rank", "genes"), "Int64")
    return pd.DataFrame(rows).reindex(columns=columns).astype({**whole, "marker": "boolean"})


def _row(ranked: Mapping[int, pd.DataFrame], code: int, name: str) -> dict[str, Any]:
    if code not in ranked:
        return _missing(
            f"fewer than {FEWEST_CELLS} cells on one side: too few to be tested against the others"
        )
    return {"status": "ok", "reason": "", **ranked[code].loc[name].to_dict()}


def _missing(why: str) -> dict[str, str]:
    return {"status": "not_applicable", "reason": why}


def _where(domains: Domains, code: int | None = None) -> dict[str, Any]:
    """The columns that say which domain a row is of."""
    name, mostly = "", ""
    if code is not None and domains.there:
        name, mostly = domains.names[code], domains.mostly[code]
    return {
        "labels": domains.id,
        "n_domains": domains.n_domains,
        "domain": name,
        "mostly": mostly,
    }


def places_of_genes(
    wanted: Sequence[str], symbols: Sequence[str], kept: np.ndarray, filter_cell: int
) -> dict[str, int | str]:
    """For each gene its column, or why it is not tested.

    Args:
        symbols: of all genes of the dataset; other case is let pass where it is unambiguous.
        kept: (genes,) bool, those that preprocessing kept.
        filter_cell: in how many cells a kept gene is seen at least.
    """
    places, _ = find_genes(wanted, symbols)
    found: dict[str, int | str] = {}
    for gene in wanted:
        if gene not in places:
            found[gene] = f"not measured: not among the {len(symbols)} genes of this dataset"
        elif not kept[places[gene]]:
            found[gene] = f"measured, but seen in fewer than {filter_cell} cells: not tested"
        else:
            found[gene] = places[gene]
    return found


def cell_scores(
    expression: AnnData, symbols: Sequence[str], gene_sets: Mapping[str, Sequence[str]]
) -> dict[str, tuple[int, np.ndarray | str]]:
    """Score gene sets in every cell (scanpy's ``score_genes``: Satija et al. 2015).

    A score is the mean of the set's genes minus that of random genes of the same height.

    Args:
        expression: (n_cells, genes) log-normalised, distinct gene names.
        symbols: of its genes.
        gene_sets: genes by name of the set.

    Returns:
        By set, how many of its genes are there, and (n_cells,) scores or why there are none.

    Raises:
        NotApplicableError: there are fewer than ``SMALLEST_PANEL`` genes.
    """
    import scanpy as sc

    if expression.n_vars < SMALLEST_PANEL:
        raise NotApplicableError(
            f"{expression.n_vars} genes: gene sets need {SMALLEST_PANEL}, to be compared with"
        )
    found: dict[str, tuple[int, np.ndarray | str]] = {}
    for name, members in gene_sets.items():
        places = sorted(set(find_genes(members, symbols)[0].values()))
        outcome: np.ndarray | str
        if len(places) < FEWEST_GENES:
            outcome = f"{len(places)} of its {len(members)} genes are tested: fewer than three"
        else:
            try:
                sc.tl.score_genes(expression, expression.var_names[places], score_name="score")
                outcome = expression.obs.pop("score").to_numpy()
            except RuntimeError as error:  # the set takes all genes of its height
                outcome = str(error)
        found[name] = (len(places), outcome)
    return found


def set_means(domains: Domains, scores: Mapping[str, tuple[int, np.ndarray | str]]) -> pd.DataFrame:
    """Mean score of every gene set in and out of each domain; sets without scores say why."""
    rows: list[dict[str, Any]] = []
    for name, (measured, score) in scores.items():
        about = {"gene_set": name, "measured": measured}
        if not domains.there or isinstance(score, str):
            why = domains.note if not domains.there else str(score)
            rows.append({**_where(domains), **about, **_missing(why)})
            continue
        for code, cells in domains.sizes.items():
            inside, others = domains.codes == code, (domains.codes >= 0) & (domains.codes != code)
            rest = float(score[others].mean()) if others.any() else np.nan
            told = {"cells": cells, "mean": float(score[inside].mean()), "mean_others": rest}
            rows.append({**_where(domains, code), **about, "status": "ok", "reason": "", **told})
    columns = [*_where(domains, 0), "gene_set", "measured", "status", "reason"]
    return pd.DataFrame(rows).reindex(columns=[*columns, "cells", "mean", "mean_others"])
