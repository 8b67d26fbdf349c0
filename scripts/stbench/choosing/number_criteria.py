"""Criteria that compare numbers of domains without true labels. Higher is better.

Points are usually the smoothed components of ``stbench.clustering.selection``. Every criterion
gives a curve over the numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from stbench.choosing.silhouette import silhouette
from stbench.clustering.algorithms import cluster_labels
from stbench.common.constants import Clusterer
from stbench.scoring.agreement import mean_agreement

SEEDS, RESAMPLES, GAP, SILHOUETTE, BIC = "seeds", "resamples", "gap", "silhouette", "bic"
CRITERIA = {
    SEEDS: "agreement between training seeds",
    RESAMPLES: "agreement between resamples",
    GAP: "gap statistic",
    SILHOUETTE: "silhouette",
    BIC: "BIC of a Gaussian mixture",
}
SHARE = 0.8  # of the cells in a resample
N_RESAMPLES = 20
N_REFERENCES = 10  # data without clusters, for the gap


def curves(
    points: np.ndarray, numbers: Sequence[int], of_seeds: Sequence[Sequence[np.ndarray]] = ()
) -> pd.DataFrame:
    """Every criterion at every number of domains.

    Args:
        points: (n_cells, d).
        numbers: numbers of domains, ascending, each below the number of cells.
        of_seeds: for each number of domains and each method that trains: the labels (n_seeds,
            n_cells) of its training seeds. Empty: the criterion is left out.

    Returns:
        Columns ``criterion``, ``n_domains``, ``value`` and ``error`` (the standard error of the
        gap; else NaN).
    """
    labelings = [_labels(points, k, "kmeans20") for k in numbers]
    gaps, errors = gap(points, numbers)
    found = {
        RESAMPLES: [resample_agreement(points, k) for k in numbers],
        GAP: gaps,
        SILHOUETTE: [silhouette(points, labels) for labels in labelings],
        BIC: [mixture_bic(points, labels) for labels in labelings],
    }
    if any(len(methods) for methods in of_seeds):
        found = {SEEDS: [seed_agreement(methods) for methods in of_seeds], **found}
    tables = [
        pd.DataFrame({"criterion": name, "n_domains": numbers, "value": values, "error": np.nan})
        for name, values in found.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    table.loc[table["criterion"] == GAP, "error"] = errors
    return table


def seed_agreement(methods: Sequence[np.ndarray]) -> float:
    """Mean over methods of the mean ARI between their training seeds; NaN without any pair.

    Args:
        methods: of each method the labels (n_seeds, n_cells) into one number of domains.
    """
    known = [value for rows in methods if not np.isnan(value := mean_agreement(list(rows)))]
    return float(np.mean(known)) if known else np.nan


def resample_agreement(points: np.ndarray, n_domains: int) -> float:
    """Mean ARI between clusterings of random 80 % of the cells, on the cells that two have.

    The resamples are the same for every number. Each gets one start of k-means, so that an
    optimum that depends on the start is disagreement, too. The idea is that of consensus
    clustering (Monti et al., Machine Learning 2003).
    """
    rng = np.random.default_rng(0)
    n_cells = len(points)
    rows = np.full((N_RESAMPLES, n_cells), -1)
    for seed, row in enumerate(rows):
        cells = np.sort(rng.permutation(n_cells)[: round(SHARE * n_cells)])
        result = cluster_labels(points[cells], n_domains, "kmeans", seed)
        if result.labels is None:
            return np.nan
        row[cells] = result.labels
    return mean_agreement(list(rows))


def gap(points: np.ndarray, numbers: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """The gap statistic of Tibshirani et al. (JRSS B 2001) and its standard error, (n_numbers,).

    The expected log dispersion within clusters of points without clusters (uniform in the box of
    the principal axes) minus that of the data.
    """
    rng = np.random.default_rng(0)
    centered = points - points.mean(axis=0)
    rotated = centered @ np.linalg.svd(centered, full_matrices=False)[2].T
    box = rotated.min(axis=0), rotated.max(axis=0)
    references = [rng.uniform(*box, size=rotated.shape) for _ in range(N_REFERENCES)]
    null = np.array([[_log_dispersion(one, k) for one in references] for k in numbers])
    data = np.array([_log_dispersion(rotated, k) for k in numbers])
    return null.mean(axis=1) - data, null.std(axis=1) * np.sqrt(1 + 1 / N_REFERENCES)


def mixture_bic(points: np.ndarray, labels: np.ndarray) -> float:
    """BIC of a Gaussian mixture with one shared full covariance, started at these labels.

    With the sign of mclust: 2 log-likelihood - parameters x log(cells), in units of the largest
    spread of a column, as covariances are regularized by an absolute number. NaN if there are too
    few cells for a covariance.
    """
    from sklearn.mixture import GaussianMixture

    n_domains = int(labels.max()) + 1
    if len(points) - n_domains < points.shape[1]:
        return np.nan
    points = points.astype(np.float64)
    points /= points.std(axis=0).max() or 1.0
    model = GaussianMixture(
        n_domains,
        covariance_type="tied",
        means_init=np.stack([points[labels == k].mean(axis=0) for k in range(n_domains)]),
        weights_init=np.bincount(labels) / len(labels),
        random_state=0,
    )
    return -float(model.fit(points).bic(points))


def _log_dispersion(points: np.ndarray, n_domains: int) -> float:
    labels = _labels(points, n_domains, "kmeans")
    members = (labels == np.arange(labels.max() + 1)[:, None]).astype(float)
    centers = members @ points / members.sum(axis=1, keepdims=True)
    return float(np.log(((points - centers[labels]) ** 2).sum()))


def _labels(points: np.ndarray, n_domains: int, clusterer: Clusterer) -> np.ndarray:
    labels = cluster_labels(points, n_domains, clusterer).labels
    assert labels is not None, "more domains than cells"
    return labels
