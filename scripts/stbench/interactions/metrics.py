"""Metrics of scores of cell pairs against the pairs that interact.

Learned graphs are symmetric, so a pair counts once in both directions. If scores are tied (a kNN
graph has two values), metrics are the expected values under random order of ties. The area under
the precision-recall curve is scikit-learn's average precision, which treats ties as one step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np
import scipy.sparse as sp

from stbench.common.metric import Metric, by_name
from stbench.interactions.strata import SCHEMES, generator_for, permuted_within, within

_PERMUTATIONS = 20


def true_pairs(interactions: sp.spmatrix, pairs: np.ndarray) -> np.ndarray:
    """Whether each of the pairs (m, 2) interacts, (m,) bool, by ``obsp['true_interactions']``."""
    return np.asarray(sp.csr_matrix(interactions)[pairs[:, 0], pairs[:, 1]]).ravel() > 0


def truth_scores(truth: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """All ``METRICS`` of one scorer.

    Args:
        truth: (m,) bool; at least one pair interacts and one does not.
        scores: (m,) finite, larger for more likely pairs; only their order is used.

    Raises:
        ValueError: no true pair, no false one, or scores that are not finite.
    """
    n_true = int(truth.sum())
    if n_true in (0, len(truth)) or not np.isfinite(scores).all():
        raise ValueError(f"{n_true} of {len(truth)} pairs are true, or scores are not finite")
    return {name: metric(truth, scores) for name, metric in METRICS.items()}


def auroc(truth: np.ndarray, scores: np.ndarray) -> float:
    """Area under the receiver operating characteristic: .5 is chance, 1 is perfect."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, scores))


def auprc(truth: np.ndarray, scores: np.ndarray) -> float:
    """Average precision; chance is the share of true pairs."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(truth, scores))


def precision(truth: np.ndarray, scores: np.ndarray) -> float:
    """Share of true pairs among the top pairs, as many as there are true pairs."""
    n_true = int(truth.sum())
    return expected_hits(truth, scores, n_true) / n_true


def odds_ratio(truth: np.ndarray, scores: np.ndarray) -> float:
    """Odds of being true among these top pairs, divided by those of the rest.

    One half is added to each count (Haldane), so the ratio is always finite.
    """
    n_true = int(truth.sum())
    hits = expected_hits(truth, scores, n_true)
    missed = n_true - hits
    rejected = len(truth) - n_true - missed
    return (hits + 0.5) * (rejected + 0.5) / (missed + 0.5) ** 2


def expected_hits(truth: np.ndarray, scores: np.ndarray, n: int) -> float:
    """True pairs among the n with the highest scores; ties at the border count by their share."""
    border = np.partition(scores, len(scores) - n)[len(scores) - n]
    above, tied = scores > border, scores == border
    return float(truth[above].sum() + (n - above.sum()) * truth[tied].mean())


def permuted_truth_auroc(truth: np.ndarray, scores: np.ndarray, seed: int) -> float:
    """Mean AUROC against permuted truth: .5 if the scoring is not biased."""
    from scipy.stats import rankdata

    rng, ranks, n_true = generator_for(truth, seed), rankdata(scores), int(truth.sum())
    sums = [ranks[rng.permutation(truth)].sum() for _ in range(_PERMUTATIONS)]
    wins = np.mean(sums) - n_true * (n_true + 1) / 2
    return float(wins / (n_true * (len(truth) - n_true)))


def true_genes(triples: Mapping[str, Any]) -> dict[str, set[str]]:
    """The genes of ``uns['true_triples']`` by role, and under ``gene`` all of them."""
    columns = {"ligand": "ligand", "receptor": "receptor", "target": "targets"}
    roles = {role: set(np.ravel(triples[column]).tolist()) for role, column in columns.items()}
    return {**roles, "gene": set().union(*roles.values())}


def gene_recall(ranked: Sequence[str], triples: Mapping[str, Any]) -> dict[str, float]:
    """Share of true ligands, receptors and targets among the top genes, and of all three.

    A role without any true gene has no recall.

    Args:
        ranked: genes, the most important first.
        triples: ``uns['true_triples']``. The top genes are as many as the true genes.
    """
    roles = true_genes(triples)
    return {
        name: metric(ranked, roles)
        for name, metric in RECALLS.items()
        if roles[name.removeprefix("recall_")]
    }


def _recall(ranked: Sequence[str], roles: Mapping[str, set[str]], role: str) -> float:
    top = set(ranked[: len(roles["gene"])])
    return len(top & roles[role]) / len(roles[role])


def _within(
    truth: np.ndarray,
    scores: np.ndarray,
    strata: Mapping[str, np.ndarray],
    *,
    scheme: str,
    area: str,
) -> float:
    return within(truth, scores, _stratum(strata, scheme))[area]


def _permuted_within(
    truth: np.ndarray,
    scores: np.ndarray,
    strata: Mapping[str, np.ndarray],
    seed: int,
    *,
    scheme: str,
) -> float:
    return permuted_within(truth, scores, _stratum(strata, scheme), seed)


def _stratum(strata: Mapping[str, np.ndarray], scheme: str) -> np.ndarray:
    if scheme not in strata:
        raise ValueError("the cell types are not known")
    return strata[scheme]


_FAWCETT = "Fawcett, Pattern Recognition Letters 2006"
_DAVIS = "Davis and Goadrich, ICML 2006"
_HALDANE = "Haldane, Annals of Human Genetics 1956"
_OWN = "docs/planted-interactions.md"
# Arguments: which pairs are true, and the scores of the pairs, both (m,).
METRICS = by_name(
    Metric("AUROC", "AUROC", auroc, _FAWCETT),
    Metric("AUPRC", "AUPRC", auprc, _DAVIS),
    Metric("precision", "precision of the top pairs", precision, _DAVIS),
    Metric("odds_ratio", "odds ratio of the top pairs", odds_ratio, _HALDANE, high=math.inf),
)
_STRATA = {name: name.replace(" ", "_") for name in SCHEMES}
# Arguments: which pairs are true, scores, and the strata by scheme.
WITHIN = by_name(
    *(
        Metric(
            f"{area}_within_{short}",
            f"{area} within strata of {scheme}",
            partial(_within, scheme=scheme, area=area),
            source,
        )
        for scheme, short in _STRATA.items()
        for area, source in (("AUROC", _FAWCETT), ("AUPRC", _DAVIS))
    )
)
# They also take a seed.
PERMUTED_WITHIN = by_name(
    *(
        Metric(
            f"AUROC_within_{short}_permuted_truth",
            f"AUROC within strata of {scheme} against truth permuted within them",
            partial(_permuted_within, scheme=scheme),
            _FAWCETT,
        )
        for scheme, short in _STRATA.items()
    )
)
# It also takes a seed.
PERMUTED_TRUTH = Metric(
    "AUROC_permuted_truth", "AUROC against permuted truth", permuted_truth_auroc, _FAWCETT
)
# Argument: the report of a fit on edges that the method held out.
HELD_OUT = by_name(
    Metric("edge_AUROC", "AUROC of held-out edges", itemgetter("edge_auroc"), _FAWCETT),
    Metric("edge_AP", "average precision of held-out edges", itemgetter("edge_ap"), _DAVIS),
)
# Arguments: genes, the most important first, and the true genes by role.
RECALLS = by_name(
    *(
        Metric(f"recall_{role}", f"recall of true {role}s", partial(_recall, role=role), _OWN)
        for role in ("ligand", "receptor", "target", "gene")
    )
)
