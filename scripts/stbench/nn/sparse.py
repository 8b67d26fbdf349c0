"""A fixed sparse matrix that multiplies features, with exact gradients to the features."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, matrix: Tensor, transposed: Tensor, features: Tensor) -> Tensor:
        ctx.transposed = transposed
        return matrix @ features

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, None, Tensor]:  # type: ignore[override]
        return None, None, ctx.transposed @ gradient.contiguous()


class SparseMatrix:
    """``matrix @ features`` in torch; the transpose is stored, so both directions go by rows."""

    def __init__(self, matrix: sp.csr_matrix, device: torch.device | str = "cpu") -> None:
        self.forward = _torch_csr(matrix, device)
        self.backward = _torch_csr(matrix.T, device)

    def __matmul__(self, features: Tensor) -> Tensor:
        """(n, d) -> (m, d) for a matrix of m x n."""
        return _Product.apply(self.forward, self.backward, features)


def _torch_csr(matrix: sp.spmatrix, device: torch.device | str) -> Tensor:
    matrix = sp.csr_matrix(matrix, dtype=np.float32)
    matrix.sum_duplicates()
    start = torch.from_numpy(matrix.indptr.astype(np.int64))
    column = torch.from_numpy(matrix.indices.astype(np.int64))
    value = torch.from_numpy(matrix.data)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta state")
        csr = torch.sparse_csr_tensor(start, column, value, matrix.shape, check_invariants=False)
    return csr.to(device)
