"""How often an edge scores as high when expression is shuffled among the cells.

The trained network is kept. What it gives an edge without any structure depends on the distance of
the two cells, and on their neighbors, over which it averages. So every edge is compared with its
own scores: without structure each has the same probability of a p below any limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from stbench.fitting.edge_scorer import EdgeScorer

SHUFFLES = 99  # the smallest p is .01
_ROUNDING = 1e-6  # scores are at most 1, in float32


class Chance(NamedTuple):
    """Shares of shuffles, counting the data themselves, that reach the score of an edge.

    Attributes:
        by_seed: (seeds, m), for the scores of every training seed.
        of_mean: (m,), for their mean; all seeds score the same shuffled data.
    """

    by_seed: np.ndarray
    of_mean: np.ndarray


def chance_of_edges(
    scorers: Sequence[EdgeScorer], scores: np.ndarray, shuffles: int = SHUFFLES, seed: int = 0
) -> Chance:
    """p of every edge.

    Time: shuffles x seeds passes through the learner. Memory: that of one pass.

    Args:
        scorers: of every training seed, for the same m pairs of cells.
        scores: (seeds, m) on the real data.
        shuffles: of expression among the cells.
        seed: of the shuffles.
    """
    mean = scores.mean(axis=0)
    reached, reached_by_mean = np.ones(scores.shape), np.ones(len(mean))
    generator = torch.Generator().manual_seed(seed)
    n = len(scorers[0].expression)
    for _ in range(shuffles):
        order = torch.randperm(n, generator=generator)
        with torch.no_grad():
            null = np.stack([one.score(one.expression[order]).numpy() for one in scorers])
        reached += null >= scores - _ROUNDING
        reached_by_mean += null.mean(axis=0) >= mean - _ROUNDING
    return Chance(reached / (1 + shuffles), reached_by_mean / (1 + shuffles))
