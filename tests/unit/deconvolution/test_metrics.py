"""Metrics of deconvolution against hand values, sklearn and scipy, and their properties."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import pearsonr
from sklearn.metrics import f1_score, roc_auc_score

from stbench.deconvolution.metrics import METRICS, PRESENT, Windows, metrics_on
from stbench.deconvolution.scoring import ALL_TYPES, scores

GRID = np.array([(x, y) for x in range(6) for y in range(5)], dtype=float)
ONE = np.ones((1, len(GRID)))


def proportions(seed: int, types: int = 4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    counts = rng.poisson(1.5, (len(GRID), types)) + np.eye(types)[rng.integers(0, types, len(GRID))]
    counts[:types] = np.eye(types)  # so that no type is in all spots
    return counts / counts.sum(axis=1, keepdims=True)


def value(name: str, truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    return metrics_on(GRID)[name](truth, found, ONE)[0]


def test_against_scipy_and_sklearn():
    truth, found = proportions(0), proportions(1)
    columns = list(zip(truth.T, found.T, strict=True))
    rows = list(zip(truth, found, strict=True))
    assert np.allclose(value("pearson_type", truth, found), [pearsonr(a, b)[0] for a, b in columns])
    mean = np.mean([pearsonr(a, b)[0] for a, b in rows if np.ptp(a) > 0])
    assert value("pearson_spot", truth, found) == pytest.approx(mean)
    assert value("jsd", truth, found) == pytest.approx(
        np.mean([jensenshannon(a, b, base=2) ** 2 for a, b in rows])
    )
    assert np.allclose(value("auroc", truth, found), [roc_auc_score(a > 0, b) for a, b in columns])
    assert np.allclose(
        value("f1", truth, found), [f1_score(a >= PRESENT, b >= PRESENT) for a, b in columns]
    )
    assert np.allclose(value("rmse_type", truth, found) ** 2, ((truth - found) ** 2).mean(axis=0))


def test_hand_values():
    truth = np.zeros((len(GRID), 2))
    truth[:15, 0], truth[15:, 1] = 1, 1
    flat = np.full_like(truth, 0.5)
    assert value("pearson_type", truth, flat).tolist() == [0, 0]
    assert value("pearson_spot", truth, flat) == 0
    assert value("rmse_type", truth, flat) == pytest.approx([0.5, 0.5])
    assert value("rmse_spot", truth, flat) == 0.5
    # (1, 0) against (1/2, 1/2): (log2(4/3) + log2(2/3) / 2 + log2(2) / 2) / 2
    assert value("jsd", truth, flat) == pytest.approx(0.3112781244591328)
    assert value("auroc", truth, flat).tolist() == [0.5, 0.5]
    assert value("f1", truth, flat) == pytest.approx([2 / 3, 2 / 3])
    turned = truth[:, ::-1]
    assert value("pearson_type", truth, turned) == pytest.approx([-1, -1])
    assert value("jsd", truth, turned) == 1
    assert value("auroc", truth, turned).tolist() == [0, 0]
    assert value("f1", truth, turned).tolist() == [0, 0]


def test_what_is_not_defined_is_nan():
    truth, found = proportions(0), proportions(1)
    truth[:, 0] = 0
    for name in ("pearson_type", "auroc", "f1", "ssim"):
        assert np.isnan(value(name, truth, found)[0]), name
        assert not np.isnan(value(name, truth, found)[1:]).any(), name


def test_windows_of_ssim_are_three_by_three_on_a_grid():
    sizes = np.diff(Windows.around(GRID).shares.indptr).reshape(6, 5)
    assert (sizes[1:-1, 1:-1] == 9).all()
    assert sizes[0, 0] == 4 and sizes[0, 1] == 6


def test_ssim_of_a_window_by_hand():
    truth, found = proportions(2), proportions(3)
    near = np.abs(GRID - GRID[7]).max(axis=1) <= 1
    a, b = truth[near, 0], found[near, 0]
    c1, c2 = 1e-4, 9e-4
    light = (2 * a.mean() * b.mean() + c1) / (a.mean() ** 2 + b.mean() ** 2 + c1)
    shape = (2 * np.cov(a, b, ddof=0)[0, 1] + c2) / (a.var() + b.var() + c2)
    assert Windows.around(GRID).similarity(truth, found)[7, 0] == pytest.approx(light * shape)


@given(st.integers(0, 10_000), st.integers(2, 7))
def test_the_truth_itself_has_the_best_score(seed, types):
    truth = proportions(seed, types)
    for name, metric in metrics_on(GRID).items():
        made = metric(truth, truth, ONE)
        assert np.allclose(made[~np.isnan(made)], METRICS[name].best, atol=1e-7), name


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_the_order_of_the_spots_does_not_matter(seed, other):
    truth, found = proportions(seed), proportions(other)
    order = np.random.default_rng(seed).permutation(len(GRID))
    for name, metric in metrics_on(GRID).items():
        moved = metrics_on(GRID[order])[name](truth[order], found[order], ONE)
        assert np.allclose(metric(truth, found, ONE), moved, equal_nan=True), name


@given(st.integers(0, 10_000))
def test_a_weight_counts_a_spot_that_often(seed):
    """But for SSIM, whose windows are those of the whole tissue."""
    truth, found = proportions(seed), proportions(seed + 1)
    drawn = np.random.default_rng(seed).integers(0, len(GRID), len(GRID))
    weights = np.bincount(drawn, minlength=len(GRID))[None].astype(float)
    for name, metric in metrics_on(GRID).items():
        if name != "ssim":
            made = metric(truth, found, weights)
            again = metric(truth[drawn], found[drawn], ONE)
            assert np.allclose(made, again, equal_nan=True, atol=1e-6), name


def table(values: np.ndarray, types: str = "abcd") -> pd.DataFrame:
    return pd.DataFrame(values, columns=list(types))


def test_scores_hold_every_metric_with_an_interval_around_the_mean():
    truth = table(proportions(0))
    found = {0: table(proportions(1)), 1: truth * 0.5 + table(proportions(2)) * 0.5}
    made = scores(truth, found, GRID)
    means = made[made["type"] == ALL_TYPES].set_index("metric")
    assert list(means.index) == list(METRICS)
    assert (means["low"] <= means["mean"]).all() and (means["mean"] <= means["high"]).all()
    assert (means["low"] < means["high"]).all()
    assert set(made["n_seeds"]) == {2} and means["sd_seeds"].notna().all()
    again = scores(truth, found, GRID)
    pd.testing.assert_frame_equal(made, again)


def test_types_that_one_side_lacks_count_as_zero():
    truth = table(proportions(0))
    found = truth.rename(columns={"d": "e"})
    made = scores(truth, {0: found}, GRID).set_index(["metric", "type"])["mean"]
    assert made["rmse_type", "d"] == made["rmse_type", "e"] > 0
    assert made["pearson_type", "d"] == 0 and np.isnan(made["pearson_type", "e"])
    assert made["pearson_type", "a"] == pytest.approx(1)


def test_a_type_in_a_few_spots_is_scored_by_itself_only():
    truth = table(proportions(0))
    truth["d"] = [0.0] * 26 + [0.5] * 4
    truth.loc[3, "a"] = 1.0  # had been all d
    truth = truth.div(truth.sum(axis=1), axis=0)
    made = scores(truth, {0: table(proportions(1))}, GRID).set_index(["metric", "type"])["mean"]
    for metric in ("pearson_type", "auroc", "f1", "ssim"):
        assert made[metric, ALL_TYPES] == pytest.approx(made[metric][list("abc")].mean())
    assert not np.isnan(made["pearson_type", "d"])
    assert made["rmse_type", ALL_TYPES] == pytest.approx(made["rmse_type"][list("abcd")].mean())
