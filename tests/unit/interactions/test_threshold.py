"""Which edges count: fixed scores, quantiles, and what chance gives at the same distance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from stbench.common.errors import InputError, NotApplicableError
from stbench.interactions.analysis import Edges, mark
from stbench.interactions.edges import edge_table
from stbench.interactions.threshold import Null, thresholds
from stbench.interactions.tissue import LearnedGraph, Tissue


def test_thresholds_are_what_they_say():
    scores, distances = np.array([0.1, 0.2, 0.3, 0.4, 0.5]), np.arange(5.0)
    nulls = [Null(np.linspace(0, 1, 101)), Null(np.linspace(0, 0.5, 101))]

    def one(number, kind, nulls=()):
        found = thresholds(number, kind, scores, distances, nulls)
        assert found.shape == scores.shape and len(set(found)) == 1
        return found[0]

    assert one(0.65, "value") == 0.65
    assert one(0.75, "quantile") == pytest.approx(0.4)
    assert one(0.95, "null_quantile", nulls[:1]) == pytest.approx(0.95)
    assert one(0.95, "null_quantile", nulls) == pytest.approx((0.95 + 0.475) / 2)
    with pytest.raises(NotApplicableError, match="no null scores"):
        thresholds(0.95, "null_quantile", scores, distances, [nulls[0], None])


@pytest.mark.parametrize(
    ("number", "kind"), [(0.9, "nul"), (95, "quantile"), ("high", "value"), (True, "value")]
)
def test_thresholds_that_say_nothing_are_refused(number, kind):
    with pytest.raises(InputError, match="interactions: threshold"):
        thresholds(number, kind, np.ones(3), np.ones(3), [Null(np.ones(3))])


def test_scores_that_follow_distance_alone_pass_by_chance_at_every_distance():
    rng = np.random.default_rng(0)
    distances = rng.random(20_000)
    scores, null = (np.exp(-5 * distances) * rng.random(20_000) for _ in range(2))
    above = scores > thresholds(0.95, "null_quantile", scores, distances, [Null(null, distances)])
    by_fifth = [above[distances // 0.2 == fifth].mean() for fifth in range(5)]
    np.testing.assert_allclose(by_fifth, 0.05, atol=0.015)
    of_all = scores > thresholds(0.95, "null_quantile", scores, distances, [Null(null)])
    assert of_all[distances > 0.6].sum() == 0  # one threshold for all distances: near edges only


@pytest.mark.parametrize("steps", [1, 3, 200])
def test_a_lattice_has_few_distances_and_a_threshold_for_each(steps):
    rng = np.random.default_rng(1)
    distances = rng.integers(0, steps, 6000).astype(float)
    null = Null(distances * 10 + rng.random(6000), distances)
    found = thresholds(0.5, "null_quantile", np.zeros(6000), distances, [null])
    assert np.isfinite(found).all()
    if steps <= 3:
        np.testing.assert_allclose(found, distances * 10 + 0.5, atol=0.05)
    outside = thresholds(0.5, "null_quantile", np.zeros(2), np.array([-1.0, 1e9]), [null])
    assert outside[0] == pytest.approx(found[distances.argmin()])
    assert outside[1] == pytest.approx(found[distances.argmax()])


@pytest.mark.parametrize("one_each", [True, False])
def test_null_scores_of_the_edges_themselves_are_compared_at_their_distance(one_each):
    rng = np.random.default_rng(2)
    n, seeds = 300, (4, 7)
    coords = rng.random((n, 2))
    pairs = np.array([(i, j) for i in range(n) for j in range(i + 1, i + 15) if j < n])
    tissue = Tissue("x", "human", np.arange(n), coords, None, None, None, None, np.zeros(n))
    length = np.linalg.norm(coords[pairs[:, 0]] - coords[pairs[:, 1]], axis=1)
    graphs = []
    for seed in seeds:
        scores, null = (np.exp(-length) * rng.random(len(pairs)) for _ in range(2))
        null = null if one_each else null[1:]
        graphs.append(LearnedGraph(seed, None, {}, pairs, scores.astype(np.float32), null, None))
    tables = [edge_table(pairs, g.scores, coords, 5).assign(seed=g.seed) for g in graphs]
    mean = edge_table(pairs, np.mean([g.scores for g in graphs], axis=0), coords, 5)
    (consensus, by_seed), note = mark(
        Edges(mean, pd.concat(tables)), graphs, tissue, 0.95, "null_quantile"
    )
    assert ("as far apart" in note) == one_each
    far = by_seed["distance"] > by_seed["distance"].median()
    share = by_seed["above"][far].mean() / by_seed["above"].mean()
    assert share > 0.8 if one_each else share < 0.5
    assert 0 < consensus["above"].mean() < by_seed["above"].mean() < 0.08
    assert list(by_seed["seed"].unique()) == list(seeds)
