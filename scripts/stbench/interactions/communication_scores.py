"""Tools for cell-cell communication and cell graphs at the levels that tools answer.

Which pair of ligand and receptor acts is asked twice: which cells take part, and between which
types of cells. A cell graph answers too if every edge is multiplied by the ligand of one end and
the receptor of the other, as its users do. Without positions there is one null: all pairs of cells,
equally weighted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp

from stbench.common.metric import Metric, by_name
from stbench.interactions.candidate_pairs import Candidates
from stbench.interactions.communication import (
    Communication,
    bandwidth,
    candidate_genes,
    from_links,
    membership,
)
from stbench.interactions.score_rows import OK, Cause, Scorer, row
from stbench.interactions.strata import permuted_within, within
from stbench.interactions.truth import Tissue

CELLS, TYPES = "cells", "types"


@dataclass(frozen=True)
class Contest:
    """The candidate pairs of genes of a tissue, and where the planted ones act.

    Attributes:
        pairs: k pairs of ligand and receptor.
        ligands, receptors: (n, k) log-normalized expression.
        types: (n,) names, None if not known.
        truth: by level, (m,) bool: which cells take part, for each pair of genes in turn; between
            which ordered pairs of types that are within reach of each other.
        strata: by metric, (m,).
        near: (t, t) bool, pairs of types that are within reach.
    """

    pairs: list[tuple[str, str]]
    ligands: np.ndarray
    receptors: np.ndarray
    types: np.ndarray | None
    truth: Mapping[str, np.ndarray]
    strata: Mapping[str, np.ndarray]
    near: np.ndarray

    def scores(self, found: Communication, level: str) -> np.ndarray | None:
        """The scores (m,) at a level, in the order of the truth; None: not answered."""
        if level == CELLS:
            return None if found.cells is None else found.cells.T.ravel()
        if found.types is None or self.types is None:
            return None
        return found.types[:, self.near].ravel()

    def of_graph(self, graph: sp.spmatrix) -> Communication:
        """Every edge of a symmetric graph times ligand at one end and receptor at the other."""
        edges = sp.csr_matrix(graph)
        links = [
            sp.diags(ligand) @ edges @ sp.diags(receptor)
            for ligand, receptor in zip(self.ligands.T, self.receptors.T, strict=True)
        ]
        return from_links(links, self.types)

    def without_positions(self) -> Communication:
        """The same for the complete graph."""
        ligand, receptor = self.ligands.mean(axis=0), self.receptors.mean(axis=0)
        cells = self.ligands * receptor + self.receptors * ligand
        if self.types is None:
            return Communication(cells)
        members = membership(self.types)
        sizes = np.asarray(members.sum(axis=0)).reshape(-1, 1)
        means = [
            np.asarray(members.T @ values) / sizes for values in (self.ligands, self.receptors)
        ]
        return Communication(cells, np.einsum("ak,bk->kab", *means))


def contest_of(tissue: Tissue, triples: Mapping[str, Any], candidates: Candidates) -> Contest:
    """The questions that a tissue with known triples asks.

    Args:
        tissue: with its interactions.
        triples: ``uns['true_triples']``.
        candidates: pairs of cells within reach.
    """
    pairs = candidate_genes(tissue.expression, tissue.genes, triples)
    number = {gene: place for place, gene in enumerate(tissue.genes)}
    columns = sp.csc_matrix(tissue.expression, dtype=np.float64)
    ligands, receptors = (
        columns[:, [number[pair[role]] for pair in pairs]].toarray() for role in (0, 1)
    )
    n_cells, k = ligands.shape
    of_pair = np.repeat(np.arange(k), n_cells)
    takes_part = _taking_part(tissue, triples, pairs)
    truth, strata = {CELLS: takes_part.T.ravel()}, {"cells_AUROC": of_pair}
    near = np.empty((0, 0), bool)
    if tissue.types is not None:
        members = membership(tissue.types)
        names, codes = np.unique(np.asarray(tissue.types, dtype=str), return_inverse=True)
        first, second = members[candidates.pairs[:, 0]], members[candidates.pairs[:, 1]]
        touching = (first.T @ second).toarray()
        typed = names != ""
        near = (touching + touching.T > 0) & typed[:, None] & typed
        acting = np.zeros((k, len(names), len(names)), bool)
        place = {name: code for code, name in enumerate(names)}
        for sender, receiver, genes in _triples(triples):
            acting[pairs.index(genes), place[sender], place[receiver]] = True
        truth[TYPES] = acting[:, near].ravel()
        strata["cells_AUROC_within_types"] = of_pair * len(names) + np.tile(codes, k)
        strata["types_AUROC"] = np.repeat(np.arange(k), int(near.sum()))
        strata["types_AUPRC"] = np.zeros(len(truth[TYPES]), int)
    return Contest(pairs, ligands, receptors, tissue.types, truth, strata, near)


def _triples(triples: Mapping[str, Any]) -> Iterator[tuple[str, str, tuple[str, str]]]:
    """Sender's type, receiver's type, and the pair of genes of every triple."""
    roles = ("sender_type", "receiver_type", "ligand", "receptor")
    for values in zip(*(triples[role] for role in roles), strict=True):
        sender, receiver, ligand, receptor = map(str, values)
        yield sender, receiver, (ligand, receptor)


def _taking_part(
    tissue: Tissue, triples: Mapping[str, Any], pairs: list[tuple[str, str]]
) -> np.ndarray:
    """Which cells send or receive in an interaction by each pair of genes, (n, k) bool.

    The genes of an interaction follow from the types of its cells; if two triples fit, by both.
    """
    takes_part = np.zeros((len(tissue.coords), len(pairs)), bool)
    one, other = sp.coo_matrix(tissue.interactions).coords
    types = None if tissue.types is None else np.asarray(tissue.types, dtype=str)
    for sender, receiver, genes in _triples(triples):
        acts = np.ones(len(one), bool)
        if types is not None:
            acts = (types[one] == sender) & (types[other] == receiver)
        takes_part[np.concatenate([one[acts], other[acts]]), pairs.index(genes)] = True
    return takes_part


def kernel(candidates: Candidates) -> np.ndarray:
    """Weights (m,) by distance alone: the Gaussian that the tools use as well."""
    width = bandwidth(float(candidates.distances.max()))
    return np.exp(-0.5 * np.square(candidates.distances / width)).astype(np.float64)


def graph_of(candidates: Candidates, weights: np.ndarray) -> sp.csr_matrix:
    """The symmetric graph with these weights of the candidates; negative ones count 0."""
    first, second = candidates.pairs.T
    shape = (candidates.n_cells, candidates.n_cells)
    half = sp.csr_matrix((np.maximum(weights, 0), (first, second)), shape)
    return half + half.T


def pair_scores(found: Communication, candidates: Candidates) -> np.ndarray | None:
    """Scores of pairs of cells, (m,): the sum over pairs of genes, in the larger direction."""
    if found.links is None:
        return None
    total = sp.csr_matrix(sum(found.links))
    first, second = candidates.pairs.T
    return np.maximum(
        np.asarray(total[first, second]).ravel(), np.asarray(total[second, first]).ravel()
    )


def level_rows(
    scorer: Scorer, contest: Contest | None, found: Communication | None, cause: Cause
) -> Iterator[dict]:
    """All metrics of one scorer at the levels of cells and types; ``cause``: why there are none."""
    for name, metric in LEVELS.items():
        yield row(scorer, name, *_measured(metric, contest, found, cause))


def _measured(
    metric: Metric, contest: Contest | None, found: Communication | None, cause: Cause
) -> tuple[float | None, Cause]:
    if contest is None or found is None:
        return None, cause
    level = metric.name.partition("_")[0]
    stratum = contest.strata.get(metric.name.removesuffix(PERMUTED))
    if stratum is None:
        return None, Cause("not_applicable", "the cell types are not known")
    scores = contest.scores(found, level)
    if scores is None:
        return None, Cause("not_applicable", f"it does not score {level}")
    try:
        return metric(contest.truth[level], scores, stratum), OK
    except ValueError as error:
        return None, Cause("not_applicable", str(error))


def _area(truth: np.ndarray, scores: np.ndarray, stratum: np.ndarray, *, area: str) -> float:
    return within(truth, scores, stratum)[area]


def _permuted(truth: np.ndarray, scores: np.ndarray, stratum: np.ndarray) -> float:
    return permuted_within(truth, scores, stratum, seed=0)


PERMUTED = "_permuted_truth"
_FAWCETT = "Fawcett, Pattern Recognition Letters 2006"
_DAVIS = "Davis and Goadrich, ICML 2006"
_ROC = partial(_area, area="AUROC")
# Arguments: which units take part, their scores and strata, all (m,).
LEVELS = by_name(
    Metric("cells_AUROC", "AUROC of cells, for each pair of genes", _ROC, _FAWCETT),
    Metric(
        "cells_AUROC_within_types",
        "AUROC of cells of one type, for each pair of genes",
        _ROC,
        _FAWCETT,
    ),
    Metric("types_AUROC", "AUROC of pairs of types, for each pair of genes", _ROC, _FAWCETT),
    Metric(
        "types_AUPRC",
        "AUPRC of pairs of types and of genes together",
        partial(_area, area="AUPRC"),
        _DAVIS,
    ),
    *(
        Metric(f"{name}{PERMUTED}", f"{label} against permuted truth", _permuted, _FAWCETT)
        for name, label in {
            "cells_AUROC_within_types": "AUROC of cells of one type",
            "types_AUROC": "AUROC of pairs of types",
        }.items()
    ),
)
