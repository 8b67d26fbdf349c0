"""Are the genes behind the edges members of known gene sets more often than chance has it?

The sets come from a GMT file of the user's. The test is the hypergeometric one (Fisher's exact
test, one-sided), so scipy suffices. The background is the genes that the method reads: a gene that
was not measured, or not read, could not have been found.
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
            raise InputError(f"{path}: line {number}: the set {name!r} is there twice; rename one")
        sets[name] = genes
    if not sets:
        raise InputError(f"{path}: no gene sets; it is empty")
    return sets


def over_representation(
    ranked: Sequence[str], gene_sets: Mapping[str, Sequence[str]], top: int = TOP
) -> pd.DataFrame:
    """Gene sets among the first genes of a ranking.

    Args:
        ranked: symbols of all genes that the method reads, the most important first. Other case
            than in the sets is let pass where it is unambiguous.
        gene_sets: genes by name of the set.
        top: how many count as found.

    Returns:
        gene_set, on_panel (its genes that are ranked), found (of these among the first ``top``),
        expected, p (hypergeometric, at least as many), q (Benjamini and Hochberg over the sets that
        have a gene on the panel), genes (those found, by rank); by p, then in the file's order.

    Raises:
        NotApplicableError: less than twice ``top`` genes, or no set has any of them.
    """
    panel = len(ranked)
    if panel < 2 * top:
        raise NotApplicableError(f"{panel} genes are too few to tell the first {top} from the rest")
    rows = []
    for name, members in gene_sets.items():
        places = set(find_genes(members, ranked)[0].values())
        found = sorted(place for place in places if place < top)
        if places:
            rows.append(
                {
                    "gene_set": name,
                    "on_panel": len(places),
                    "found": len(found),
                    "expected": top * len(places) / panel,
                    "p": float(hypergeom.sf(len(found) - 1, panel, len(places), top)),
                    "genes": " ".join(ranked[place] for place in found),
                }
            )
    if not rows:
        raise NotApplicableError(
            f"none of the {len(gene_sets)} gene sets has a gene of the panel "
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
        top: how many genes of a ranking count as found.
    """
    tables = {
        name: over_representation([symbols[gene] for gene in mine["gene"]], gene_sets, top)
        for name, mine in genes.groupby("edge_set", sort=False)
    }
    return pd.concat(tables, names=["edge_set", None]).reset_index(level=0).reset_index(drop=True)
