"""A scorer that is trained on half of the truth: how much of it expression and distance hold."""

from __future__ import annotations

import numpy as np

from stbench.graphs.neighbors import knn
from stbench.interactions.candidate_pairs import Candidates

_COMPONENTS, _NEIGHBORS = 20, 6


def supervised(
    components: np.ndarray, coords: np.ndarray, candidates: Candidates, truth: np.ndarray
) -> np.ndarray:
    """Held-out probabilities of a logistic regression, (m,).

    The features of a pair are its distance, and for the first components of the cells and of the
    means of their nearest cells (as in BANKSY) the product and the absolute difference of the two
    cells. The tissue is cut into two halves; the pairs of each half are scored by a model of the
    other, where a pair belongs to the half of its first cell.

    Args:
        components: (n, d) principal components.
        coords: (n, 2) positions.
        candidates: the pairs.
        truth: (m,) bool, which of them interact.

    Returns:
        Probabilities; the share of true pairs in a half whose model has no true or no false pair to
        learn from.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    own = np.asarray(components[:, :_COMPONENTS], dtype=np.float64)
    around = own[knn(coords, _NEIGHBORS)[1]].mean(axis=1)
    cells = np.hstack([own, around]) / own.std()
    one, other = candidates.pairs.T
    features = np.hstack(
        [
            candidates.distances[:, None],
            cells[one] * cells[other],
            np.abs(cells[one] - cells[other]),
        ]
    )
    left = coords[one, 0] < np.median(coords[:, 0])
    scores = np.full(len(truth), truth.mean())
    for half in (left, ~left):
        if 0 < truth[~half].sum() < (~half).sum():
            model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
            model.fit(features[~half], truth[~half])
            scores[half] = model.predict_proba(features[half])[:, 1]
    return scores
