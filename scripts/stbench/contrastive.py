"""Contrastive losses without n x n tensors: NT-Xent by blocks of rows, cosines along edges."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from stbench.gcn import EdgePattern

_NORM_EPS = 1e-8


def _block_rows(n: int, device: torch.device) -> int:
    """Rows of a block: its n columns fill the cache of a core, or half a gigabyte of a GPU."""
    values = 2**27 if device.type == "cuda" else 2**20
    return min(n, max(64, values // n))


class _RowBlocks:
    """exp(a b^T) with a zero diagonal, one block of rows at a time in one buffer."""

    def __init__(self, a: Tensor, b: Tensor, rows: int) -> None:
        self.a, self.b, self.rows = a, b, rows
        self.buffer = a.new_empty(rows, len(b))

    def __iter__(self) -> Any:
        for start in range(0, len(self.a), self.rows):
            here = slice(start, min(start + self.rows, len(self.a)))
            block = self.buffer[: here.stop - start]
            torch.mm(self.a[here], self.b.t(), out=block)
            block.exp_()
            diagonal = block[:, here].diagonal()
            diagonal.zero_()
            yield here, block, diagonal


class _NTXent(torch.autograd.Function):
    """Mean over i of the losses of row i and column i of exp(a b^T), halved."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, rows: int) -> Tensor:
        row_sums, column_sums = a.new_zeros(len(a)), a.new_zeros(len(a))
        for here, block, _ in _RowBlocks(a, b, rows):
            row_sums[here] = block.sum(1)
            column_sums += block.sum(0)
        ctx.rows = rows
        ctx.save_for_backward(a, b, row_sums, column_sums)
        positive = (a * b).sum(1)
        return (row_sums.log() + column_sums.log() - 2 * positive).mean() / 2

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:  # type: ignore[override]
        a, b, row_sums, column_sums = ctx.saved_tensors
        by_row, by_column = row_sums.reciprocal().unsqueeze(1), column_sums.reciprocal()
        to_a, to_b = torch.empty_like(a), torch.zeros_like(b)
        weight = a.new_empty(ctx.rows, len(b))
        for here, block, diagonal in _RowBlocks(a, b, ctx.rows):
            weight_here = weight[: len(block)]
            torch.add(by_row[here], by_column, out=weight_here)
            block.mul_(weight_here)
            diagonal.fill_(-2.0)
            torch.mm(block, b, out=to_a[here])
            to_b.addmm_(block.t(), a[here])
        scale = gradient / (2 * len(a))
        return to_a.mul_(scale), to_b.mul_(scale), None


def nt_xent(
    z1: Tensor, z2: Tensor, temperature: float, batch: int = 0, rows: int | None = None
) -> Tensor:
    """NT-Xent loss between two views of the same cells, with exact gradients (STAGUE, step 8).

    For cell i: -log(e_ii / (sum_j e_ij - e_ii)), e = exp(cosine(z1_i, z2_j) / temperature),
    averaged over rows and over columns, halved. Memory is linear in n: a block of rows is computed
    once for the sums and once more for the gradients.

    Args:
        z1, z2: (n, d).
        batch: 0, or consecutive batches of this many cells whose negatives lie within the batch
            (losses weighted by batch size; a last batch of one cell has no negatives and adds 0).
        rows: rows of a block; chosen from n when None.
    """
    a = torch.nn.functional.normalize(z1, dim=1) / temperature
    b = torch.nn.functional.normalize(z2, dim=1)
    n = len(a)
    batch = batch if 0 < batch < n else n
    total = a.new_zeros(())
    for start in range(0, n, batch):
        a_part, b_part = a[start : start + batch], b[start : start + batch]
        size = len(a_part)
        if size > 1:
            block = min(size, rows or _block_rows(size, a.device))
            total = total + _NTXent.apply(a_part, b_part, block) * (size / n)
    return total


class _EdgeCosine(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, pattern: EdgePattern, features: Tensor) -> Tensor:
        norm = features.norm(dim=1)
        by_source = norm.index_select(0, pattern.source)
        scale = 1 / (norm.index_select(0, pattern.target) * by_source + _NORM_EPS)
        cosine = pattern.dot(features, features).mul_(scale)
        ctx.pattern = pattern
        ctx.save_for_backward(features, norm, scale, cosine)
        return cosine

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor]:  # type: ignore[override]
        features, norm, scale, cosine = ctx.saved_tensors
        pattern: EdgePattern = ctx.pattern
        both = (gradient + gradient.index_select(0, pattern.reverse)) * scale
        to_features = pattern.sum(both, features)
        # Through the norms: a cell of norm 0 has no direction, its gradient is 0 as in torch.
        by_source = norm.index_select(0, pattern.source)
        to_norm = norm.new_zeros(pattern.n).index_add(0, pattern.target, both * cosine * by_source)
        along = torch.where(norm > 0, to_norm / norm, torch.zeros_like(norm))
        return None, to_features.addcmul_(along.unsqueeze(1), features, value=-1)


def edge_cosine(pattern: EdgePattern, features: Tensor) -> Tensor:
    """Cosine of the two cells' features for every entry of the pattern, exact gradients.

    The product of the norms has 1e-8 added, as in the original.

    Args:
        features: (n, d).

    Returns:
        (entries,), equal for both directions of a pair.
    """
    return _EdgeCosine.apply(pattern, features)
