"""Smoothness in space: by hand, against plain loops over all pairs, and what must always hold."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import silhouette_score

import stbench.scoring.spatial_metrics
from stbench.scoring.spatial_metrics import SPATIAL_METRICS, asw, chaos, pas, spatial_scores


def brute_distances(coords):
    distance = np.linalg.norm(coords[:, None] - coords[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    return distance


def brute_chaos(coords, labels):
    distance = brute_distances((coords - coords.mean(0)) / coords.std(0))
    total = 0.0
    for i, label in enumerate(labels):
        same = [j for j in range(len(labels)) if labels[j] == label and j != i]
        if len(same) >= 2:
            total += min(distance[i, j] for j in same)
    return total / len(labels)


def brute_pas(coords, labels):
    distance = brute_distances(coords)
    rough = 0
    for i in range(len(labels)):
        nearest = np.argsort(distance[i])[:10]
        rough += sum(labels[j] != labels[i] for j in nearest) > 5
    return rough / len(labels)


def tissue(seed, n_cells=120, n_domains=4):
    rng = np.random.default_rng(seed)
    return rng.uniform(size=(n_cells, 2)) * [3, 40], rng.integers(0, n_domains, n_cells)


def test_chaos_by_hand():
    # x has the variance 1.25, y has none and stays as it is.
    coords = np.array([[1, 0], [2, 0], [3, 0], [4, 0]], dtype=float)
    sd = np.sqrt(1.25)
    assert chaos(coords, np.zeros(4)) == pytest.approx(1 / sd)
    # Three cells of one domain (1, 2, 4): nearest 1, 1, 2; the single other cell adds nothing.
    assert chaos(coords, np.array([0, 0, 1, 0])) == pytest.approx((1 + 1 + 2) / sd / 4)
    # Domains of two cells add nothing.
    assert chaos(coords, np.array([0, 0, 1, 1])) == 0


def test_chaos_of_cells_at_one_place_is_zero():
    assert chaos(np.full((5, 2), 7.0), np.zeros(5)) == 0


def test_pas_by_hand():
    # A line of 30 cells, cut at 15: at the cut 5 of 10 neighbors are of the other domain, no more.
    coords = np.column_stack([np.arange(30.0), np.zeros(30)])
    labels = np.repeat([0, 1], 15)
    assert pas(coords, labels) == 0
    labels[5] = 1  # all its ten neighbors differ from it; for each of them it is one of ten
    assert pas(coords, labels) == pytest.approx(1 / 30)


def test_pas_of_fewer_than_eleven_cells_asks_all_others():
    coords = np.column_stack([np.arange(4.0), np.zeros(4)])
    assert pas(coords, np.array([0, 0, 0, 1])) == pytest.approx(1 / 4)


def test_asw_by_hand():
    coords = np.array([[0, 0], [2, 0], [10, 0]], dtype=float)
    # a = 2, 2; b = 10, 8; the single cell counts 0.
    expected = ((10 - 2) / 10 + (8 - 2) / 8 + 0) / 3
    assert asw(coords, np.array([0, 0, 1])) == pytest.approx(expected)


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2]])
def test_asw_needs_two_domains_and_fewer_than_cells(labels):
    assert np.isnan(asw(np.eye(3)[:, :2], np.array(labels)))


@pytest.mark.parametrize("seed", range(5))
def test_equal_to_plain_loops(seed):
    coords, labels = tissue(seed, n_domains=2 + 10 * seed)
    assert chaos(coords, labels) == pytest.approx(brute_chaos(coords, labels), abs=1e-12)
    assert pas(coords, labels) == pytest.approx(brute_pas(coords, labels), abs=1e-12)
    assert asw(coords, labels) == pytest.approx(silhouette_score(coords, labels), abs=1e-12)


def test_asw_of_coincident_cells_equals_scikit_learn():
    coords = np.repeat(tissue(0)[0][:20], 3, axis=0)
    labels = np.repeat(np.arange(20), 3) % 7
    # From exact distances: scikit-learn's own are not 0 between coincident cells.
    distance = brute_distances(coords)
    np.fill_diagonal(distance, 0)
    expected = silhouette_score(distance, labels, metric="precomputed")
    assert asw(coords, labels) == pytest.approx(expected, abs=1e-12)
    same_place = np.zeros((6, 2))
    assert asw(same_place, np.array([0, 0, 0, 1, 1, 1])) == 0


def test_blocks_do_not_show(monkeypatch):
    coords, labels = tissue(1)
    whole = asw(coords, labels)
    monkeypatch.setattr(stbench.scoring.spatial_metrics, "_BLOCK_ENTRIES", 7 * len(coords))
    assert asw(coords, labels) == pytest.approx(whole, abs=1e-14)


def test_asw_of_a_sample_is_near_that_of_all_cells(monkeypatch):
    rng = np.random.default_rng(3)
    coords = rng.random((3000, 2))
    labels = (4 * coords[:, 0] + rng.normal(0, 0.3, 3000)).astype(int)
    exact = asw(coords, labels)
    monkeypatch.setattr(stbench.scoring.spatial_metrics, "ASW_OF_ALL", 2999)
    monkeypatch.setattr(stbench.scoring.spatial_metrics, "ASW_SAMPLE", 1000)
    sampled = asw(coords, labels)
    assert sampled == asw(coords, labels) != exact
    assert sampled == pytest.approx(exact, abs=0.04)  # three standard errors


def test_a_block_holds_no_more_distances_than_it_may(monkeypatch):
    coords = np.random.default_rng(0).random((1000, 2))
    labels = np.arange(1000) % 3
    monkeypatch.setattr(stbench.scoring.spatial_metrics, "_BLOCK_ENTRIES", 20 * len(coords))
    asw(coords[:10], labels[:10])  # scipy is loaded
    tracemalloc.start()
    try:
        asw(coords, labels)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * 100 * len(coords)  # all distances at once take ten times this


def test_many_labelings_at_once_equal_one_at_a_time():
    coords, _ = tissue(0)
    labelings = np.stack([tissue(seed, n_domains=2 + seed)[1] for seed in range(4)])
    scores = spatial_scores(coords, labelings)
    assert list(scores) == list(SPATIAL_METRICS)
    for name, values in scores.items():
        one_by_one = [SPATIAL_METRICS[name](coords, labels) for labels in labelings]
        assert values == pytest.approx(one_by_one, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.permutations(range(5)), st.floats(0, 6), st.floats(0.01, 100))
def test_names_and_order_do_not_matter_nor_place_and_scale(seed, names, shift, scale):
    coords, labels = tissue(seed, n_cells=60, n_domains=5)
    order = np.random.default_rng(seed).permutation(60)
    moved = (coords * scale + shift)[order]
    renamed = np.array(names)[labels][order]
    for name, metric in SPATIAL_METRICS.items():
        value = metric(coords, labels)
        assert metric(moved, renamed) == pytest.approx(value, rel=1e-6, abs=1e-9), name
        assert (-1 if name == "ASW" else 0) <= value, name
        assert value <= 1 or name == "CHAOS", name


def test_smooth_domains_score_better_than_scattered_ones():
    coords, _ = tissue(3, n_cells=400)
    smooth = (coords[:, 1] // 10).astype(int)
    scattered = np.random.default_rng(0).permutation(smooth)
    assert chaos(coords, smooth) < chaos(coords, scattered)
    assert pas(coords, smooth) < 0.2 < pas(coords, scattered)
    assert asw(coords, smooth) > 0.2 > asw(coords, scattered)
