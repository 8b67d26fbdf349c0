"""Interactions planted into a simulated tissue: true ligands, receptors and targets.

A triple acts from cells of one type (senders) on cells of one type (receivers), which may be the
same. A random half of its senders are active. The interacting pairs are those of an active sender
and a receiver in its range, and the other pairs of these types are decoys. The regime says what an
interaction does to the two cells:

* ``complementary``: active senders express more ligand, all receivers more receptor, receivers in
  an interacting pair more of the targets. The two cells do not become alike.
* ``alike``: both cells of an interacting pair express more ligand, receptor and targets, as in
  SRTsim's simulation of interactions (Zhu et al., Genome Biology 2023).
* ``opposite``: active senders express more ligand, all receivers more receptor; of the targets,
  senders in an interacting pair express more and receivers less, as in lateral inhibition. Within
  one type active senders are not triggered, so no cell is on both sides of a triple.

The range says which pairs can act:

* ``radius``: all within the radius.
* ``contact``: neighbors in the Delaunay triangulation within the radius.
* ``secreted``: all within the radius, with probability exp(-d^2 / (2 s^2)), s half of the radius.

Three choices make the task solvable, but not by a shortcut.

* Senders are active or not, so that types and distance do not determine interactions; expression
  does.
* Pairs of types are drawn as often as they touch, including a type with itself. So a triple has
  cells to act on, and the similarity of two cells does not predict it.
* The radius is in the unit of the coordinates: a ligand's reach does not depend on the density of
  cells. Distance is then informative where cells are sparse, and hardly where they are dense.

Ligand and receptor are raised by the same amount at every effect; only the targets depend on it.
All genes of triples come from the more highly expressed half of the panel, where counts are
sufficient.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.spatial import cKDTree

from stbench.common.errors import InputError

_ACTIVE_SHARE = 0.5  # of the senders
_LIGAND_RAISE, _RECEPTOR_RAISE = 2.0, 1.0  # log: in active senders, in all receivers
_BOTH_RAISED = math.log(3)  # ligand and receptor of both cells in the regime alike


@dataclass(frozen=True)
class Triples:
    """Types and genes of the planted interactions.

    Attributes:
        sender_type, receiver_type: (t,) codes of cell types.
        ligand, receptor: (t,) indices of genes.
        targets: (t, m) indices of genes; each gene has one role.
    """

    sender_type: np.ndarray
    receiver_type: np.ndarray
    ligand: np.ndarray
    receptor: np.ndarray
    targets: np.ndarray

    def named(self, types: np.ndarray, genes: np.ndarray) -> dict[str, np.ndarray]:
        """The triples by names, as in ``uns['true_triples']``."""
        return {
            "sender_type": types[self.sender_type],
            "receiver_type": types[self.receiver_type],
            "ligand": genes[self.ligand],
            "receptor": genes[self.receptor],
            "targets": genes[self.targets],
        }


@dataclass(frozen=True)
class Planted:
    """Planted interactions and their effect on expression.

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
    regime: str = "complementary",
    range_: str = "radius",
) -> Planted:
    """Draw triples and apply them.

    Args:
        coords: (cells, 2) positions.
        types: (cells,) codes of cell types.
        base: (genes,) log means of expression.
        n_triples, n_targets: number of triples, and of target genes of each.
        effect: addition to the log means of a triggered receiver's targets.
        radius: reach of a sender, in the unit of the coordinates.
        rng: source of all random numbers.
        regime, range_: as of ``stbench.data.simulation.tissue``.

    Raises:
        InputError: fewer pairs of types touch than there are triples.
    """
    n_cells, n_genes = len(types), len(base)
    contacts = cKDTree(coords).query_pairs(radius, output_type="ndarray")
    if range_ == "contact":
        contacts = contacts[_adjacent(coords, contacts)]
    sender, receiver = np.concatenate([contacts, contacts[:, ::-1]]).T
    reached = np.ones(len(sender))
    if range_ == "secreted":
        distance = np.linalg.norm(coords[sender] - coords[receiver], axis=1)
        reached = np.exp(-2 * np.square(distance / radius))
    touching = np.zeros((types.max() + 1,) * 2)
    np.add.at(touching, (types[sender], types[receiver]), 1)
    triples = _draw(touching, base, n_triples, n_targets, rng)

    raised = sp.lil_matrix((n_cells, n_genes))
    interacting = []
    for t in range(n_triples):
        active = (types == triples.sender_type[t]) & (rng.random(n_cells) < _ACTIVE_SHARE)
        receives = types == triples.receiver_type[t]
        acting = active[sender] & receives[receiver]
        if regime == "opposite":
            acting &= ~active[receiver]
        if range_ == "secreted":
            acting &= rng.random(len(acting)) < reached
        triggering, triggered = np.unique(sender[acting]), np.unique(receiver[acting])
        ligand, receptor, targets = triples.ligand[t], triples.receptor[t], triples.targets[t]
        if regime == "alike":
            both = np.union1d(triggering, triggered)
            raised[np.ix_(both, [ligand, receptor])] = _BOTH_RAISED
            raised[np.ix_(both, targets)] = effect
        else:
            raised[np.flatnonzero(active), ligand] = _LIGAND_RAISE
            raised[np.flatnonzero(receives), receptor] = _RECEPTOR_RAISE
            if regime == "opposite":
                raised[np.ix_(triggering, targets)] = effect
            raised[np.ix_(triggered, targets)] = -effect if regime == "opposite" else effect
        interacting.append(np.column_stack([sender, receiver])[acting])
    pairs = np.unique(np.sort(np.concatenate(interacting), axis=1), axis=0)
    rows, columns = np.concatenate([pairs, pairs[:, ::-1]]).T
    ones = np.ones(len(rows), np.float32)
    interactions = sp.csr_matrix((ones, (rows, columns)), (n_cells, n_cells))
    return Planted(triples, raised.tocsr(), interactions)


