"""Which edges count: fixed scores, quantiles, and what each edge has without structure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.spatial import cKDTree

from stbench.common.errors import InputError, NotApplicableError
from stbench.fitting.edge_scorer import EdgeScorer
from stbench.interactions.edge_chance import chance_of_edges
from stbench.interactions.threshold import threshold

ONE = np.zeros(600, int)  # a single section


def test_thresholds_are_what_they_say():
    scores = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    nulls = [np.linspace(0, 1, 101), np.linspace(0, 0.5, 101)]
    assert threshold(0.65, "value", scores) == 0.65
    assert threshold(0.75, "quantile", scores) == pytest.approx(0.4)
    assert threshold(0.95, "null_quantile", scores, nulls[:1]) == pytest.approx(0.95)
    assert threshold(0.95, "null_quantile", scores, nulls) == pytest.approx((0.95 + 0.475) / 2)
    with pytest.raises(NotApplicableError, match="no null scores"):
        threshold(0.95, "null_quantile", scores, [nulls[0], None])


@pytest.mark.parametrize(
    ("number", "kind"), [(0.9, "nul"), (95, "quantile"), ("high", "value"), (True, "value")]
)
def test_thresholds_that_say_nothing_are_refused(number, kind):
    with pytest.raises(InputError, match="interactions: threshold"):
        threshold(number, kind, np.ones(3), [np.ones(3)])


def network(seed: int, structure: float, n: int = 600):
    """Pairs of near cells, more in a dense half, and a network that averages over neighbors.

    Its score of a pair falls with the distance and rises with the neighbors that both have.
    """
    rng = np.random.default_rng(seed)
    coords = rng.random((n, 2)) * [2, 1]
    coords[: 4 * n // 5, 0] /= 4  # most cells are in a quarter of the tissue
    tree = cKDTree(coords)
    near = tree.query(coords, 7)[1]
    pairs = np.column_stack([np.repeat(np.arange(n), 6), near[:, 1:].ravel()])
    pairs = torch.from_numpy(np.unique(np.sort(pairs, axis=1), axis=0))
    length = torch.from_numpy(np.linalg.norm(coords[pairs[:, 0]] - coords[pairs[:, 1]], axis=1))
    x = torch.from_numpy(rng.normal(size=(n, 5)) + structure * np.sin(9 * coords[:, :1]))

    def score(values: torch.Tensor) -> torch.Tensor:
        mean = values[torch.from_numpy(near)].mean(dim=1)
        likeness = torch.nn.functional.cosine_similarity(mean[pairs[:, 0]], mean[pairs[:, 1]])
        return likeness.clamp(min=0) + torch.exp(-length)

    return EdgeScorer(np.arange(5), x, score), coords, pairs.numpy(), length.numpy()


def test_without_structure_every_kind_of_edge_has_the_same_chance():
    found = []
    for seed in range(6):
        scorer, coords, pairs, length = network(seed, 0)
        real = scorer.score(scorer.expression).numpy()[None]
        p = chance_of_edges([scorer], real, ONE, shuffles=39).p_of_mean
        dense = coords[pairs, 0].max(axis=1) < 0.5
        found.append(pd.DataFrame({"p": p, "dense": dense, "long": length > np.median(length)}))
    table = pd.concat(found).assign(above=lambda t: t["p"] <= 0.1)
    assert table["above"].mean() == pytest.approx(0.1, abs=0.015)
    for kind in ("dense", "long"):
        np.testing.assert_allclose(table.groupby(kind)["above"].mean(), 0.1, atol=0.03)


def test_structure_is_found_at_all_distances_and_by_the_mean_of_the_seeds():
    made = [network(0, structure) for structure in (0, 1)]
    for (scorer, _, _, length), structure in zip(made, (0, 1), strict=True):
        real = scorer.score(scorer.expression).numpy()
        chance = chance_of_edges([scorer, scorer], np.stack([real, real]), ONE, shuffles=19)
        np.testing.assert_array_equal(chance.p, [chance.p_of_mean] * 2)
        assert set(np.unique(chance.p_of_mean * 20).round(6)) <= set(range(1, 21))
        thirds = pd.qcut(length, 3, labels=False)
        passed = pd.Series(chance.p_of_mean <= 0.05).groupby(thirds).mean()
        assert (passed > 0.15).all() if structure else (passed < 0.12).all()
