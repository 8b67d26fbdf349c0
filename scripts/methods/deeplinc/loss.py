"""The loss of a graph autoencoder over all pairs of cells, without n x n arrays."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import softplus


def _block_rows(n: int, device: torch.device) -> int:
    """Rows of a block: with its n columns it fills a core's cache, or half a gigabyte on a GPU."""
    values = 2**27 if device.type == "cuda" else 2**20
    return min(n, max(16, values // n))


class _SoftplusOfAllPairs(torch.autograd.Function):
    """Sum of softplus(z_i . z_j) over all i, j; the gradient is computed in the same pass.

    A block of rows covers only the columns from its first row on: the others are the transpose of
    earlier blocks. Without ``valued`` the sum is NaN.
    """

    @staticmethod
    def forward(ctx: Any, z: Tensor, rows: int, valued: bool) -> Tensor:
        n = len(z)
        total = torch.zeros((), dtype=torch.float64, device=z.device)
        gradient = torch.zeros_like(z) if ctx.needs_input_grad[0] else None
        buffers = z.new_empty(2, rows * n)
        for start in range(0, n, rows):
            stop = min(start + rows, n)
            here, ahead, size = z[start:stop], z[start:], stop - start
            logits, scratch = (part[: size * (n - start)].view(size, -1) for part in buffers)
            torch.mm(here, ahead.t(), out=logits)
            if valued:
                torch.clamp(logits, min=0, out=scratch)
                total += 2 * scratch.sum() - scratch[:, :size].sum()
                torch.abs(logits, out=scratch).neg_().exp_().log1p_()
                total += 2 * scratch.sum() - scratch[:, :size].sum()
            if gradient is not None:
                slope = logits.sigmoid_()
                gradient[start:stop].addmm_(slope, ahead, alpha=2)
                gradient[stop:].addmm_(slope[:, size:].t(), here, alpha=2)
        ctx.gradient = gradient
        return total.to(z.dtype) if valued else z.new_tensor(torch.nan)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        return ctx.gradient * gradient, None, None


def link_weights(n: int, links: int) -> tuple[float, float]:
    """Weight of a linked pair, and of the whole loss, for n cells and undirected links.

    Loops do not count as links here, although they do in the loss.
    """
    apart = n * n - 2 * links
    return apart / (2 * links), n * n / (2 * apart)


def all_pairs_link_loss(
    z: Tensor, links: Tensor, rows: int | None = None, *, valued: bool = True
) -> Tensor:
    """Weighted cross-entropy of links against the logits z_i . z_j, over all ordered pairs.

    Every cell counts as linked to itself. Loss and gradient are exact, memory is linear in n, time
    n^2 d. (Kipf and Welling 2016; DeepLinc.)

    Args:
        z: (n, d).
        links: (m, 2) undirected links, each once.
        rows: rows of a block; chosen from n when None.
        valued: compute the loss itself. Without it the loss is NaN and its gradient is the same,
            in two thirds of the time.
    """
    n = len(z)
    weight, norm = link_weights(n, len(links))
    among = (z.index_select(0, links[:, 0]) * z.index_select(0, links[:, 1])).sum(dim=1)

    def linked(logits: Tensor) -> Tensor:
        # The loss of a linked pair minus the softplus of its logit.
        return ((weight - 1) * softplus(-logits) - logits).sum()

    everything = _SoftplusOfAllPairs.apply(z, rows or _block_rows(n, z.device), valued)
    total = everything + 2 * linked(among) + linked(z.square().sum(dim=1))
    return total * (norm / (n * n))
