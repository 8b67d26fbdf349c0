"""Inputs of the kernels of NT-Xent, and their exact result."""

from __future__ import annotations

import torch
from torch import Tensor

from methods.stague.contrastive import _NTXent, _tile


def views(n: int, d: int, device: str = "cpu") -> tuple[Tensor, Tensor]:
    """Two similar unit vectors for each cell (n, d) float32; the first divided by 0.3."""
    generator = torch.Generator().manual_seed(n)
    z1, z2 = torch.randn(2, n, d, generator=generator)
    a, b = torch.nn.functional.normalize(z1) / 0.3, torch.nn.functional.normalize(z1 + z2)
    return a.to(device).requires_grad_(), b.to(device).requires_grad_()


def exact(a: Tensor, b: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Loss and gradients of views by the tiles of torch, in float64 on the CPU."""
    a, b = (z.detach().cpu().double().requires_grad_() for z in (a, b))
    loss = _NTXent.apply(a, b, _tile(len(a), a.device))
    return loss.detach(), torch.autograd.grad(loss, (a, b))


def relative_error(ours: Tensor, exact: Tensor) -> float:
    """Norm of the difference in relation to the norm of the exact values."""
    return ((ours.detach().cpu().double() - exact).norm() / exact.norm()).item()
