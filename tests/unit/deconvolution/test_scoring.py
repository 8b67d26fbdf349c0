"""Intervals of scores: how often they contain the expected score, in simulated tissues."""

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter

from stbench.deconvolution.metrics import METRICS
from stbench.deconvolution.scoring import ALL_TYPES, mean_of_seeds, scores
from stbench.scoring.block_draws import BlockDraws

SIDE, TYPES, TISSUES = 20, 3, 150
GRID = np.array([(x, y) for x in range(SIDE) for y in range(SIDE)], dtype=float)


def smooth(rng, width):
    """A random map for each type, (spots, types), of variance 1."""
    noise = rng.normal(size=(TYPES, SIDE + 16, SIDE + 16))
    maps = noise if width == 0 else gaussian_filter(noise, (0, width, width))
    maps = maps[:, 8:-8, 8:-8].reshape(TYPES, -1).T
    return maps if width == 0 else maps * 2 * np.sqrt(np.pi) * width


def shares(maps):
    return np.exp(maps) / np.exp(maps).sum(axis=1, keepdims=True)


def covered(metric, width):
    """How often the interval contains the expected score: ours, and that of single spots."""
    rng = np.random.default_rng(0)
    blocks = BlockDraws.of(GRID)
    spots = rng.multinomial(len(GRID), np.full(len(GRID), 1 / len(GRID)), 300).astype(float)
    means, ends, old = [], [], []
    for _ in range(TISSUES):
        maps = 1.5 * smooth(rng, width)
        tissue = shares(maps), shares(maps + smooth(rng, width))
        score = METRICS[metric](*tissue, np.ones((1, len(GRID)))).mean()
        se_spots = blocks.variance(METRICS[metric](*tissue, blocks.weights).mean(axis=1)) ** 0.5
        mean, low, high, _ = mean_of_seeds(metric, np.array([score]), se_spots, blocks.n_large)
        means.append(mean)
        ends.append((low, high))
        old.append(np.quantile(METRICS[metric](*tissue, spots).mean(axis=1), [0.025, 0.975]))
    expected = np.mean(means)
    return [np.mean([low <= expected <= high for low, high in each]) for each in (ends, old)]


@pytest.mark.parametrize("metric", ["pearson_type", "rmse_spot"])
def test_intervals_contain_the_expected_score_where_neighbors_have_similar_errors(metric):
    blocks, single_spots = covered(metric, 1)
    assert blocks >= 0.90
    assert single_spots < 0.75


def test_intervals_contain_the_expected_score_where_spots_are_independent():
    assert covered("rmse_spot", 0)[0] >= 0.93


def table(rng, width=1):
    return pd.DataFrame(shares(smooth(rng, width)), columns=list("abc"))


def means_of(rows):
    """Rows of metrics that are defined: no type is absent from any spot, so AUROC is not."""
    return rows[rows["type"] == ALL_TYPES].set_index("metric").drop("auroc")


def test_seeds_that_differ_widen_the_interval():
    rng = np.random.default_rng(0)
    truth, found, other = table(rng), table(rng), table(rng)
    made = {
        name: means_of(scores(truth, predicted, GRID))
        for name, predicted in {
            "one": {0: found},
            "same": {0: found, 1: found},
            "other": {0: found, 1: 0.5 * truth + 0.5 * other},
        }.items()
    }
    widths = {name: rows["high"] - rows["low"] for name, rows in made.items()}
    assert widths["same"].to_numpy() == pytest.approx(widths["one"].to_numpy())
    assert (widths["other"] > widths["same"]).all()
    assert made["one"]["sd_seeds"].isna().all() and (made["same"]["sd_seeds"] == 0).all()


def test_ends_stay_inside_the_range_of_the_metric():
    truth = table(np.random.default_rng(0))
    nearly = {seed: truth * (1 - share) + share / 3 for seed, share in enumerate((0.0, 0.3))}
    rows = means_of(scores(truth, nearly, GRID))
    assert rows.loc["pearson_type", "high"] == 1 and rows.loc["rmse_spot", "low"] == 0
