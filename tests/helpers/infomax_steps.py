"""A few training steps of a Deep Graph Infomax model with the random choices of a reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from helpers.reference_file import Reference
from stbench.nn.infomax import Infomax, contrast

FORWARD = ("pos_z", "neg_z", "summary", "pos_logit", "neg_logit")
FORWARD += ("loss_pos", "loss_neg", "loss_total", "losses")


def train_as_recorded(
    model: Infomax, reference: Reference, names: Mapping[str, str], lr: float
) -> dict[str, Any]:
    """Load ``w.*``, train a step for each row of ``perms``; return values named as in the file.

    Args:
        names: for each of our parameters, its name in the file.
    """
    assert set(names) == set(model.state_dict())
    start = {ours: torch.from_numpy(reference[f"w.{theirs}"]) for ours, theirs in names.items()}
    model.load_state_dict(start)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    seen: dict[str, Any] = {}
    losses = []
    for step, permutation in enumerate(reference["perms"]):
        views = model.encoder.views(torch.from_numpy(permutation.astype(np.int64)))
        logits = model.logits(*views)
        parts = contrast(*logits)
        total = parts[0] + parts[1]
        losses.append([parts[0].item(), parts[1].item(), total.item()])
        optimizer.zero_grad()
        total.backward()
        if step == 0:
            seen["pos_z"], seen["neg_z"] = views
            seen["pos_logit"], seen["neg_logit"] = logits
            seen["summary"] = torch.sigmoid(views[0].mean(dim=0))
            seen["loss_pos"], seen["loss_neg"], seen["loss_total"] = (*parts, total)
            seen |= {f"g.{names[key]}": p.grad.clone() for key, p in model.named_parameters()}
        optimizer.step()
    seen["losses"] = np.array(losses)
    for ours, theirs in names.items():
        after = model.state_dict()[ours].numpy()
        seen[f"w_after.{theirs}"] = after
        seen[f"step.{theirs}"] = after.astype(np.float64) - reference[f"w.{theirs}"]
    seen["embedding"] = model.encoder().detach()
    return seen
