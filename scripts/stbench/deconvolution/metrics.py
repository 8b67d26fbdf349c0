"""Metrics of proportions against the truth: pure functions of both and of weights of the spots.

With weights (draws, spots) a metric is computed once per row of weights. Bootstrap draws use this:
a weight is the number of times that a spot was drawn. Arrays are (spots, types); results are
(draws, types) for metrics of maps and (draws, 1) for metrics that are means over spots. NaN is an
undefined value: a type with the same proportion in all spots has no correlation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.spatial import cKDTree

from stbench.common.metric import Metric, by_name

PRESENT = 0.05  # share from which a type counts as present in F1
REACH = (
    1.5  # radius of an SSIM window in grid steps: 3 x 3 spots of a square grid, 7 of a hexagonal
)
SSIM_C1, SSIM_C2 = 0.01**2, 0.03**2  # Wang et al., IEEE TIP 2004, for values from 0 to 1


def pearson_of_types(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Pearson's correlation over spots, (draws, types); 0 for a flat map where the truth varies."""
    share = weights / weights.sum(axis=1, keepdims=True)
    # Centered first, so that the variance of a flat map is zero up to rounding.
    truth, predicted = truth - truth.mean(axis=0), predicted - predicted.mean(axis=0)
    mean_truth, mean_predicted = share @ truth, share @ predicted
    covariance = share @ (truth * predicted) - mean_truth * mean_predicted
    varies = share @ truth**2 - mean_truth**2
    moves = share @ predicted**2 - mean_predicted**2
    return _correlation(covariance, varies, moves)


