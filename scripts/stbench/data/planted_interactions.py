"""Interactions planted into a simulated tissue: ligand, receptor and targets whose truth is known.

A triple acts from cells of one type (senders) on cells of one type (receivers), which may be the
same. Half of its senders are on, by chance: they express the ligand more. A receiver with a sender
that is on within the radius has its target genes raised by the effect. The interacting pairs are
those of a sender that is on and a receiver within the radius.

Three choices make the task meaningful: it can be solved, and not by a shortcut.

* Senders are on or off, so that types and distance do not tell who interacts; expression does.
* Pairs of types are drawn as often as they touch, a type with itself included. So a triple has
  places to act, and neither likeness nor difference of two cells gives it away.
* The radius is in the unit of the coordinates: a ligand's reach does not depend on how densely
  cells lie. Nearness then helps where cells are sparse, and hardly where they are dense.

Ligand and receptor are raised alike at every effect; only the targets follow the effect. All genes
of triples come from the more expressed half of the panel, where counts can show them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.spatial import cKDTree

from stbench.common.errors import InputError

_ON_SHARE = 0.5  # of the senders
_LIGAND_RAISE, _RECEPTOR_RAISE = 2.0, 1.0  # log: in senders that are on, in all receivers


@dataclass(frozen=True)
class Triples:
    """Who acts on whom through which genes.

    Attributes:
        sender_type, receiver_type: (t,) codes of cell types.
        ligand, receptor: (t,) numbers of genes.
        targets: (t, m) numbers of genes; no gene serves twice.
    """

    sender_type: np.ndarray
    receiver_type: np.ndarray
    ligand: np.ndarray
    receptor: np.ndarray
    targets: np.ndarray

    def named(self, types: np.ndarray, genes: np.ndarray) -> dict[str, np.ndarray]:
        """The same by names, as it is kept in ``uns['true_triples']``."""
        return {
            "sender_type": types[self.sender_type],
            "receiver_type": types[self.receiver_type],
            "ligand": genes[self.ligand],
            "receptor": genes[self.receptor],
            "targets": genes[self.targets],
        }


@dataclass(frozen=True)
class Planted:
    """What was planted.

    Attributes:
        triples: the interactions' types and genes.
        raised: (cells, genes) CSR, additions to the log means of expression.
        interactions: (cells, cells) CSR, symmetric, 1 where two cells interact.
    """

    triples: Triples
    raised: sp.csr_matrix
    interactions: sp.csr_matrix


def plant(
    coords: np.ndarray,
    types: np.ndarray,
    base: np.ndarray,
    n_triples: int,
    n_targets: int,
    effect: float,
    radius: float,
    rng: np.random.Generator,
) -> Planted:
    """Draw triples and let them act.

    Args:
        coords: (cells, 2) positions.
        types: (cells,) codes of cell types.
        base: (genes,) log means of expression.
        n_triples, n_targets: how many triples, and how many target genes each has.
        effect: addition to the log means of a triggered receiver's targets.
        radius: how far a sender reaches, in the unit of the coordinates.
        rng: source of everything random.

    Raises:
        InputError: fewer pairs of types touch than there are triples.
    """
    n_cells, n_genes = len(types), len(base)
    contacts = cKDTree(coords).query_pairs(radius, output_type="ndarray")
    sender, receiver = np.concatenate([contacts, contacts[:, ::-1]]).T
    touching = np.zeros((types.max() + 1,) * 2)
    np.add.at(touching, (types[sender], types[receiver]), 1)
    triples = _draw(touching, base, n_triples, n_targets, rng)

    raised = sp.lil_matrix((n_cells, n_genes))
    found = []
    for t in range(n_triples):
        on = (types == triples.sender_type[t]) & (rng.random(n_cells) < _ON_SHARE)
        receives = types == triples.receiver_type[t]
        acting = on[sender] & receives[receiver]
        triggered = np.unique(receiver[acting])
        raised[np.flatnonzero(on), triples.ligand[t]] = _LIGAND_RAISE
        raised[np.flatnonzero(receives), triples.receptor[t]] = _RECEPTOR_RAISE
        raised[np.ix_(triggered, triples.targets[t])] = effect
        found.append(np.column_stack([sender, receiver])[acting])
    pairs = np.unique(np.sort(np.concatenate(found), axis=1), axis=0)
    rows, columns = np.concatenate([pairs, pairs[:, ::-1]]).T
    ones = np.ones(len(rows), np.float32)
    interactions = sp.csr_matrix((ones, (rows, columns)), (n_cells, n_cells))
    return Planted(triples, raised.tocsr(), interactions)


def _draw(
    touching: np.ndarray, base: np.ndarray, n_triples: int, n_targets: int, rng: np.random.Generator
) -> Triples:
    """Ordered pairs of types, as often as they touch, and genes, each in one role."""
    n_pairs = int((touching > 0).sum())
    if n_pairs < n_triples:
        raise InputError(
            f"simulation: {n_pairs} ordered pairs of cell types touch, too few for {n_triples} "
            "triples; lower n_triples, or raise the radius or n_types"
        )
    chance = touching.ravel() / touching.sum()
    sender_type, receiver_type = np.divmod(
        rng.choice(touching.size, n_triples, replace=False, p=chance), len(touching)
    )
    expressed = np.argsort(-base, kind="stable")[: len(base) // 2]
    genes = rng.choice(expressed, (n_triples, 2 + n_targets), replace=False)
    return Triples(sender_type, receiver_type, genes[:, 0], genes[:, 1], genes[:, 2:])


def informed(
    types: np.ndarray,
    expression: sp.csr_matrix,
    genes: np.ndarray,
    triples: Mapping[str, Any],
    pairs: np.ndarray,
    distances: np.ndarray,
) -> np.ndarray:
    """How well the truth can be told at all: a ceiling, neither a method nor a null.

    It knows types, triples and radius and reads the rest from the counts: pairs of a triple's types
    within the radius score by the sender's ligand times the receiver's mean target.

    Args:
        types: (cells,) names of cell types.
        expression: (cells, genes) log-normalized.
        genes: (genes,) names.
        triples: ``uns['true_triples']``.
        pairs: (m, 2) cells.
        distances: (m,) between them.

    Returns:
        (m,) scores, 0 where no triple can act.
    """
    number = {gene: i for i, gene in enumerate(genes)}
    columns = sp.csc_matrix(expression)
    near = distances <= triples["radius"]
    scores = np.zeros(len(pairs))
    for sender_type, receiver_type, ligand, targets in zip(
        *(triples[key] for key in ("sender_type", "receiver_type", "ligand", "targets")),
        strict=True,
    ):
        sent = columns[:, [number[ligand]]].toarray().ravel()
        answered = columns[:, [number[gene] for gene in targets]].toarray().mean(axis=1)
        for sender, receiver in (pairs.T, pairs.T[::-1]):
            possible = near & (types[sender] == sender_type) & (types[receiver] == receiver_type)
            likely = possible * (1 + sent[sender] * answered[receiver])
            scores = np.maximum(scores, likely)
    return scores
