"""NT-Xent in Triton, for CUDA: tiles of the n x n matrix exist in registers only.

With e_ij = exp(a_i . b_j), and e_ii left out, the loss needs the sums of e by row (R) and by column
(C), and the gradient of a is the sum over j of e_ij (1/R_i + 1/C_j) b_j - 2 b_i. The first kernel
computes both sums in one pass. The second computes the tiles again for the gradient of a; with the
two views exchanged it gives the gradient of b. That is five matrix products instead of the three of
the formulas, and no sum has an order that depends on timing: the same input gives the same bytes.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
import triton
import triton.language as tl
from torch import Tensor

# How products of float32 are computed: in float32, as three products of TF32 (nearly as exact), or
# as one product of TF32, whose factors have 11 significant bits. Sums are float32 always.
Precision = Literal["ieee", "tf32x3", "tf32"]

# Rows and columns of a tile. With projections of 64 columns and these, ptxas spills no register on
# an H100, and 99 kB of shared memory suffice. Larger ones do not fit, or spill.
_TILES: dict[str, tuple[int, int]] = {"ieee": (64, 32), "tf32x3": (128, 32), "tf32": (128, 64)}
_MAX_STRIPS = 528  # programs of the first pass, four for each multiprocessor of an H100


class FusedNTXent(torch.autograd.Function):
    """Mean over i of the losses of row i and column i of exp(a b^T), halved.

    ``apply(a, b, precision)`` takes float32 tensors (n, d) with n of 2 or more and d of 128 or
    less; more does not fit the shared memory. Memory besides them and their gradients: 4 bytes a
    cell for each strip of rows, at most 2.1 kB a cell.
    """

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, precision: Precision) -> Tensor:
        a, b = a.contiguous(), b.contiguous()
        row_sums, column_sums = _sums(a, b, precision)
        ctx.precision = precision
        ctx.save_for_backward(a, b, row_sums, column_sums)
        positive = (a * b).sum(1)
        return (row_sums.log() + column_sums.log() - 2 * positive).mean() / 2

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:  # type: ignore[override]
        a, b, row_sums, column_sums = ctx.saved_tensors
        by_row, by_column = row_sums.reciprocal(), column_sums.reciprocal()
        scale = gradient / (2 * len(a))
        to_a = _weighted_sums(a, b, by_row, by_column, ctx.precision)
        to_b = _weighted_sums(b, a, by_column, by_row, ctx.precision)
        return to_a.mul_(scale), to_b.mul_(scale), None


def strips(n: int, rows: int) -> tuple[int, int]:
    """Number of strips in the first pass, and blocks of so many rows in each but the last."""
    blocks = triton.cdiv(n, rows)
    in_each = triton.cdiv(blocks, _MAX_STRIPS)
    return triton.cdiv(blocks, in_each), in_each


def _sums(a: Tensor, b: Tensor, precision: Precision) -> tuple[Tensor, Tensor]:
    """Sums of e by row and by column, (n,) each."""
    n, options = len(a), launch_options(a.shape[1], precision)
    n_strips, blocks = strips(n, options["ROWS"])
    row_sums, strip_sums = a.new_empty(n), a.new_empty(n_strips, n)
    _sum_kernel[(n_strips,)](a, b, row_sums, strip_sums, n, blocks, **options)
    return row_sums, strip_sums.sum(0)


def _weighted_sums(
    a: Tensor, b: Tensor, by_row: Tensor, by_column: Tensor, precision: Precision
) -> Tensor:
    """Row i: the sum over j of b_j times the derivative of the summed losses by a_i . b_j."""
    total, options = torch.empty_like(a), launch_options(a.shape[1], precision)
    grid = (triton.cdiv(len(a), options["ROWS"]),)
    _gradient_kernel[grid](a, b, by_row, by_column, total, len(a), **options)
    return total


def launch_options(d: int, precision: Precision) -> dict[str, Any]:
    """Constants of both kernels, and their number of warps, for projections of d columns."""
    rows, columns = _TILES[precision]
    return {
        "D": d,
        "WIDTH": max(16, triton.next_power_of_2(d)),
        "ROWS": rows if d <= 64 else 64,
        "COLUMNS": columns,
        "PRECISION": precision,
        "num_warps": 8,
    }


@triton.jit
def _load_rows(matrix, rows, n, D: tl.constexpr, WIDTH: tl.constexpr):
    """Rows of a matrix (n, D), with zeros beyond the last row and column."""
    columns = tl.arange(0, WIDTH)
    inside = (rows[:, None] < n) & (columns[None, :] < D)
    return tl.load(matrix + rows[:, None] * D + columns[None, :], mask=inside, other=0.0)


@triton.jit
def _sum_kernel(
    a,
    b,
    row_sums,
    strip_sums,
    n,
    blocks,
    D: tl.constexpr,
    WIDTH: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """Row sums, and sums over the rows of a strip for each column; one program for each strip."""
    strip = tl.program_id(0)
    first = strip * blocks
    for block in range(first, min(first + blocks, (n + ROWS - 1) // ROWS)):
        rows = block * ROWS + tl.arange(0, ROWS)
        left = _load_rows(a, rows, n, D, WIDTH)
        of_rows = tl.full((ROWS,), 0.0, tl.float32)
        for start in range(0, n, COLUMNS):
            columns = start + tl.arange(0, COLUMNS)
            of_columns = strip_sums + strip.to(tl.int64) * n + columns
            earlier = (columns < n) & (block > first)
            before = tl.load(of_columns, mask=earlier, other=0.0)
            right = _load_rows(b, columns, n, D, WIDTH)
            e = tl.exp(tl.dot(left, tl.trans(right), input_precision=PRECISION))
            inside = (rows[:, None] < n) & (columns[None, :] < n)
            e = tl.where(inside & (rows[:, None] != columns[None, :]), e, 0.0)
            of_rows += tl.sum(e, 1)
            tl.store(of_columns, before + tl.sum(e, 0), mask=columns < n)
        tl.store(row_sums + rows, of_rows, mask=rows < n)
        tl.debug_barrier()  # the next block reads what other threads of this program wrote


@triton.jit
def _gradient_kernel(
    a,
    b,
    by_row,
    by_column,
    total,
    n,
    D: tl.constexpr,
    WIDTH: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """See ``_weighted_sums``; one program for each block of rows."""
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    left = _load_rows(a, rows, n, D, WIDTH)
    of_rows = tl.load(by_row + rows, mask=rows < n, other=0.0)
    sums = tl.full((ROWS, WIDTH), 0.0, tl.float32)
    for start in range(0, n, COLUMNS):
        columns = start + tl.arange(0, COLUMNS)
        right = _load_rows(b, columns, n, D, WIDTH)  # zeros beyond n: these columns add nothing
        of_columns = tl.load(by_column + columns, mask=columns < n, other=0.0)
        e = tl.exp(tl.dot(left, tl.trans(right), input_precision=PRECISION))
        weights = e * (of_rows[:, None] + of_columns[None, :])
        weights = tl.where(rows[:, None] != columns[None, :], weights, -2.0)
        sums = tl.dot(weights, right, sums, input_precision=PRECISION)
    kept = tl.arange(0, WIDTH)
    inside = (rows[:, None] < n) & (kept[None, :] < D)
    tl.store(total + rows[:, None] * D + kept[None, :], sums, mask=inside)
