"""Adam as TensorFlow computes it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

_BETAS, _EPS = (0.9, 0.999), 1e-8


class TensorFlowAdam(torch.optim.Adam):
    """Adam that adds its epsilon before the second moment is corrected for its start at zero.

    torch adds it afterwards. The first steps differ where gradients are below 1e-5.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float) -> None:
        super().__init__(list(parameters), lr=lr, betas=_BETAS, eps=_EPS, fused=True)
        self.steps = 0

    def step(self, closure: Any = None) -> Any:
        self.steps += 1
        for group in self.param_groups:
            group["eps"] = _EPS / math.sqrt(1 - _BETAS[1] ** self.steps)
        return super().step(closure)
