"""The consensus of the maps of several methods, and the cells on which they disagree.

The rule is fixed and has no settings. Every method votes with its last epoch of every training
seed. Votes are joined as the training seeds of one method are (``stbench.clustering.consensus``:
evidence accumulation, Fred and Jain 2005), with the weights of ``method_weights``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stbench.clustering.consensus import consensus_labels
from stbench.common.errors import NotApplicableError
from stbench.maps.method_maps import MethodMaps
from stbench.scoring.agreement import agreement_matrix
from stbench.scoring.matching import match_labels

NEAR_COPY = 0.95  # ARI from which two maps are counted as one
FEWEST_METHODS = 3


@dataclass(frozen=True)
class Consensus:
    """The consensus of methods.

    Attributes:
        labels: (n_cells,) int from 0, domain 0 is the largest.
        disagreement: (n_cells,) the weighted share of votes for another domain, from 0 to 1.
        weights: of the methods, by id; their sum is 1.
        note: what it is made of.
    """

    labels: np.ndarray
    disagreement: np.ndarray
    weights: dict[str, float]
    note: str


def method_weights(similarity: np.ndarray) -> np.ndarray:
    """Weights (n_methods,) with sum 1, so that near-copies vote once together.

    A weight is proportional to 1 / the number of methods whose maps agree with that of the method
    by an ARI of at least ``NEAR_COPY``, itself included. A lower agreement is no reason for a lower
    weight: methods that find the same domains independently should agree.

    Args:
        similarity: (n_methods, n_methods) ARI, 1 on the diagonal.
    """
    weights = 1 / (similarity >= NEAR_COPY).sum(axis=1)
    return weights / weights.sum()


def consensus_of_methods(maps: Sequence[MethodMaps], n_domains: int) -> Consensus:
    """The consensus of all methods with labels.

    Raises:
        NotApplicableError: fewer than three methods have labels (of two, every place where they
            differ is a tie), or there are too many cells.
    """
    voters = [one for one in maps if len(one.shown)]
    if len(voters) < FEWEST_METHODS:
        have = f"{counted(len(voters), 'method')} {'have' if len(voters) != 1 else 'has'} a map"
        raise NotApplicableError(f"{have}, at least {FEWEST_METHODS} are needed")
    weights = method_weights(agreement_matrix([one.shown for one in voters]))
    votes = np.concatenate([one.of_seeds for one in voters])
    of_votes = np.concatenate(
        [
            np.full(len(one.of_seeds), weight / len(one.of_seeds))
            for one, weight in zip(voters, weights, strict=True)
        ]
    )
    labels = by_size(consensus_labels(votes, n_domains, of_votes))
    other = np.stack([match_labels(labels, vote) != labels for vote in votes])
    return Consensus(
        labels=labels,
        disagreement=np.clip(of_votes @ other, 0, 1),
        weights={one.method: float(weight) for one, weight in zip(voters, weights, strict=True)},
        note=f"consensus of {counted(len(votes), 'map')} of {counted(len(voters), 'method')}",
    )


def counted(number: int, thing: str) -> str:
    """``1 map``, ``2 maps``."""
    return f"{number} {thing}{'s' * (number != 1)}"


def by_size(labels: np.ndarray) -> np.ndarray:
    """Labels (n_cells,) renumbered from 0, the most frequent one first."""
    order = np.argsort(-np.bincount(labels), kind="stable")
    return np.argsort(order)[labels]
