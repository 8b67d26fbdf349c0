"""Enrichment of known gene sets among the genes behind the edges.

The sets are from a GMT file of the user. The test is hypergeometric (one-sided Fisher's exact
test). The background is the genes that the method reads, because other genes cannot be in the
ranking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from scipy.stats import false_discovery_control, hypergeom

from stbench.common.errors import InputError, NotApplicableError
from stbench.data.gene_symbols import find_genes

TOP = 20


def read_gmt(path: str | Path) -> dict[str, list[str]]:
    """Gene sets by name, in the order of the file; repeated genes once.

    A line is: name, description, genes, separated by tabs (Broad Institute's GMT).

    Raises:
        InputError: missing, not text, empty, a line without tabs or genes, a name used twice.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; give a GMT file as gene_sets") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text file; give an uncompressed GMT file") from error
    if "\0" in text:
        raise InputError(f"{path}: not a text file; give an uncompressed GMT file")
    sets: dict[str, list[str]] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if not line.strip():
            continue
        fields = [field.strip() for field in line.split("\t")]
        name, genes = fields[0], list(dict.fromkeys(filter(None, fields[2:])))
        if not name or not genes:
            raise InputError(
                f"{path}: line {number}: no gene set; a line is: name, description, genes, "
                "separated by tabs"
            )
        if name in sets:
            raise InputError(f"{path}: line {number}: the set {name!r} occurs twice; rename one")
        sets[name] = genes
    if not sets:
        raise InputError(f"{path}: no gene sets; it is empty")
    return sets


def over_representation(
    ranked: Sequence[str], gene_sets: Mapping[str, Sequence[str]], top: int = TOP
) -> pd.DataFrame:
    """Gene sets among the first genes of a ranking.

    Args:
        ranked: symbols of all genes that the method reads, the most important first. Case is
            ignored if that is unambiguous.
        gene_sets: genes by name of the set.
        top: number of first genes.

    Returns:
        gene_set, on_panel (its genes that are ranked), found (of these among the first ``top``),
        expected, p (hypergeometric, at least as many), q (Benjamini and Hochberg over the sets that
        have a gene on the panel), genes (those found, by rank); by p, then in the file's order.

    Raises:
        NotApplicableError: less than twice ``top`` genes, or no set has any of them.
    """
    panel = len(ranked)
    if panel < 2 * top:
        raise NotApplicableError(
            f"{panel} genes are too few to compare the first {top} with the rest"
        )
    rows = []
    for name, members in gene_sets.items():
        places = set(find_genes(members, ranked)[0].values())
        top_places = sorted(place for place in places if place < top)
        if places:
            rows.append(
                {
                    "gene_set": name,
                    "on_panel": len(places),
                    "found": len(top_places),
                    "expected": top * len(places) / panel,
                    "p": float(hypergeom.sf(len(top_places) - 1, panel, len(places), top)),
                    "genes": " ".join(ranked[place] for place in top_places),
                }
            )
    if not rows:
        raise NotApplicableError(
            f"none of the {len(gene_sets)} gene sets contains a gene of the panel "
            f"({', '.join(ranked[:3])}, ...)"
        )
    table = pd.DataFrame(rows)
    table.insert(5, "q", false_discovery_control(table["p"].clip(upper=1.0)))
    return table.sort_values("p", kind="stable", ignore_index=True)


def enrichment(
    genes: pd.DataFrame,
    gene_sets: Mapping[str, Sequence[str]],
    symbols: Mapping[str, str],
    top: int = TOP,
) -> pd.DataFrame:
    """``over_representation`` for every set of edges, which the column ``edge_set`` names.

    Args:
        genes: as of ``stbench.interactions.attribution.ranked_genes``.
        gene_sets: genes by name of the set.
        symbols: symbol of every gene.
        top: number of first genes of a ranking.
    """
    tables = {
        name: over_representation([symbols[gene] for gene in group["gene"]], gene_sets, top)
        for name, group in genes.groupby("edge_set", sort=False)
    }
    return pd.concat(tables, names=["edge_set", None]).reset_index(level=0).reset_index(drop=True)
