"""Contrastive losses without n x n tensors: NT-Xent by tiles, cosines of edges."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

import torch
from torch import Tensor

from stbench.common.errors import one_line
from stbench.nn.gcn import EdgePattern

_NORM_EPS = 1e-8


_WIDE = 8192  # number of cells from which columns are tiled as well
_FUSED_COLUMNS = 128  # of projections that the kernels in Triton are for


def _tile(n: int, device: torch.device) -> tuple[int, int]:
    """Rows and columns of a tile: it fills a core's cache, or half a gigabyte on a GPU."""
    if device.type == "cuda":
        return min(n, max(64, 2**27 // n)), n
    if n <= _WIDE:
        return min(n, max(64, 2**20 // n)), n
    return 256, 4096


class _Tiles:
    """exp(a b^T) with a zero diagonal, one tile at a time in one buffer."""

    def __init__(self, a: Tensor, b: Tensor, tile: tuple[int, int]) -> None:
        self.a, self.b, self.tile = a, b, tile
        self.buffer = a.new_empty(tile[0] * tile[1])

    def __iter__(self) -> Iterator[tuple[slice, slice, Tensor, Tensor | None]]:
        """Rows, columns, the tile, and its part of the diagonal, if any."""
        n, (rows, columns) = len(self.a), self.tile
        for top in range(0, n, rows):
            here = slice(top, min(top + rows, n))
            for left in range(0, n, columns):
                there = slice(left, min(left + columns, n))
                shape = here.stop - top, there.stop - left
                block = self.buffer[: shape[0] * shape[1]].view(shape)
                torch.mm(self.a[here], self.b[there].t(), out=block)
                block.exp_()
                first, end = max(top, left), min(here.stop, there.stop)
                diagonal = None
                if first < end:
                    diagonal = block[first - top : end - top, first - left : end - left].diagonal()
                    diagonal.zero_()
                yield here, there, block, diagonal


class _NTXent(torch.autograd.Function):
    """Mean over i of the losses of row i and column i of exp(a b^T), halved."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, tile: tuple[int, int]) -> Tensor:
        row_sums, column_sums = a.new_zeros(len(a)), a.new_zeros(len(a))
        for here, there, block, _ in _Tiles(a, b, tile):
            row_sums[here] += block.sum(1)
            column_sums[there] += block.sum(0)
        ctx.tile = tile
        ctx.save_for_backward(a, b, row_sums, column_sums)
        positive = (a * b).sum(1)
        return (row_sums.log() + column_sums.log() - 2 * positive).mean() / 2

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:  # type: ignore[override]
        a, b, row_sums, column_sums = ctx.saved_tensors
        by_row, by_column = row_sums.reciprocal().unsqueeze(1), column_sums.reciprocal()
        to_a, to_b = torch.zeros_like(a), torch.zeros_like(b)
        weights = a.new_empty(ctx.tile[0] * ctx.tile[1])
        for here, there, block, diagonal in _Tiles(a, b, ctx.tile):
            weight = weights[: block.numel()].view(block.shape)
            torch.add(by_row[here], by_column[there], out=weight)
            block.mul_(weight)
            if diagonal is not None:
                diagonal.fill_(-2.0)
            to_a[here].addmm_(block, b[there])
            to_b[there].addmm_(block.t(), a[here])
        scale = gradient / (2 * len(a))
        return to_a.mul_(scale), to_b.mul_(scale), None


def nt_xent(
    z1: Tensor,
    z2: Tensor,
    temperature: float,
    batch: int = 0,
    tile: tuple[int, int] | None = None,
    on_cuda: str = "ieee",
) -> Tensor:
    """NT-Xent loss between two views of the same cells, with exact gradients (STAGUE, step 8).

    For cell i: -log(e_ii / (sum_j e_ij - e_ii)), e = exp(cosine(z1_i, z2_j) / temperature),
    averaged over rows and over columns, halved. Memory is linear in n: a tile is computed once for
    the sums and once more for the gradients.

    Args:
        z1, z2: (n, d).
        batch: 0, or consecutive batches of this many cells whose negatives are those of the batch
            (losses weighted by batch size; a last batch of one cell has no negatives and adds 0).
        tile: rows and columns of a tile; chosen from n when None.
        on_cuda: ``tiles``, or the ``Precision`` of the fused loss for float32 on a CUDA device;
            tiles are used where Triton is not available or the projections are too wide for it.
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
            if on_cuda != "tiles" and _can_be_fused(a):
                from methods.stague.fused_contrastive import FusedNTXent

                loss = FusedNTXent.apply(a_part, b_part, on_cuda)
            else:
                loss = _NTXent.apply(a_part, b_part, tile or _tile(size, a.device))
            total = total + loss * (size / n)
    return total


def _can_be_fused(a: Tensor) -> bool:
    fits = a.dtype == torch.float32 and a.shape[1] <= _FUSED_COLUMNS
    return a.is_cuda and fits and _triton_works()


@cache
def _triton_works() -> bool:
    """Whether the kernels can be compiled and run; a warning says why they cannot."""
    try:
        from methods.stague.fused_contrastive import FusedNTXent
    except ImportError:
        return False
    try:
        cells = torch.eye(2, 16, device="cuda", requires_grad=True)
        FusedNTXent.apply(cells, cells, "ieee").backward()
    except Exception as error:  # a compiler, headers of Python or the driver may be missing
        warnings.warn(f"the fused NT-Xent does not run: {one_line(error)}", stacklevel=2)
        return False
    return True


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
        # Through the norms: a cell of norm 0 has gradient 0, as in torch.
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
