"""Graph convolution on a fixed edge pattern, with gradients through the edge weights.

A pattern is symmetric and holds every cell's loop, so one vector of values over its entries
represents any graph on it, and the transposed matrix is a permutation of values.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn

warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta state")


@dataclass(frozen=True)
class EdgePattern:
    """Entries (target, source) of a symmetric n x n pattern with loops, in CSR order.

    Attributes:
        n: number of cells.
        start: (n + 1,) first entry of each target row.
        target, source: (entries,) cells of each entry; messages flow from source to target.
        reverse: (entries,) the entry of the opposite direction.
        loop: (entries,) bool, the entries (i, i).
    """

    n: int
    start: Tensor
    target: Tensor
    source: Tensor
    reverse: Tensor
    loop: Tensor

    @classmethod
    def from_pairs(
        cls, pairs: np.ndarray, n: int, device: torch.device | str = "cpu"
    ) -> EdgePattern:
        """Pattern of the undirected pairs (m, 2), both directions and all loops."""
        cells = np.arange(n)
        rows = np.concatenate([pairs[:, 0], pairs[:, 1], cells])
        columns = np.concatenate([pairs[:, 1], pairs[:, 0], cells])
        matrix = sp.csr_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(n, n))
        matrix.sum_duplicates()
        numbered = sp.csr_matrix(
            (np.arange(matrix.nnz), matrix.indices, matrix.indptr), shape=(n, n)
        )
        reverse = numbered.T.tocsr()
        reverse.sort_indices()
        target = np.repeat(cells, np.diff(matrix.indptr))

        def tensor(values: np.ndarray) -> Tensor:
            return torch.from_numpy(values.astype(np.int64)).to(device)

        source = tensor(matrix.indices)
        return cls(
            n=n,
            start=tensor(matrix.indptr),
            target=tensor(target),
            source=source,
            reverse=tensor(reverse.data),
            loop=tensor(target) == source,
        )

    def spread(self, pairs: np.ndarray, values: np.ndarray) -> Tensor:
        """Values of undirected pairs (m, 2), all in the pattern, on its entries; 0 elsewhere."""
        spread = np.zeros(len(self.source), dtype=np.float32)
        for ends in (pairs, pairs[:, ::-1]):
            spread[self.entries(ends)] = values
        return torch.from_numpy(spread).to(self.start.device)

    def entries(self, pairs: np.ndarray) -> np.ndarray:
        """The entry (i, j) of every pair (m, 2).

        Raises:
            ValueError: a pair is not in the pattern.
        """
        keys = self.target.cpu().numpy() * self.n + self.source.cpu().numpy()
        wanted = pairs[:, 0].astype(np.int64) * self.n + pairs[:, 1]
        positions = np.searchsorted(keys, wanted)
        missing = keys.take(positions, mode="clip") != wanted
        if missing.any():
            raise ValueError(f"the pair {tuple(pairs[missing][0])} is not in the pattern")
        return positions

    def scipy(self, values: Tensor, kept: Tensor) -> sp.csr_matrix:
        """The matrix of ``values`` on the entries where ``kept`` is true, zeros included."""
        rows, columns = self.target[kept].cpu().numpy(), self.source[kept].cpu().numpy()
        start = np.searchsorted(rows, np.arange(self.n + 1))
        data = values.detach()[kept].cpu().numpy()
        return sp.csr_matrix((data, columns, start), shape=(self.n, self.n))

    def torch(self, values: Tensor) -> Tensor:
        """The pattern with ``values`` as a torch CSR matrix."""
        return torch.sparse_csr_tensor(
            self.start, self.source, values, (self.n, self.n), check_invariants=False
        )

    def sum(self, values: Tensor, features: Tensor) -> Tensor:
        """Row i: the sum of ``values`` times the features (n, d) over the entries (i, j)."""
        # In place: otherwise torch copies the summand first, which costs as much as the product.
        total = features.new_zeros(self.n, features.shape[1])
        return total.addmm_(self.torch(values), features, beta=0.0)

    def dot(self, left: Tensor, right: Tensor) -> Tensor:
        """left[target] . right[source] for every entry, without gathering the rows."""
        zero = self.torch(left.new_zeros(len(self.source)))
        return torch.sparse.sampled_addmm(zero, left, right.t(), beta=0.0).values()


class _Propagate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, pattern: EdgePattern, values: Tensor, features: Tensor) -> Tensor:
        ctx.pattern = pattern
        ctx.save_for_backward(values, features)
        return pattern.sum(values, features)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor | None, Tensor | None]:  # type: ignore[override]
        values, features = ctx.saved_tensors
        pattern = ctx.pattern
        gradient = gradient.contiguous()
        to_values = pattern.dot(gradient, features) if ctx.needs_input_grad[1] else None
        to_features = (
            pattern.sum(values[pattern.reverse], gradient) if ctx.needs_input_grad[2] else None
        )
        return None, to_values, to_features


def propagate(pattern: EdgePattern, values: Tensor, features: Tensor) -> Tensor:
    """Sum over sources: out[target] = sum of values * features[source]; exact gradients.

    Args:
        values: (entries,) weights in the pattern's order.
        features: (n, d).
    """
    return _Propagate.apply(pattern, values, features)


def normalize(pattern: EdgePattern, weights: Tensor) -> Tensor:
    """D^-1/2 W D^-1/2 with the weighted in-degree D; cells without edges stay zero."""
    degree = weights.new_zeros(pattern.n).index_add(0, pattern.target, weights)
    empty = degree <= 0
    scale = torch.where(empty, torch.zeros_like(degree), degree.masked_fill(empty, 1.0).rsqrt())
    by_target, by_source = (scale.index_select(0, end) for end in (pattern.target, pattern.source))
    return by_target * weights * by_source


def gcn_normalize(pattern: EdgePattern, weights: Tensor) -> Tensor:
    """``normalize`` with a loop of weight 1 for every cell (Kipf and Welling, 2017)."""
    return normalize(pattern, weights.masked_fill(pattern.loop, 1.0))


class GraphConv(nn.Module):
    """Graph convolution with bias: propagate linearly mapped features; Glorot initialization."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.lin = nn.Linear(inputs, outputs, bias=False)
        self.bias = nn.Parameter(torch.zeros(outputs))
        bound = math.sqrt(6 / (inputs + outputs))
        nn.init.uniform_(self.lin.weight, -bound, bound)

    def forward(
        self,
        features: Tensor,
        graph: tuple[EdgePattern, Tensor] | None,
        columns: Tensor | None = None,
    ) -> Tensor:
        """(n, inputs) -> (n, outputs).

        Args:
            graph: pattern and values from ``gcn_normalize``; None: the graph of loops only.
            columns: input columns that ``features`` holds, all others are zero; None: all.
        """
        weight = self.lin.weight if columns is None else self.lin.weight.index_select(1, columns)
        if graph is None:
            return nn.functional.linear(features, weight, self.bias)
        return propagate(*graph, nn.functional.linear(features, weight)).add_(self.bias)