def pearson_of_spots(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Pearson's correlation over types, averaged over spots, (draws, 1)."""
    truth = truth - truth.mean(axis=1, keepdims=True)
    predicted = predicted - predicted.mean(axis=1, keepdims=True)
    one = _correlation(
        (truth * predicted).mean(axis=1), (truth**2).mean(axis=1), (predicted**2).mean(axis=1)
    )
    return _mean_over_spots(one, weights)


def rmse_of_types(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Root mean squared error over spots, (draws, types)."""
    share = weights / weights.sum(axis=1, keepdims=True)
    return np.sqrt(share @ (truth - predicted) ** 2)


def rmse_of_spots(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Root mean squared error over types, averaged over spots, (draws, 1)."""
    return _mean_over_spots(np.sqrt(((truth - predicted) ** 2).mean(axis=1)), weights)


def jensen_shannon(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Jensen-Shannon divergence in bits (0 to 1), averaged over spots, (draws, 1)."""
    middle = (truth + predicted) / 2

    def bits_to_middle(values: np.ndarray) -> np.ndarray:
        ratio = np.divide(values, middle, out=np.ones_like(values), where=values > 0)
        return (values * np.log2(ratio)).sum(axis=1)

    return _mean_over_spots((bits_to_middle(truth) + bits_to_middle(predicted)) / 2, weights)


def auroc_of_types(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """AUROC of a type's proportion for the spots with any cell of it, (draws, types).

    NaN if a type is in all spots or in none.
    """
    areas = np.full((len(weights), truth.shape[1]), np.nan)
    for j in range(truth.shape[1]):
        levels, level = np.unique(predicted[:, j], return_inverse=True)
        at_level = sp.csr_matrix(
            (np.ones(len(level)), (np.arange(len(level)), level)), (len(level), len(levels))
        )
        present = truth[:, j] > 0
        having = (weights * present) @ at_level
        lacking = (weights * ~present) @ at_level
        below = np.cumsum(lacking, axis=1) - lacking / 2  # equal values count half
        pairs = having.sum(axis=1) * lacking.sum(axis=1)
        np.divide((having * below).sum(axis=1), pairs, out=areas[:, j], where=pairs > 0)
    return areas


def f1_of_types(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """F1 of presence, 5 % of a spot or more, (draws, types); NaN if a type is in no spot."""
    present, called = truth >= PRESENT, predicted >= PRESENT
    both, either = weights @ (present & called), weights @ present + weights @ called
    scores = np.full(both.shape, np.nan)
    np.divide(2 * both, either, out=scores, where=(weights @ present) > 0)
    return scores


@dataclass(frozen=True)
class Windows:
    """The neighborhoods of SSIM: (spots, spots) CSR, a row holds equal weights that sum to one."""

    shares: sp.csr_matrix

    @classmethod
    def around(cls, coords: np.ndarray) -> Windows:
        """Each spot with all others within 1.5 grid steps, the median distance to the nearest."""
        tree = cKDTree(coords)
        step = np.median(tree.query(coords, 2)[0][:, 1])
        pairs = tree.query_pairs(REACH * step, output_type="ndarray")
        n = len(coords)
        half = sp.csr_matrix((np.ones(len(pairs)), pairs.T), (n, n))
        inside = half + half.T + sp.eye_array(n)
        sizes = np.asarray(inside.sum(axis=1)).ravel()
        return cls(sp.csr_matrix(sp.diags_array(1 / sizes) @ inside))

    def similarity(self, truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        """Structural similarity in the window of each spot, (spots, types)."""
        mean_truth, mean_predicted = self.shares @ truth, self.shares @ predicted
        covariance = self.shares @ (truth * predicted) - mean_truth * mean_predicted
        spread = self.shares @ (truth**2 + predicted**2) - mean_truth**2 - mean_predicted**2
        light = (2 * mean_truth * mean_predicted + SSIM_C1) / (
            mean_truth**2 + mean_predicted**2 + SSIM_C1
        )
        return light * (2 * covariance + SSIM_C2) / (spread + SSIM_C2)

    def ssim_of_types(
        self, truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        """Mean over spots, (draws, types); NaN for a type that the truth does not have."""
        share = weights / weights.sum(axis=1, keepdims=True)
        means = share @ self.similarity(truth, predicted)
        means[:, ~truth.any(axis=0)] = np.nan
        return means


_WANG = "Wang et al., IEEE Transactions on Image Processing 2004"
_FAWCETT = "Fawcett, Pattern Recognition Letters 2006"
_LI = "Li et al., Nature Methods 2022"  # a benchmark of deconvolution with these metrics
# Arguments: truth and predicted proportions, both (spots, types), and weights (draws, spots).
# ``metrics_on`` binds SSIM to the positions of the spots.
METRICS = by_name(
    Metric("pearson_type", "Pearson, per type", pearson_of_types, _LI, low=-1),
    Metric("pearson_spot", "Pearson, per spot", pearson_of_spots, _LI, low=-1),
    Metric("rmse_type", "RMSE, per type", rmse_of_types, _LI, higher_is_better=False),
    Metric("rmse_spot", "RMSE, per spot", rmse_of_spots, _LI, higher_is_better=False),
    Metric("jsd", "Jensen-Shannon divergence", jensen_shannon, _LI, higher_is_better=False),
    Metric("ssim", "SSIM of type maps", Windows.ssim_of_types, _WANG, low=-1),
    Metric("auroc", "AUROC of presence", auroc_of_types, _FAWCETT),
    Metric("f1", "F1 at 5 %", f1_of_types, "van Rijsbergen, Information Retrieval 1979"),
)


def metrics_on(coords: np.ndarray) -> dict[str, Callable[..., np.ndarray]]:
    """Every metric by name; maps are compared at the positions of the spots, (spots, 2)."""
    return {**METRICS, "ssim": Windows.around(coords).ssim_of_types}


def _correlation(covariance: np.ndarray, varies: np.ndarray, moves: np.ndarray) -> np.ndarray:
    rounding = 1e-12
    correlation = np.where(varies > rounding, 0.0, np.nan)
    scale = np.sqrt(np.maximum(varies, 0) * np.maximum(moves, 0))
    np.divide(covariance, scale, out=correlation, where=(varies > rounding) & (moves > rounding))
    return correlation


def _mean_over_spots(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean of (spots,) values for each draw, (draws, 1); NaN values are left out."""
    defined = ~np.isnan(values)
    totals = weights @ defined
    means = np.full(len(weights), np.nan)
    np.divide(weights @ np.where(defined, values, 0), totals, out=means, where=totals > 0)
    return means[:, None]
