"""NT-Xent with sampled negatives: exact with all cells, unbiased sums, exact gradients."""

from __future__ import annotations

from itertools import combinations

import pytest
import torch

from methods.stague.contrastive import nt_xent
from methods.stague.sampled_contrastive import _blocks, estimated_log_sums, sampled_nt_xent


def views(n: int, d: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    z1, z2 = torch.randn(2, n, d, generator=generator, dtype=torch.float64)
    return z1.requires_grad_(), (z1.detach() + z2).requires_grad_()


@pytest.mark.parametrize("n", [2, 23, 150])  # 150: several blocks
def test_all_cells_give_the_exact_loss_and_gradients(n: int) -> None:
    z1, z2 = views(n)
    everyone = torch.randperm(n, generator=torch.Generator().manual_seed(1))
    ours, exact = sampled_nt_xent(z1, z2, 0.3, everyone), nt_xent(z1, z2, 0.3)
    torch.testing.assert_close(ours, exact)
    gradients = [torch.autograd.grad(loss, (z1, z2)) for loss in (ours, exact)]
    torch.testing.assert_close(*gradients)


def test_sums_over_samples_are_unbiased() -> None:
    a, b = (z.detach() for z in views(6))
    estimates = [
        estimated_log_sums(a, b, torch.tensor(chosen)).exp() for chosen in combinations(range(6), 3)
    ]
    products = (a @ b.T).exp().fill_diagonal_(0)
    torch.testing.assert_close(torch.stack(estimates).mean(0), products.sum(1))


def test_gradients_of_a_sample_are_those_of_its_formula() -> None:
    z1, z2 = views(9)
    sample = torch.tensor([4, 0, 7])
    assert torch.autograd.gradcheck(lambda x, y: sampled_nt_xent(x, y, 0.5, sample), (z1, z2))


@pytest.mark.parametrize(
    ("cells", "sample", "rows"), [(20_000, 100, [10_485, 9_515]), (100, 40_000, [64, 36])]
)
def test_a_block_holds_a_million_values_or_64_rows(cells: int, sample: int, rows: list) -> None:
    a, b, own = torch.zeros(cells, 1), torch.zeros(sample, 1), torch.full((cells,), -1)
    assert [block.shape for _, block in _blocks(a, b, own)] == [(n, sample) for n in rows]
