"""How well scores of pairs of cells tell the pairs that interact, undirected, ties counted fairly.

Learned graphs are symmetric, so a pair counts once, whoever of the two sends. Where scores are tied
(a kNN graph has two values) the metrics are those expected when ties are broken by chance; the area
under the precision-recall curve is scikit-learn's average precision, which takes ties as one step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

METRICS = ("AUROC", "AUPRC", "precision", "odds_ratio")
PERMUTED_TRUTH = "AUROC_permuted_truth"
_PERMUTATIONS = 20


def true_pairs(interactions: sp.spmatrix, pairs: np.ndarray) -> np.ndarray:
    """Which of the pairs (m, 2) interact, (m,) bool, by ``obsp['true_interactions']``."""
    return np.asarray(sp.csr_matrix(interactions)[pairs[:, 0], pairs[:, 1]]).ravel() > 0


def truth_scores(truth: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """The metrics of one scorer.

    Args:
        truth: (m,) bool; at least one pair interacts and one does not.
        scores: (m,) finite, the larger the likelier; only their order counts.

    Returns:
        ``AUROC`` (.5: chance, 1: perfect), ``AUPRC`` (chance: the share of true pairs),
        ``precision`` (share of true pairs among as many top pairs as there are true ones) and
        ``odds_ratio`` (odds of being true at the top over those of the rest; one half is added to
        each count, as Haldane did, so that it is always finite).

    Raises:
        ValueError: no true pair, no false one, or scores that are not finite.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    n_true = int(truth.sum())
    if n_true in (0, len(truth)) or not np.isfinite(scores).all():
        raise ValueError(f"{n_true} of {len(truth)} pairs are true, or scores are not finite")
    hits = expected_hits(truth, scores, n_true)
    missed = n_true - hits
    rejected = len(truth) - n_true - missed
    return {
        "AUROC": float(roc_auc_score(truth, scores)),
        "AUPRC": float(average_precision_score(truth, scores)),
        "precision": hits / n_true,
        "odds_ratio": (hits + 0.5) * (rejected + 0.5) / (missed + 0.5) ** 2,
    }


def expected_hits(truth: np.ndarray, scores: np.ndarray, n: int) -> float:
    """True pairs among the n with the highest scores; ties at the border count by their share."""
    border = np.partition(scores, len(scores) - n)[len(scores) - n]
    above, tied = scores > border, scores == border
    return float(truth[above].sum() + (n - above.sum()) * truth[tied].mean())


def permuted_truth_auroc(truth: np.ndarray, scores: np.ndarray, seed: int) -> float:
    """Mean AUROC against truth that is dealt out anew: .5 unless the scoring itself is fooled."""
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(seed)
    found = [roc_auc_score(rng.permutation(truth), scores) for _ in range(_PERMUTATIONS)]
    return float(np.mean(found))


def true_genes(triples: Mapping[str, Any]) -> dict[str, set[str]]:
    """The genes of ``uns['true_triples']`` by role, and under ``gene`` all of them."""
    columns = {"ligand": "ligand", "receptor": "receptor", "target": "targets"}
    roles = {role: set(np.ravel(triples[column]).tolist()) for role, column in columns.items()}
    return {**roles, "gene": set().union(*roles.values())}


def gene_recall(ranked: Sequence[str], triples: Mapping[str, Any]) -> dict[str, float]:
    """Share of true ligands, receptors and targets among the top genes, and of all three.

    Args:
        ranked: genes, those that matter most first.
        triples: ``uns['true_triples']``. As many genes are the top as there are true ones.
    """
    roles = true_genes(triples)
    top = set(ranked[: len(roles["gene"])])
    return {f"recall_{role}": len(top & genes) / len(genes) for role, genes in roles.items()}
