"""Graph transformer layer with one head (Shi et al., IJCAI 2021), on a symmetric edge pattern."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from stbench.nn.gcn import EdgePattern, propagate


class _EdgeDot(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, pattern: EdgePattern, left: Tensor, right: Tensor) -> Tensor:
        ctx.pattern = pattern
        ctx.save_for_backward(left, right)
        return pattern.dot(left, right)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor, Tensor]:  # type: ignore[override]
        left, right = ctx.saved_tensors
        pattern = ctx.pattern
        gradient = gradient.contiguous()
        return (
            None,
            pattern.torch(gradient) @ right,
            pattern.torch(gradient[pattern.reverse]) @ left,
        )


def edge_dot(pattern: EdgePattern, left: Tensor, right: Tensor) -> Tensor:
    """left[target] . right[source] for every entry of the pattern, with gradients to both.

    Args:
        left, right: (n, d).

    Returns:
        (entries,).
    """
    return _EdgeDot.apply(pattern, left, right)


def neighbor_softmax(pattern: EdgePattern, scores: Tensor) -> Tensor:
    """Softmax of (entries,) scores over each cell's neighbors; the loops get 0.

    A cell without neighbors gets only zeros.
    """
    scores = scores.masked_fill(pattern.loop, -math.inf)
    lowest = torch.finfo(scores.dtype).min
    largest = scores.new_full((pattern.n,), lowest).scatter_reduce(
        0, pattern.target, scores.detach(), "amax"
    )
    weights = torch.exp(scores - largest[pattern.target])
    total = weights.new_zeros(pattern.n).index_add(0, pattern.target, weights)
    # A cell's total is at least 1, its largest weight, unless it has no neighbor.
    return weights / total.clamp_min(0.5)[pattern.target]


class TransformerConv(nn.Module):
    """skip(x_i) + the attention-weighted mean of value(x_j) over the neighbors j of i.

    Weights are softmax_j(query(x_i) . key(x_j) / sqrt(outputs)). All four maps have biases. A cell
    is not its own neighbor; a cell without neighbors keeps only the skip term.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.lin_key = nn.Linear(inputs, outputs)
        self.lin_query = nn.Linear(inputs, outputs)
        self.lin_value = nn.Linear(inputs, outputs)
        self.lin_skip = nn.Linear(inputs, outputs)
        self.scale = 1 / math.sqrt(outputs)
        # PyTorch Geometric's layer draws its weights twice: the same seed gives the same weights.
        for linear in (self.lin_key, self.lin_query, self.lin_value, self.lin_skip):
            linear.reset_parameters()

    def attention(self, x: Tensor, pattern: EdgePattern) -> Tensor:
        """(entries,) weight of each message; they sum to 1 over the neighbors of a cell."""
        scores = edge_dot(pattern, self.lin_query(x) * self.scale, self.lin_key(x))
        return neighbor_softmax(pattern, scores)

    def forward(self, x: Tensor, pattern: EdgePattern) -> Tensor:
        """(n, inputs) -> (n, outputs)."""
        messages = propagate(pattern, self.attention(x, pattern), self.lin_value(x))
        return self.lin_skip(x) + messages
