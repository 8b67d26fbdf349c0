"""Blocked NT-Xent and edge cosines against dense formulas, values and gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from methods.stague.contrastive import _tile, edge_cosine, nt_xent
from stbench.nn.gcn import EdgePattern


def dense_nt_xent(z1: torch.Tensor, z2: torch.Tensor, temperature: float) -> torch.Tensor:
    """The formula of the paper on the full n x n matrix."""
    cosine = z1 @ z2.T / (z1.norm(dim=1)[:, None] * z2.norm(dim=1)[None])
    e = torch.exp(cosine / temperature)
    own = e.diagonal()
    rows = -torch.log(own / (e.sum(1) - own)).mean()
    columns = -torch.log(own / (e.sum(0) - own)).mean()
    return (rows + columns) / 2


def views(n: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    z1, z2 = torch.randn(2, n, 5, generator=generator, dtype=torch.float64)
    return z1.requires_grad_(), (z1.detach() + z2).requires_grad_()


@pytest.mark.parametrize(
    "tile", [(1, 23), (4, 23), (7, 5), (16, 7), (5, 16), (23, 23), (64, 64), (1, 1), None]
)
def test_tiles_equal_the_dense_formula(tile: tuple[int, int] | None) -> None:
    z1, z2 = views(23)
    ours = nt_xent(z1, z2, 0.3, tile=tile)
    gradients = torch.autograd.grad(3 * ours, (z1, z2))
    theirs = dense_nt_xent(z1, z2, 0.3)
    expected = torch.autograd.grad(3 * theirs, (z1, z2))
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=0)
    torch.testing.assert_close(gradients, expected, rtol=1e-10, atol=1e-14)


def test_low_temperature_does_not_cancel() -> None:
    """At a temperature of .02 own pairs are e^50: subtracting them from a sum would lose digits."""
    z1, z2 = views(40)
    z2 = z1.detach()
    exact = dense_nt_xent(z1, z2, 0.02).item()
    assert nt_xent(z1.float(), z2.float(), 0.02).item() == pytest.approx(exact, rel=1e-5)


@pytest.mark.parametrize(("n", "batch"), [(20, 5), (23, 5), (21, 5), (20, 50)])
def test_batches_have_their_own_negatives(n: int, batch: int) -> None:
    z1, z2 = views(n)
    ours = nt_xent(z1, z2, 0.3, batch)
    parts = [slice(start, min(start + batch, n)) for start in range(0, n, batch)]
    theirs = sum(
        dense_nt_xent(z1[part], z2[part], 0.3) * (part.stop - part.start) / n
        for part in parts
        if part.stop - part.start > 1  # a batch of one cell has no negatives
    )
    torch.testing.assert_close(ours, theirs)
    expected = torch.autograd.grad(theirs, (z1, z2))
    torch.testing.assert_close(torch.autograd.grad(ours, (z1, z2)), expected)


@pytest.fixture
def pattern() -> EdgePattern:
    rng = np.random.default_rng(1)
    return EdgePattern.from_pairs(np.argwhere(np.triu(rng.random((12, 12)) < 0.3, 1)), 12)


def dense_cosine(pattern: EdgePattern, h: torch.Tensor) -> torch.Tensor:
    norm = h.norm(dim=1)
    cosine = (h @ h.T) / (norm[:, None] * norm[None] + 1e-8)
    return cosine[pattern.target, pattern.source]


@pytest.mark.parametrize("scale", [1.0, 1e-4])
def test_edge_cosine_values_and_gradients(pattern: EdgePattern, scale: float) -> None:
    """The small scale makes the 1e-8 that is added to the norms matter."""
    h = (torch.randn(12, 4, dtype=torch.float64) * scale).requires_grad_()
    weights = torch.randn(len(pattern.source), dtype=torch.float64)  # differs by direction
    ours, theirs = edge_cosine(pattern, h), dense_cosine(pattern, h)
    torch.testing.assert_close(ours, theirs)
    (gradient,) = torch.autograd.grad(ours @ weights, h)
    (expected,) = torch.autograd.grad(theirs @ weights, h)
    torch.testing.assert_close(gradient, expected, rtol=1e-8, atol=1e-8)


def test_edge_cosine_is_equal_in_both_directions(pattern: EdgePattern) -> None:
    cosine = edge_cosine(pattern, torch.randn(12, 4))
    assert torch.equal(cosine, cosine[pattern.reverse])


def test_a_cell_without_features_gives_no_nan(pattern: EdgePattern) -> None:
    h = torch.randn(12, 4)
    h[0] = 0
    h.requires_grad_()
    cosine = edge_cosine(pattern, h)
    assert (cosine[pattern.target == 0] == 0).all()
    cosine.sum().backward()
    assert torch.isfinite(h.grad).all()


@pytest.mark.parametrize(
    ("device", "n", "tile"),
    [
        ("cpu", 100, (100, 100)),
        ("cpu", 8192, (128, 8192)),
        ("cpu", 8193, (256, 4096)),
        ("cuda", 100, (100, 100)),
        ("cuda", 100_000, (1342, 100_000)),
        ("cuda", 3_000_000, (64, 3_000_000)),
    ],
)
def test_a_tile_holds_a_million_values_or_half_a_gigabyte(device, n, tile) -> None:
    assert _tile(n, torch.device(device)) == tile
