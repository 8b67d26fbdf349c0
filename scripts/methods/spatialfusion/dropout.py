"""Dropout with its own random generator."""

from __future__ import annotations

import torch
from torch import Tensor

_LEVELS = 2**16


def dropout(values: Tensor, rate: float, generator: torch.Generator | None) -> Tensor:
    """Set each entry to zero with probability ``rate`` and scale the others by 1 / (1 - rate).

    One random word serves four entries, which is several times as fast as torch's Bernoulli draws
    on a CPU; the probability is exact to 1/65536.

    Args:
        generator: source of the draws; None (evaluation): values are returned unchanged.
    """
    if generator is None or rate == 0:
        return values
    size = values.numel()
    words = torch.empty((size + 3) // 4, dtype=torch.int64, device=values.device)
    words.random_(-(2**63), None, generator=generator)
    kept = words.view(torch.int16)[:size].view(values.shape) >= round(rate * _LEVELS) - _LEVELS // 2
    return values * (kept * (1 / (1 - rate)))
