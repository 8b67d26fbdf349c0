"""A trained graph as a function of expression, which a method provides to explain its edges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from stbench.common.errors import NotApplicableError


@dataclass(frozen=True)
class EdgeScorer:
    """Scores of some pairs of cells as a differentiable function of expression.

    A method whose graph can be explained has, in addition to ``fit``, ``edge_scorer(adata, params,
    weights, pairs) -> EdgeScorer`` for the undirected ``pairs`` (m, 2) of its graph.

    Attributes:
        genes: (g,) names of the columns that the method reads.
        expression: (n, g) its input.
        score: (n, g) -> (m,) scores of the pairs, in their order. All parameters and statistics
            from the real data are fixed.
    """

    genes: np.ndarray
    expression: Tensor
    score: Callable[[Tensor], Tensor]


def edge_scorer(
    method: Any,
    adata: Any,
    params: Mapping[str, Any],
    weights: Mapping[str, np.ndarray] | None,
    pairs: np.ndarray,
) -> EdgeScorer:
    """The scorer of a method's trained graph.

    Args:
        method: module of ``scripts/methods``.
        adata: the preprocessed dataset of the fit.
        params: parameters of the fit.
        weights: arrays of the fit's ``weights.npz``; None where there is none.
        pairs: (m, 2) undirected pairs of cells, edges of the learned graph.

    Raises:
        NotApplicableError: the method has no scorer, or the fit no weights.
    """
    name = method.__name__.rpartition(".")[2]
    make = getattr(method, "edge_scorer", None)
    if make is None:
        raise NotApplicableError(f"{name} does not provide its edges as a function of the genes")
    if weights is None:
        raise NotApplicableError(f"the fit of {name} has no weights.npz; rerun the fit")
    return make(adata, params, weights, pairs)
