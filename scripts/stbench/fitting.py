"""What a method returns, and how its epochs are observed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp

Recorder = Callable[[int, np.ndarray], None]
"""``record(epoch, embedding)``: epoch 0 is the evaluation pass before the first training step,
epochs count from 1 after that; ``embedding`` is (n_cells, d)."""


@dataclass(frozen=True)
class Fit:
    """The result of one method on one dataset with one seed.

    Exactly one of ``embedding`` and ``labels`` is needed; both may be given.

    Attributes:
        embedding: (n_cells, d) float32, rows in the order of the input cells.
        labels: (n_cells,) integers, for methods that cluster by themselves (clusterer ``own``).
        adj_raw: (n_cells, n_cells) sparse learned cell graph, its scores as they are.
        adj_normalized: the same, symmetrically normalised.
        info: small facts worth keeping with the fit (plain numbers and strings).
    """

    embedding: np.ndarray | None = None
    labels: np.ndarray | None = None
    adj_raw: sp.csr_matrix | None = None
    adj_normalized: sp.csr_matrix | None = None
    info: Mapping[str, Any] | None = None


class Method(Protocol):
    """The one function every file in ``scripts/methods/`` defines."""

    def fit(
        self,
        adata: Any,
        n_domains: int,
        seed: int,
        device: str,
        params: Mapping[str, Any],
        record: Recorder,
    ) -> Fit: ...
