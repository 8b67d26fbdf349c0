"""SMACOF in blocks of rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from methods.scanit import mds
from methods.scanit.mds import mean_distances, smacof, uniform_start


@pytest.fixture()
def embeddings() -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [generator.normal(size=(50, 4)) for _ in range(3)]


def test_averaged_distances(embeddings: list[np.ndarray]) -> None:
    expected = np.mean([cdist(points, points) for points in embeddings], axis=0)
    np.testing.assert_allclose(mean_distances(embeddings)(10, 30), expected[10:30], atol=1e-7)


def test_distances_that_can_be_met_are_met(embeddings: list[np.ndarray]) -> None:
    wanted = mean_distances(embeddings[:1])
    scaling = smacof(wanted, uniform_start(50, 4, 0), max_updates=3000, eps=1e-12)
    np.testing.assert_allclose(cdist(scaling.points, scaling.points), wanted(0, 50), atol=1e-2)
    assert scaling.stress < 1e-2


def test_blocks_do_not_change_the_result(
    embeddings: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    start = uniform_start(50, 3, 1)
    whole = smacof(mean_distances(embeddings), start, 40, 1e-6)
    monkeypatch.setattr(mds, "_BLOCK_VALUES", 50 * 7)
    monkeypatch.setattr(mds, "_KEPT_VALUES", 50 * 7)
    blocks = smacof(mean_distances(embeddings), start, 40, 1e-6)
    assert whole.updates == blocks.updates
    np.testing.assert_allclose(whole.points, blocks.points, atol=1e-9)


def test_stress_falls_with_every_update(embeddings: list[np.ndarray]) -> None:
    wanted, start = mean_distances(embeddings), uniform_start(50, 2, 2)
    stresses = [smacof(wanted, start, updates, eps=0).stress for updates in range(8)]
    assert stresses == sorted(stresses, reverse=True)
    assert stresses[-1] < stresses[0]
