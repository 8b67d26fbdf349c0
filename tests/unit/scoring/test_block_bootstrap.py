"""The noise of cells: contributions of blocks against a bootstrap that draws blocks."""

import numpy as np
import pytest

from stbench.scoring.block_bootstrap import ari_contributions, block_noise
from stbench.scoring.blocks import spatial_blocks
from stbench.scoring.metrics import ari


def section(n=480, seed=0):
    """Four bands, and two labels with errors in patches."""
    rng = np.random.default_rng(seed)
    coords = rng.random((n, 2))
    true = (coords[:, 0] * 4).astype(int)
    wave = np.sin(coords @ rng.normal(0, 12, (2, 2))) + rng.normal(0, 0.5, (n, 2))
    return coords, true, np.where(wave.T > 0.9, (true + 1) % 4, true)


def test_the_variance_is_that_of_a_bootstrap_of_blocks():
    coords, true, labels = section()
    blocks = spatial_blocks(coords)
    cells = [np.flatnonzero(blocks == block) for block in range(48)]
    rng = np.random.default_rng(1)
    drawn = [np.concatenate([cells[b] for b in rng.integers(0, 48, 48)]) for _ in range(600)]
    scores = np.array([[ari(true[d], one[d]) for one in labels] for d in drawn])
    parts = [ari_contributions(true, one[None], blocks) for one in labels]
    assert (parts[0] ** 2).sum() == pytest.approx(scores[:, 0].var(), rel=0.15)
    difference = parts[0] - parts[1]
    expected = (scores[:, 0] - scores[:, 1]).var()
    assert (difference**2).sum() == pytest.approx(expected, rel=0.15)


def test_contributions_of_several_clusterings_are_those_of_their_mean():
    coords, true, labels = section()
    blocks = spatial_blocks(coords)
    single = [ari_contributions(true, one[None], blocks) for one in labels]
    both = ari_contributions(true, labels, blocks)
    np.testing.assert_allclose(both, np.mean(single, axis=0), atol=1e-7)
    assert both.sum() == pytest.approx(0, abs=1e-6)


def test_perfect_and_constant_labels_have_no_noise():
    coords, true, _ = section()
    blocks = spatial_blocks(coords)
    for labels in (true + 7, np.zeros_like(true)):
        assert block_noise(ari_contributions(true, labels[None], blocks))[0] == 0


def test_joined_blocks_count_where_neighbors_are_alike():
    alone = np.tile([1.0, -1.0], 24)
    assert block_noise(alone) == (pytest.approx(48 * 48 / 47), 47)
    together = np.repeat([1.0, -1.0], 24)
    variance, freedom = block_noise(together)
    assert freedom == 5 and variance == pytest.approx(6 * 64 * 6 / 5)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_few_blocks_have_few_degrees_of_freedom(n):
    variance, freedom = block_noise(np.arange(n, dtype=float))
    assert freedom == max(n - 1, 1) and (variance > 0) == (n > 1)