def _adjacent(coords: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Which of the pairs are neighbors in the Delaunay triangulation."""
    from scipy.spatial import Delaunay

    corners = Delaunay(coords).simplices
    sides = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]]))
    numbers = np.array([len(coords), 1])
    return np.isin(np.sort(pairs) @ numbers, sides @ numbers)


def _draw(
    touching: np.ndarray, base: np.ndarray, n_triples: int, n_targets: int, rng: np.random.Generator
) -> Triples:
    """Ordered pairs of types, as often as they touch, and genes, each in one role."""
    n_pairs = int((touching > 0).sum())
    if n_pairs < n_triples:
        raise InputError(
            f"interactions: {n_pairs} ordered pairs of cell types touch, too few for {n_triples} "
            "triples; lower n_triples, raise the radius, or take a tissue with more types"
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
    """Scores of a scorer that knows the rules: neither a method nor a null, nor the best possible.

    It uses the true types, triples and radius and estimates the rest from the counts: the score of
    a pair of a triple's types within the radius is the sender's ligand times the receiver's mean
    target, or in the regime ``opposite`` times how much lower it is than the largest.

    Args:
        types: (cells,) names of cell types.
        expression: (cells, genes) log-normalized.
        genes: (genes,) names.
        triples: ``uns['true_triples']``.
        pairs: (m, 2) cells.
        distances: (m,) of the pairs.

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
        ligand_level = columns[:, [number[ligand]]].toarray().ravel()
        target_level = columns[:, [number[gene] for gene in targets]].toarray().mean(axis=1)
        if triples.get("regime") == "opposite":
            target_level = target_level.max() - target_level
        for sender, receiver in (pairs.T, pairs.T[::-1]):
            possible = near & (types[sender] == sender_type) & (types[receiver] == receiver_type)
            likely = possible * (1 + ligand_level[sender] * target_level[receiver])
            scores = np.maximum(scores, likely)
    return scores
