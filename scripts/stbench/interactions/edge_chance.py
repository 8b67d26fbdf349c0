"""How far the score of an edge is above what the network gives it without structure.

What a trained network gives an edge without any structure depends on the distance of the two
cells, and on their neighbors, over which it averages. So every edge is compared with its own scores
for data whose cells are shuffled. A network also fits noise of its training data, so the result is
compared with that of a network trained on shuffled cells (``stbench.interactions.structureless``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy.stats import rankdata

from stbench.fitting.edge_scorer import EdgeScorer
from stbench.interactions.structureless import shuffled_cells

SHUFFLES = 99  # the smallest p by shuffles alone is .01
_ROUNDING = 1e-6  # scores are at most 1, in float32
_BINS, _IN_BIN = 10, 100  # of distance: at most so many, with at least so many pairs


class Chance(NamedTuple):
    """The scores of edges beside those for shuffled data, of every seed and of the mean of seeds.

    Attributes:
        p, p_of_mean: (seeds, m) and (m,) shares of shuffles, counting the data themselves, that
            reach the score.
        z, z_of_mean: (score - mean) / sd over the shuffles.
    """

    p: np.ndarray
    p_of_mean: np.ndarray
    z: np.ndarray
    z_of_mean: np.ndarray


def chance_of_edges(
    scorers: Sequence[EdgeScorer],
    scores: np.ndarray,
    sections: np.ndarray,
    shuffles: int = SHUFFLES,
    seed: int = 0,
) -> Chance:
    """Compare every edge with its own scores for shuffled cells; all seeds score the same shuffles.

    Time: shuffles x seeds passes through the learner. Memory: that of one pass.

    Args:
        scorers: of every training seed, for the same m pairs of cells.
        scores: (seeds, m) on the real data.
        sections: (n,) codes of joined sections, whose cells are shuffled apart from each other.
        shuffles: of expression among the cells.
        seed: of the shuffles.
    """
    rows = np.vstack([scores, scores.mean(axis=0)]).astype(np.float64)
    reached = np.ones(rows.shape)
    total, squares = np.zeros(rows.shape), np.zeros(rows.shape)
    rng = np.random.default_rng(seed)
    for _ in range(shuffles):
        order = torch.from_numpy(shuffled_cells(sections, rng))
        with torch.no_grad():
            null = np.stack([one.score(one.expression[order]).numpy() for one in scorers])
        null = np.vstack([null, null.mean(axis=0)])
        reached += null >= rows - _ROUNDING
        total += null - rows  # differences, so that their squares do not lose digits
        squares += np.square(null - rows)
    mean = total / shuffles
    sd = np.sqrt(np.maximum(squares / shuffles - np.square(mean), 0))
    z = -mean / np.maximum(sd, _ROUNDING)
    p = reached / (1 + shuffles)
    return Chance(p[:-1], p[-1], z[:-1], z[-1])


def calibrated(chance: Chance, without_structure: Chance, distances: np.ndarray) -> Chance:
    """The same with p from the edges of networks that were trained on shuffled cells.

    p is the share of their edges at about the same distance, counting the edge itself, whose z
    reaches its own.

    Args:
        without_structure: of the same pairs of cells.
        distances: (m,) of the pairs.
    """
    n_bins = int(np.clip(len(distances) // _IN_BIN, 1, _BINS))
    # Equal distances, as on a lattice, are in one bin: the order of rows must not matter.
    bins = (rankdata(distances, "max").astype(np.int64) - 1) * n_bins // len(distances)

    def shares(z: np.ndarray, null: np.ndarray) -> np.ndarray:
        p = np.empty(len(z))
        for b in range(n_bins):
            of_bin = np.sort(null[bins == b])
            below = np.searchsorted(of_bin, z[bins == b], side="left")
            p[bins == b] = (1 + len(of_bin) - below) / (1 + len(of_bin))
        return p

    pairs = zip(chance.z, without_structure.z, strict=True)
    return chance._replace(
        p=np.stack([shares(z, null) for z, null in pairs]),
        p_of_mean=shares(chance.z_of_mean, without_structure.z_of_mean),
    )
