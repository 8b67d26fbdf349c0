"""Agreement of predicted with true domains. Labels may be of any type that numpy can compare.

All metrics are 1 for identical partitions, and do not change if labels are renamed. The caller
excludes cells without a true label. Definitions are those of scikit-learn. ``METRICS`` includes
those of ``stbench.scoring.spatial_metrics``, which need positions and no truth.
"""

from __future__ import annotations

import numpy as np

from stbench.common.metric import Metric, by_name
from stbench.scoring.spatial_metrics import SPATIAL_METRICS


def contingency(true: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Number of cells for each pair of labels: (n_true, n_predicted) int64."""
    true_names, true_codes = np.unique(true, return_inverse=True)
    names, codes = np.unique(predicted, return_inverse=True)
    pairs = true_codes * len(names) + codes
    return np.bincount(pairs, minlength=len(true_names) * len(names)).reshape(-1, len(names))


def ari(true: np.ndarray, predicted: np.ndarray) -> float:
    """Adjusted Rand index: agreement over pairs of cells, 0 for chance, 1 for identical."""
    table = contingency(true, predicted)
    # Python integers, because products of numbers of pairs exceed the range of int64.
    together = _pairs(table)
    in_true, in_predicted = _pairs(table.sum(axis=1)), _pairs(table.sum(axis=0))
    all_pairs = _pairs(table.sum())
    if in_true == in_predicted == together:
        return 1.0  # also if both have a single domain, or a domain for every cell
    chance = in_true * in_predicted
    return (all_pairs * together - chance) / (all_pairs * (in_true + in_predicted) / 2 - chance)


def ami(true: np.ndarray, predicted: np.ndarray) -> float:
    """Mutual information adjusted for chance, over the arithmetic mean of the entropies."""
    from sklearn.metrics import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(true, predicted))


def nmi(true: np.ndarray, predicted: np.ndarray) -> float:
    """Mutual information over the arithmetic mean of the entropies."""
    from sklearn.metrics import normalized_mutual_info_score

    return float(normalized_mutual_info_score(true, predicted))


def homogeneity(true: np.ndarray, predicted: np.ndarray) -> float:
    """1 - H(true | predicted) / H(true): 1 if each predicted domain is in one true domain."""
    from sklearn.metrics import homogeneity_score

    return float(homogeneity_score(true, predicted))


def completeness(true: np.ndarray, predicted: np.ndarray) -> float:
    """1 - H(predicted | true) / H(predicted): homogeneity with exchanged arguments."""
    return homogeneity(predicted, true)


def v_measure(true: np.ndarray, predicted: np.ndarray) -> float:
    """Harmonic mean of homogeneity and completeness."""
    from sklearn.metrics import v_measure_score

    return float(v_measure_score(true, predicted))


def _pairs(counts: np.ndarray) -> int:
    return int((counts * (counts - 1) // 2).sum())


_VINH = "Vinh et al., Journal of Machine Learning Research 2010"
_ROSENBERG = "Rosenberg and Hirschberg, EMNLP-CoNLL 2007"
# Arguments: true and predicted labels (n_cells,) of the cells with a true label.
TRUTH_METRICS = by_name(
    Metric("ARI", "ARI", ari, "Hubert and Arabie, Journal of Classification 1985", low=-0.5),
    Metric("AMI", "AMI", ami, _VINH, low=-1),
    Metric("NMI", "NMI", nmi, _VINH),
    Metric("homogeneity", "homogeneity", homogeneity, _ROSENBERG),
    Metric("completeness", "completeness", completeness, _ROSENBERG),
    Metric("V", "V measure", v_measure, _ROSENBERG),
)
METRICS = {**TRUTH_METRICS, **SPATIAL_METRICS}
