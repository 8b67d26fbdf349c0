"""Links of a cell graph that are held out, and as many pairs of cells that are not linked."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stbench.common.errors import NotApplicableError


class HeldOut(NamedTuple):
    """Undirected pairs of cells, each int64 with two columns.

    Attributes:
        train: links to train on, in the order of the graph.
        linked: links held out, in the order drawn.
        unlinked: pairs of the graph's non-links, as many.
    """

    train: np.ndarray
    linked: np.ndarray
    unlinked: np.ndarray


def split_links(links: np.ndarray, share: float, order: np.ndarray) -> tuple[np.ndarray, ...]:
    """Links (m, 2) to train on, and those held out: the first floor(share * m) of ``order``."""
    held = order[: int(share * len(links))]
    return np.delete(links, held, axis=0), links[held]


def accept_unlinked(drawn: np.ndarray, links: np.ndarray, n: int) -> np.ndarray:
    """Of drawn ordered pairs (d, 2) those of two cells that are not linked, the first of each."""

    def keys(pairs: np.ndarray) -> np.ndarray:
        pairs = pairs.astype(np.int64)
        return pairs.min(axis=1) * n + pairs.max(axis=1)

    first = np.zeros(len(drawn), dtype=bool)
    first[np.unique(keys(drawn), return_index=True)[1]] = True
    apart = drawn[:, 0] != drawn[:, 1]
    return drawn[first & apart & ~np.isin(keys(drawn), keys(links))]


def hold_out(links: np.ndarray, n: int, share: float, rng: np.random.Generator) -> HeldOut:
    """Hold out a share of the links (m, 2) of n cells and draw as many non-links, uniformly.

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
