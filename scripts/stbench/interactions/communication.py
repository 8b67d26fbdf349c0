"""What tools for cell-cell communication return, and the pairs of genes that they are asked about.

A tool answers at one or more levels: for every pair of ligand and receptor it scores cells, ordered
pairs of cell types, or ordered pairs of cells. Pairs of cells can be summarized by cells and by
types.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from stbench.common.errors import InputError, NotApplicableError

Pairs = Sequence[tuple[str, str]]
TITLES = {"commot": "COMMOT", "laris": "LARIS", "liana": "LIANA+", "spatialdm": "SpatialDM"}
RECORD = "communication"  # in uns: status and reason
DECOYS = 3  # for each planted pair
KERNEL_AT_DISTANCE = 0.1  # of tools that weight neighbors by a Gaussian


@dataclass(frozen=True)
class Communication:
    """The scores of k pairs of ligand and receptor; None: the tool does not answer at that level.

    Attributes:
        cells: (n, k), how much a cell takes part.
        types: (k, t, t), from the first type to the second, both in alphabetical order.
        links: k sparse (n, n), from the row to the column.
    """

    cells: np.ndarray | None = None
    types: np.ndarray | None = None
    links: Sequence[sp.csr_matrix] | None = None


def bandwidth(distance: float) -> float:
    """Standard deviation of the Gaussian that falls to ``KERNEL_AT_DISTANCE`` at a distance."""
    return distance / math.sqrt(-2 * math.log(KERNEL_AT_DISTANCE))


def membership(types: Any) -> sp.csr_matrix:
    """The type of every cell, (n, t), one 1 in each row; types in alphabetical order."""
    names, codes = np.unique(np.asarray(types, dtype=str), return_inverse=True)
    ones = np.ones(len(codes))
    return sp.csr_matrix((ones, (np.arange(len(codes)), codes)), (len(codes), len(names)))


def from_links(links: Sequence[Any], types: Any | None) -> Communication:
    """All levels of scores of pairs of cells.

    The score of a cell is the sum of what it sends and receives; that of two types the mean over
    all ordered pairs of their cells.

    Args:
        links: k sparse (n, n).
        types: (n,) names, or None.
    """
    links = [sp.csr_matrix(link) for link in links]
    sums = [np.asarray(link.sum(axis=0) + link.sum(axis=1).T).ravel() for link in links]
    if types is None:
        return Communication(np.column_stack(sums), None, links)
    members = membership(types)
    sizes = np.asarray(members.sum(axis=0)).ravel()
    means = [(members.T @ link @ members).toarray() / np.outer(sizes, sizes) for link in links]
    return Communication(np.column_stack(sums), np.array(means), links)


def candidate_genes(
    expression: sp.spmatrix, genes: np.ndarray, triples: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """The planted pairs of ligand and receptor among decoys, as a resource would list them.

    Decoys are pairs of genes that no triple uses, from the more highly expressed half of the panel
    like the planted ones. There are ``DECOYS`` for each planted pair, or as many as there are
    genes for; they are the same at every call.

    Args:
        expression: (n, g) log-normalized.
        genes: (g,) names.
        triples: ``uns['true_triples']``.
    """
    planted = list(dict.fromkeys(zip(triples["ligand"], triples["receptor"], strict=True)))
    used = {*map(str, np.ravel(triples["targets"])), *(gene for pair in planted for gene in pair)}
    means = np.asarray(expression.mean(axis=0)).ravel()
    high = genes[np.argsort(-means, kind="stable")[: len(genes) // 2]]
    free = np.random.default_rng(0).permutation([gene for gene in high if gene not in used])
    n_decoys = min(DECOYS * len(planted), len(free) // 2)
    decoys = list(zip(free[:n_decoys], free[n_decoys : 2 * n_decoys], strict=True))
    return [(str(ligand), str(receptor)) for ligand, receptor in [*planted, *decoys]]


def write_communication(
    path: Path, found: Communication, pairs: Pairs, cells: Iterable[str]
) -> None:
    """Write the scores as AnnData: cells in the rows, pairs of genes in the columns.

    Raises:
        InputError: a score is not a number.
    """
    import pandas as pd
    from anndata import AnnData

    from stbench.common.io import write_h5ad

    parts = [found.cells, found.types, *(link.data for link in found.links or [])]
    if not all(np.isfinite(part).all() for part in parts if part is not None):
        raise InputError("the tool gives scores that are not finite, so they cannot be ranked")
    names = [f"{ligand}^{receptor}" for ligand, receptor in pairs]
    adata = AnnData(
        X=found.cells,
        obs=pd.DataFrame(index=list(cells)),
        var=pd.DataFrame(pairs, columns=["ligand", "receptor"], index=names),
        uns={RECORD: {"status": "ok", "reason": ""}},
    )
    if found.types is not None:
        adata.uns["types"] = found.types
    if found.links is not None:
        adata.obsp = dict(zip(map(_without_slash, names), found.links, strict=True))
    write_h5ad(path, adata)


def _without_slash(name: str) -> str:
    """A slash in the name of a gene would be a folder in the file."""
    return name.replace("/", "%2F")


def write_no_communication(path: Path, status: str, reason: str) -> None:
    """Write why a tool has no scores."""
    from anndata import AnnData

    from stbench.common.io import write_h5ad

    write_h5ad(path, AnnData(uns={RECORD: {"status": status, "reason": reason}}))


def read_communication(path: Path, pairs: Pairs) -> Communication:
    """Read the scores of a tool for these pairs.

    Raises:
        NotApplicableError: the tool does not apply to the tissue; the message is the reason.
        InputError: the tool failed, or the file is about other pairs.
    """
    from stbench.common.io import read_h5ad

    adata = read_h5ad(path)
    record = adata.uns[RECORD]
    if record["status"] != "ok":
        error = NotApplicableError if record["status"] == "not_applicable" else InputError
        raise error(record["reason"])
    if list(zip(adata.var["ligand"], adata.var["receptor"], strict=True)) != list(pairs):
        raise InputError(f"{path}: its pairs of genes are not those of the dataset; remove it")
    names = [name for name in map(_without_slash, adata.var_names) if name in adata.obsp]
    links = [sp.csr_matrix(adata.obsp[name]) for name in names]
    return Communication(adata.X, adata.uns.get("types"), links or None)
