"""NT-Xent against a sample of the cells: linear time, for 100 000 cells and more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

_VALUES_AT_ONCE = {"cpu": 2**20, "cuda": 2**27}


class _LogSums(torch.autograd.Function):
    """log of the sum of exp(a_i . b_j) over all j except ``own_i``, in blocks of rows."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, own: Tensor) -> Tensor:
        sums = a.new_empty(len(a))
        for here, block in _blocks(a, b, own):
            sums[here] = block.sum(1)
        logs = sums.log_()
        ctx.save_for_backward(a, b, own, logs)
        return logs

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:  # type: ignore[override]
        a, b, own, logs = ctx.saved_tensors
        to_a, to_b = torch.empty_like(a), torch.zeros_like(b)
        weight = (gradient * (-logs).exp()).unsqueeze(1)
        for here, block in _blocks(a, b, own):
            block.mul_(weight[here])
            torch.mm(block, b, out=to_a[here])
            to_b.addmm_(block.t(), a[here])
        return to_a, to_b, None


def _blocks(a: Tensor, b: Tensor, own: Tensor) -> Iterator[tuple[slice, Tensor]]:
    rows = max(64, _VALUES_AT_ONCE.get(a.device.type, 2**20) // len(b))
    buffer = a.new_empty(min(rows, len(a)), len(b))
    for start in range(0, len(a), rows):
        here = slice(start, min(start + rows, len(a)))
        block = buffer[: here.stop - start]
        torch.mm(a[here], b.t(), out=block).exp_()
        inside = torch.nonzero(own[here] >= 0).squeeze(1)
        block[inside, own[here][inside]] = 0
        yield here, block


def estimated_log_sums(a: Tensor, b: Tensor, sample: Tensor) -> Tensor:
    """log of the sum of exp(a_i . b_j) over all j != i, from the sampled j, for every i.

    The sum is an unbiased estimate where the sample is uniform without replacement.

    Args:
        a, b: (n, d).
        sample: (m,) different cells, 2 <= m <= n; with all n of them the sums are exact.
    """
    n, m = len(a), len(sample)
    own = sample.new_full((n,), -1)
    own[sample] = torch.arange(m, device=sample.device)
    others = (m - (own >= 0).to(a.dtype)).div_(n - 1)
    return _LogSums.apply(a, b[sample], own) - others.log_()


def sampled_nt_xent(z1: Tensor, z2: Tensor, temperature: float, sample: Tensor) -> Tensor:
    """NT-Xent (STAGUE, step 8) whose negatives are the cells of ``sample``, in rows and columns.

    Because it is the logarithm of an unbiased estimate, it is slightly below the exact loss on
    average, by about half the relative variance of a sum.

    Args:
        z1, z2: (n, d).
        sample: (m,) cells, as in ``estimated_log_sums``.
    """
    a = torch.nn.functional.normalize(z1, dim=1) / temperature
    b = torch.nn.functional.normalize(z2, dim=1)
    logs = estimated_log_sums(a, b, sample) + estimated_log_sums(b, a, sample)
    return logs.mean() / 2 - (a * b).sum(1).mean()
