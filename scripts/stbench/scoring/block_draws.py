"""Variance of a score due to the cells of a tissue, by drawing blocks of neighboring cells.

With blocks of finite size a block bootstrap gives too small a variance, because it cuts the
correlation across the borders of blocks. The error is proportional to the length of the borders, so
it halves when four blocks become one: twice the variance with large blocks minus that with small
ones has no such error (Politis and Romano, Journal of Time Series Analysis 1995).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stbench.scoring.blocks import spatial_blocks

DRAWS = 500  # of each of the two sizes of blocks
MIN_LARGE = 6


@dataclass(frozen=True)
class BlockDraws:
    """Bootstrap draws of blocks, the same for every score of a tissue.

    Attributes:
        weights: (2 * DRAWS, n) how often each cell was drawn: first with small blocks, those of
            ``spatial_blocks``, then with large ones, a quarter as many but at least 6.
        n_small, n_large: numbers of blocks.
    """

    weights: np.ndarray
    n_small: int
    n_large: int

    @classmethod
    def of(cls, coords: np.ndarray) -> BlockDraws:
        """Draws for cells at these positions (n, d)."""
        rng = np.random.default_rng(0)
        small = spatial_blocks(coords)
        n_small = int(small.max()) + 1
        large = spatial_blocks(coords, max(MIN_LARGE, n_small // 4))
        n_large = int(large.max()) + 1
        drawn = [
            rng.multinomial(n, np.full(n, 1 / n), DRAWS)[:, blocks]
            for blocks, n in ((small, n_small), (large, n_large))
        ]
        return cls(np.concatenate(drawn).astype(np.float64), n_small, n_large)

    def variance(self, values: np.ndarray) -> float:
        """Variance of a score, with ``n_large`` - 1 degrees of freedom.

        Args:
            values: (2 * DRAWS,) the score with each row of ``weights``; NaN values are left out.

        Returns:
            NaN for a tissue of one block, or without two values for large blocks.
        """
        if self.n_large < 2:
            return float("nan")
        small, large = (
            _variance(part, n)
            for part, n in zip(np.split(values, 2), (self.n_small, self.n_large), strict=True)
        )
        return large + max(large - np.nan_to_num(small, nan=large), 0.0)


def _variance(values: np.ndarray, n_blocks: int) -> float:
    """Sample variance over draws, for n - 1 in place of n blocks; NaN for fewer than two values."""
    values = values[~np.isnan(values)]
    return float(values.var() * n_blocks / (n_blocks - 1)) if len(values) > 1 else float("nan")
