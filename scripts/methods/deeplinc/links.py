"""Held-out links of a cell graph, how well inner products of an embedding separate them from
unlinked pairs, and the predicted graph."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from stbench.common.errors import NotApplicableError


class HeldOut(NamedTuple):
    """Undirected pairs of cells, each int64 with two columns.

    Attributes:
        train: links to train on, in the order of the graph.
        linked: held-out links, in the order drawn.
        unlinked: as many pairs that are not linked.
    """

    train: np.ndarray
    linked: np.ndarray
    unlinked: np.ndarray


def split_links(links: np.ndarray, share: float, order: np.ndarray) -> tuple[np.ndarray, ...]:
    """Links (m, 2) to train on, and the held-out ones: the first floor(share * m) of ``order``."""
    held = order[: int(share * len(links))]
    return np.delete(links, held, axis=0), links[held]


def accept_unlinked(drawn: np.ndarray, links: np.ndarray, n: int) -> np.ndarray:
    """Of drawn ordered pairs (d, 2), those of two unlinked cells; the first one of duplicates."""

    def keys(pairs: np.ndarray) -> np.ndarray:
        pairs = pairs.astype(np.int64)
        return pairs.min(axis=1) * n + pairs.max(axis=1)

    first = np.zeros(len(drawn), dtype=bool)
    first[np.unique(keys(drawn), return_index=True)[1]] = True
    apart = drawn[:, 0] != drawn[:, 1]
    return drawn[first & apart & ~np.isin(keys(drawn), keys(links))]


def hold_out(links: np.ndarray, n: int, share: float, rng: np.random.Generator) -> HeldOut:
    """Hold out a share of the links (m, 2) of n cells and draw as many unlinked pairs, uniformly.

    Raises:
        NotApplicableError: too few links to hold one out, or too few pairs that are not linked.
    """
    train, linked = split_links(links, share, rng.permutation(len(links)))
    missing = n * (n - 1) // 2 - len(links)
    if len(linked) == 0:
        raise NotApplicableError(f"holds out {share:g} of the links, this graph has {len(links)}")
    if missing < len(linked):
        raise NotApplicableError(
            f"needs {len(linked)} pairs of cells that are not linked, this graph has {missing}"
        )
    unlinked = drawn = np.empty((0, 2), dtype=np.int64)
    while len(unlinked) < len(linked):
        drawn = np.concatenate([drawn, rng.integers(n, size=(2 * len(linked) + 16, 2))])
        unlinked = accept_unlinked(drawn, links, n)
    return HeldOut(train, linked, unlinked[: len(linked)])


_THRESHOLDS = np.arange(0.01, 1, 0.005)
_BLOCK_VALUES = 2**22
_MOST_PAIRS = 50_000_000  # of a predicted graph: about 4 GB


class LinkScores(NamedTuple):
    """Area under the ROC curve and average precision; 1: every link ranks above all other pairs."""

    auroc: float
    ap: float


def pair_logits(embedding: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """(m,) float64 inner products of the embedding's rows (n, d) over pairs (m, 2)."""
    logits = np.empty(len(pairs))
    at_once = max(_BLOCK_VALUES // embedding.shape[1], 1)
    for start in range(0, len(pairs), at_once):
        some = pairs[start : start + at_once]
        left, right = (embedding[end].astype(np.float64) for end in (some[:, 0], some[:, 1]))
        logits[start : start + at_once] = (left * right).sum(axis=1)
    return logits


def random_pair_scores(embedding: np.ndarray, seed: int, per_cell: int = 10) -> np.ndarray:
    """Link probabilities of random pairs of different cells, (n * per_cell,): null scores."""
    from scipy.special import expit

    n = len(embedding)
    rng = np.random.default_rng(seed)
    one = np.repeat(np.arange(n), per_cell)
    other = (one + rng.integers(1, n, len(one))) % n
    return expit(pair_logits(embedding, np.column_stack([one, other])))


def link_scores(embedding: np.ndarray, linked: np.ndarray, unlinked: np.ndarray) -> LinkScores:
    """Rank held-out links (m, 2) among unlinked pairs (k, 2) by the embedding's inner products.

    The logits are ranked, not the probabilities: these round to 1, and the resulting ties would
    change the scores.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    truth = np.repeat([1, 0], [len(linked), len(unlinked)])
    scores = pair_logits(embedding, np.concatenate([linked, unlinked]))
    return LinkScores(
        float(roc_auc_score(truth, scores)), float(average_precision_score(truth, scores))
    )


def accuracies(
    embedding: np.ndarray, linked: np.ndarray, unlinked: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """DeepLinc's thresholds of the link probability and the share of correct pairs at each.

    Returns:
        thresholds, from .01 to .995, and accuracies, both (198,).
    """
    from scipy.special import expit

    yes, no = (expit(pair_logits(embedding, pairs)) for pairs in (linked, unlinked))
    right = (yes[:, None] > _THRESHOLDS).sum(axis=0) + (no[:, None] <= _THRESHOLDS).sum(axis=0)
    return _THRESHOLDS, right / (len(yes) + len(no))


def best_threshold(embedding: np.ndarray, linked: np.ndarray, unlinked: np.ndarray) -> float:
    """The first of the thresholds with the highest share of correct pairs."""
    thresholds, shares = accuracies(embedding, linked, unlinked)
    return float(thresholds[shares.argmax()])


def predicted_graph(
    embedding: np.ndarray, threshold: float, max_neighbors: int = 0
) -> sp.csr_matrix:
    """Link probabilities above a threshold, the logistic of the inner products; no loops.

    Args:
        embedding: (n, d).
        threshold: above 0, below 1.
        max_neighbors: each cell proposes at most this many links, its most probable ones; a pair is
            kept if one of its cells proposes it. 0: all, whose number may grow with the square of
            n.

    Returns:
        (n, n) CSR float32, symmetric.

    Raises:
        NotApplicableError: too many pairs are above the threshold.
    """
    from scipy.special import expit

    points, n = np.ascontiguousarray(embedding, dtype=np.float32), len(embedding)
    lowest = np.log(threshold / (1 - threshold))
    kept = min(max_neighbors, n - 1) or n - 1
    columns, values, counts, pairs = [], [], [], 0
    for start in range(0, n, max(_BLOCK_VALUES // n, 1)):
        block = points[start : start + max(_BLOCK_VALUES // n, 1)] @ points.T
        rows = np.arange(len(block))
        block[rows, start + rows] = -np.inf
        above = block > lowest
        if kept < n - 1:
            proposed = np.zeros_like(above)
            most = np.argpartition(block, n - kept, axis=1)[:, n - kept :]
            np.put_along_axis(proposed, most, True, axis=1)
            above &= proposed
        columns.append(above.nonzero()[1])
        values.append(expit(block[above]))
        counts.append(above.sum(axis=1))
        pairs += int(counts[-1].sum())
        if pairs > _MOST_PAIRS:
            raise NotApplicableError(
                f"predicts links from more than {_MOST_PAIRS} of the {n * n} pairs of cells; "
                "set max_neighbors to keep each cell's most probable ones"
            )
    begin = np.concatenate([[0], np.concatenate(counts).cumsum()])
    graph = sp.csr_matrix((np.concatenate(values), np.concatenate(columns), begin), shape=(n, n))
    return graph.maximum(graph.T).tocsr()


def learned_graph(
    code: np.ndarray, held_out: HeldOut, max_neighbors: int
) -> tuple[sp.csr_matrix, float]:
    """``predicted_graph`` of a code (n, d) with its ``best_threshold``, and that threshold."""
    threshold = best_threshold(code, held_out.linked, held_out.unlinked)
    return predicted_graph(code, threshold, max_neighbors), threshold
