"""DeepLinc: the loss over all pairs of cells, in row blocks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from methods.deeplinc.graph import adjacency, short_links
from methods.deeplinc.loss import all_pairs_link_loss, link_weights


@pytest.mark.parametrize("rows", [1, 7, 16, 60, None])
def test_all_pairs_loss_against_the_dense_one(rows: int | None) -> None:
    rng = np.random.default_rng(3)
    links, _ = short_links(rng.uniform(0, 1, (60, 2)), 3, 0.98)
    code = torch.from_numpy(rng.normal(0, 1.5, (60, 4))).requires_grad_()
    truth = torch.from_numpy(adjacency(links, 60, loops=True).toarray())
    weight, norm = link_weights(60, len(links))
    assert weight == (3600 - 2 * len(links)) / (2 * len(links))
    dense = norm * binary_cross_entropy_with_logits(
        code @ code.t(), truth, pos_weight=torch.tensor(weight, dtype=torch.float64)
    )
    blocks = all_pairs_link_loss(code, torch.from_numpy(links), rows)
    theirs, ours = (torch.autograd.grad(loss, code)[0] for loss in (dense, blocks))
    assert blocks.item() == pytest.approx(dense.item(), rel=1e-12)
    assert torch.allclose(ours, theirs, rtol=1e-10, atol=1e-14)
    with torch.no_grad():
        assert all_pairs_link_loss(code, torch.from_numpy(links), rows).item() == blocks.item()
    without = all_pairs_link_loss(code, torch.from_numpy(links), rows, valued=False)
    assert without.isnan()
    assert torch.equal(torch.autograd.grad(without, code)[0], ours)


def test_all_pairs_loss_of_huge_logits() -> None:
    code = torch.tensor([[60.0, 0], [60, 0], [-60, 0], [0, 1]], requires_grad=True)
    loss = all_pairs_link_loss(code, torch.tensor([[0, 1]]))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(code.grad).all()
