"""Scorers that learn nothing about pairs: what a learned cell graph has to beat.

All are functions of candidate pairs, (m,) scores, the larger the likelier to interact. What is
gathered per pair is done in blocks: memory is linear in pairs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from stbench.graphs.neighbors import candidate_pairs, knn_pairs
from stbench.interactions.candidate_pairs import Candidates

_VALUES_AT_ONCE = 4_000_000
KNN = 5
FORMULA = ("adj_weight", "gamma", "k")  # parameters of a score that mixes likeness and distance


def distance(candidates: Candidates) -> np.ndarray:
    """The nearer the likelier."""
    return -candidates.distances.astype(np.float64)


def cosine(features: np.ndarray | sp.spmatrix, candidates: Candidates) -> np.ndarray:
    """Likeness of two cells: the cosine of their rows; 0 for a cell whose row is zero.

    Args:
        features: (n, d), log-normalized expression or components.
        candidates: the pairs.
    """
    if sp.issparse(features):
        rows: Any = sp.csr_matrix(features, dtype=np.float64)
        norms = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    else:
        rows = np.asarray(features, dtype=np.float64)
        norms = np.linalg.norm(rows, axis=1)
    first, second = candidates.pairs.T
    scores = np.empty(len(candidates))
    step = max(_VALUES_AT_ONCE // max(rows.shape[1], 1), 1)
    for start in range(0, len(candidates), step):
        block = slice(start, start + step)
        one, other = rows[first[block]], rows[second[block]]
        if sp.issparse(rows):
            scores[block] = np.asarray(one.multiply(other).sum(axis=1)).ravel()
        else:
            scores[block] = np.einsum("ij,ij->i", one, other)
    lengths = norms[first] * norms[second]
    return np.divide(scores, lengths, out=np.zeros_like(scores), where=lengths > 0)


def knn(coords: np.ndarray, candidates: Candidates) -> np.ndarray:
    """1 for pairs of the symmetric graph of the 5 nearest cells, 0 for others."""
    numbers = np.array([candidates.n_cells, 1])
    return np.isin(candidates.pairs @ numbers, knn_pairs(coords, KNN) @ numbers).astype(float)


def permuted(scores: np.ndarray, seed: int, stratum: np.ndarray | None = None) -> np.ndarray:
    """Learned scores, permuted among the candidates, or among those of the same stratum."""
    rng = np.random.default_rng(seed)
    if stratum is None:
        return rng.permutation(scores)
    drawn = np.lexsort((rng.random(len(scores)), stratum))
    mixed = np.empty_like(scores)
    mixed[np.argsort(stratum, kind="stable")] = scores[drawn]
    return mixed


def cells_and_distance(scores: np.ndarray, candidates: Candidates, near: np.ndarray) -> np.ndarray:
    """What learned scores say by their two cells and by distance alone, without the pair.

    The least-squares fit of a sum of one value for each cell and one for each bin of distance. It
    has the mean score of every cell and of every bin, which rewiring that keeps degrees and
    distances keeps, too.

    Args:
        scores: (m,) learned.
        candidates: the pairs.
        near: (m,) bins of distance.
    """
    from scipy.sparse.linalg import lsqr

    m, n = len(scores), candidates.n_cells
    rows = np.tile(np.arange(m), 3)
    columns = np.concatenate([*candidates.pairs.T, n + near])
    design = sp.csr_matrix((np.ones(3 * m), (rows, columns)), shape=(m, n + int(near.max()) + 1))
    center = scores.mean()
    return center + design @ lsqr(design, scores - center, atol=1e-8, btol=1e-8)[0]


def type_pair(
    types: np.ndarray, triples: Mapping[str, np.ndarray], candidates: Candidates
) -> np.ndarray:
    """1 if the types of the two cells are those of a planted triple, 0 otherwise.

    It gets the interacting types, which methods do not, but neither positions nor expression.

    Args:
        types: (n,) names of cell types.
        triples: ``uns['true_triples']``.
        candidates: the pairs.
    """
    scores = np.zeros(len(candidates))
    for sender, receiver in zip(triples["sender_type"], triples["receiver_type"], strict=True):
        for one, other in (candidates.pairs.T, candidates.pairs.T[::-1]):
            scores[(types[one] == sender) & (types[other] == receiver)] = 1
    return scores


def type_pair_distance(
    types: np.ndarray, triples: Mapping[str, np.ndarray], candidates: Candidates
) -> np.ndarray:
    """Pairs of interacting types first, each group by distance, near pairs first.

    Args:
        types, triples, candidates: as of ``type_pair``.
    """
    near = 1 - candidates.distances / (2 * candidates.distances.max())
    return type_pair(types, triples, candidates) + near.astype(np.float64)


def ligand_receptor(
    expression: sp.spmatrix,
    genes: np.ndarray,
    triples: Mapping[str, np.ndarray],
    candidates: Candidates,
) -> np.ndarray:
    """Mean over the planted pairs of genes of ligand times receptor, the larger direction.

    It gets the interacting genes, which methods do not, but neither types nor positions.

    Args:
        expression: (n, genes) log-normalized.
        genes: (genes,) names.
        triples: ``uns['true_triples']``.
        candidates: the pairs.
    """
    number = {gene: i for i, gene in enumerate(genes)}
    columns = sp.csc_matrix(expression)
    ligands, receptors = (
        columns[:, [number[gene] for gene in triples[role]]].toarray()
        for role in ("ligand", "receptor")
    )
    one, other = candidates.pairs.T
    directions = [(ligands[a] * receptors[b]).mean(axis=1) for a, b in ((one, other), (other, one))]
    return np.maximum(*directions).astype(np.float64)


def means_of_found_types(components: np.ndarray, n_types: int) -> np.ndarray:
    """Components of every cell's type, the types being found by k-means (10 starts)."""
    from sklearn.cluster import KMeans

    clusters = KMeans(n_types, n_init=10, random_state=0).fit(components)
    return clusters.cluster_centers_[clusters.labels_]


def formula(
    components: np.ndarray, coords: np.ndarray, params: Mapping[str, Any], candidates: Candidates
) -> np.ndarray:
    """STAGUE's edge score with principal components instead of the learned embedding.

    ``w max(0, cos) + (1 - w) exp(-gamma (d / cut)^2)`` with the method's own w, gamma and k; pairs
    beyond its cutoff score 0, as in its graph.

    Args:
        components: (n, d) principal components.
        coords: (n, 2) positions.
        params: of the method; those in ``FORMULA`` are used.
        candidates: the pairs.
    """
    cut = candidate_pairs(coords, params["k"], bool(params.get("sparse_learner"))).cut
    weight = params["adj_weight"]
    near = np.exp(-params["gamma"] * np.square(candidates.distances / np.float32(cut)))
    scores = weight * np.maximum(cosine(components, candidates), 0) + (1 - weight) * near
    return np.where(candidates.distances <= cut, scores, 0.0)
